"""Claiming: the one transaction that gives a ready task to a worker. The row decides who works.

What becomes of a claim is `store.tasks`' work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Interval,
    Select,
    String,
    Table,
    Update,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import UpdateBase

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
from framemill.store.prepared import prepared
from framemill.store.tables import Job, Task

# Columns that say how far a run is: empty before it and after it.
_OF_A_RUN = ("not_before", "error", "tool_pid", "tool_started", "eta_ms", "speed", "fps", "ready_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a worker may take."""

    lanes: tuple[str, ...] = ("",)
    job_id: str | None = None  # only this job's
    resources: tuple[str, ...] | None = None  # None: every class
    lacks: tuple[str, ...] = ()  # values of Task.requires that this worker has not


_ANY = Wanted()
_TASKS, _JOBS = cast("Table", Task.__table__), cast("Table", Job.__table__)
_NOW = bindparam("now", type_=_TASKS.c.updated_at.type)
_SERVERS_NOW: ColumnElement[datetime] = func.statement_timestamp(type_=_TASKS.c.updated_at.type)
_ONE: ColumnElement[int] = literal_column("1", Integer)


def claim(
    connection: Connection, *, worker: str, now: datetime | None, ttl: timedelta, wanted: Wanted = _ANY
) -> Task | None:
    """Take the most urgent ready task, in turn, oldest first; None where none is ready.

    Two workers never get the same one: SQLite lets one writer in at a time,
    PostgreSQL locks the row and skips locked ones, all in one statement. `now` is
    `Database.own_time`. The task belongs to no session: it says how things were.
    """
    take = _take(connection)(
        lanes=len(wanted.lanes),
        resources=None if wanted.resources is None else len(wanted.resources),
        lacks=len(wanted.lacks),
        of_job=wanted.job_id is not None,
        told=now is not None,
        starts=(starts := connection.dialect.name == "postgresql"),
    )
    row = take.first(
        connection,
        {
            **_numbered("lane", wanted.lanes),
            **_numbered("resource", wanted.resources or ()),
            **_numbered("lack", wanted.lacks),
            "worker": worker,
            **({"ttl": ttl} if now is None else {"now": now, "until": now + ttl}),
            **({} if wanted.job_id is None else {"wanted_job": wanted.job_id}),
        },
    )
    if row is None:
        return None
    if not starts:
        of_job = {"the_job": row["job_id"], "now": now, "title": row["title"]}
        _start_job(connection)().run(connection, of_job)
    task = Task()
    # As if it had been loaded: setting thirty attributes one by one took longer than the claim.
    vars(task).update(row)
    return task


@prepared
def _take(
    *, lanes: int, resources: int | None, lacks: int, of_job: bool, told: bool, starts: bool
) -> UpdateBase | Select[Any]:
    """The claim; where it `starts` the job too, no second way to the database and back is needed."""
    now = _NOW if told else _SERVERS_NOW
    first = _first(lanes=lanes, resources=resources, lacks=lacks, of_job=of_job, now=now)
    t, j = _TASKS.c, _JOBS.c
    taking = (
        update(_TASKS)
        .values(
            state=_constant(next_task_state(TaskState.READY, TaskState.LEASED)),
            attempt=t.attempt + _ONE,
            lease_token=t.lease_token + _ONE,
            lease_worker=bindparam("worker"),
            worker=bindparam("worker"),
            lease_expires=bindparam("until", type_=t.updated_at.type)
            if told
            else now + bindparam("ttl", type_=Interval()),
            progress=literal_column("0.0"),
            updated_at=now,
            **dict.fromkeys(_OF_A_RUN, null()),
        )
        .returning(*t)
    )
    if not starts:
        return taking.where(t.id == first.with_only_columns(t.id).scalar_subquery())
    chosen = first.with_for_update(skip_locked=True, key_share=True).cte("chosen")
    its_job = select(chosen.c.job_id).scalar_subquery()
    # Everyone else locks a job before its tasks, so whoever has a task already must not wait for its job.
    job = select(j.id).where(j.id == its_job).with_for_update(skip_locked=True, key_share=True).cte("job")
    runs = select(j.state).where(j.id == its_job).scalar_subquery() != _constant(JobState.QUEUED)
    # Of a queued job that somebody is changing nobody would know that it runs; the next look finds the task.
    taken = taking.where(
        t.id == select(chosen.c.id).scalar_subquery(), or_(exists(select(job.c.id)), runs)
    ).cte("taken")
    starting = _starting(now=now, title=select(chosen.c.title).scalar_subquery())
    return select(*taken.c).add_cte(starting.where(j.id == select(job.c.id).scalar_subquery()).cte("started"))


def _first(
    *, lanes: int, resources: int | None, lacks: int, of_job: bool, now: ColumnElement[datetime]
) -> Select[Any]:
    t = _TASKS.c
    query = select(t.id, t.job_id, t.title).where(
        t.state == _constant(TaskState.READY),
        or_(*(t.lane == name for name in _places("lane", lanes))),
        or_(t.not_before.is_(None), t.not_before <= now),
    )
    if resources is not None:
        query = query.where(t.resource.in_(_places("resource", resources)))
    if lacks:
        query = query.where(t.requires.not_in(_places("lack", lacks)))
    if of_job:
        query = query.where(t.job_id == bindparam("wanted_job", type_=t.job_id.type)).order_by(t.position)
    else:
        query = query.order_by(t.rank, t.turn, t.id)
    return query.limit(literal_column("1"))


@prepared
def _start_job() -> Update:
    j = _JOBS.c
    starting = _starting(now=_NOW, title=bindparam("title", type_=j.step.type))
    return starting.where(j.id == bindparam("the_job", type_=j.id.type))


def _starting(*, now: ColumnElement[datetime], title: ColumnElement[str]) -> Update:
    j = _JOBS.c
    queued, running = JobState.QUEUED, next_job_state(JobState.QUEUED, JobState.RUNNING)
    return update(_JOBS).values(
        state=case((j.state == _constant(queued), _constant(running)), else_=j.state),
        started_at=func.coalesce(j.started_at, now),
        step=title,
        updated_at=now,
    )


def _numbered(name: str, values: Sequence[str]) -> dict[str, str]:
    return {f"{name}{number}": value for number, value in enumerate(values)}


def _places(name: str, count: int) -> list[BindParameter[str]]:
    return [bindparam(f"{name}{number}", type_=String()) for number in range(count)]


def _constant(state: str) -> ColumnElement[str]:
    return literal_column(f"'{state}'", String)
