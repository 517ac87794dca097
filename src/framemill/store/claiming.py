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
    Integer,
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
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import UpdateBase

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
from framemill.store.prepared import prepared
from framemill.store.tables import Job, Task
from framemill.store.tasks import release

# Columns that say how far a run is: empty before it and after it.
_OF_A_RUN = ("not_before", "error", "tool_pid", "tool_started", "eta_ms", "speed", "ready_at")


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
_ONE: ColumnElement[int] = literal_column("1", Integer)


def claim(
    session: Session, *, worker: str, now: datetime, ttl: timedelta, wanted: Wanted = _ANY
) -> Task | None:
    """Take the most urgent ready task, in turn, oldest first; None where none is ready.

    Two workers never get the same one: SQLite lets one writer in at a time,
    PostgreSQL locks the row and skips locked ones. The task belongs to no
    session: it says how things were.
    """
    connection = session.connection()
    at_once = connection.dialect.name == "postgresql"
    take = _take(connection)(
        lanes=len(wanted.lanes),
        resources=None if wanted.resources is None else len(wanted.resources),
        lacks=len(wanted.lacks),
        of_job=wanted.job_id is not None,
        at_once=at_once,
    )
    row = take.first(
        connection,
        {
            **_numbered("lane", wanted.lanes),
            **_numbered("resource", wanted.resources or ()),
            **_numbered("lack", wanted.lacks),
            "worker": worker,
            "now": now,
            "until": now + ttl,
            **({} if wanted.job_id is None else {"wanted_job": wanted.job_id}),
        },
    )
    if row is None:
        return None
    if at_once:
        started = row.pop("started")
    else:
        of_job = {"the_job": row["job_id"], "now": now, "title": row["title"]}
        started = _start_job(connection)().run(connection, of_job).rowcount == 1
    task = Task()
    # As if it had been loaded: setting thirty attributes one by one took longer than the claim.
    vars(task).update(row)
    if not started and _is_waiting(session, task.job_id):
        # Nobody would know that it runs. Who has the job is done in a moment; the next look finds the task.
        _give_up(session, task, now=now)
        return None
    return task


@prepared
def _take(
    *, lanes: int, resources: int | None, lacks: int, of_job: bool, at_once: bool
) -> UpdateBase | Select[Any]:
    """The claim; `at_once` it also starts the job, which spares a way to PostgreSQL and back."""
    t = _TASKS.c
    query = select(t.id).where(
        t.state == _constant(TaskState.READY),
        or_(*(t.lane == name for name in _places("lane", lanes))),
        or_(t.not_before.is_(None), t.not_before <= _NOW),
    )
    if resources is not None:
        query = query.where(t.resource.in_(_places("resource", resources)))
    if lacks:
        query = query.where(t.requires.not_in(_places("lack", lacks)))
    if of_job:
        query = query.where(t.job_id == bindparam("wanted_job", type_=t.job_id.type)).order_by(t.position)
    else:
        query = query.order_by(t.rank, t.turn, t.id)
    first = (
        query.limit(literal_column("1")).with_for_update(skip_locked=True, key_share=True).scalar_subquery()
    )
    taking = (
        update(_TASKS)
        .where(t.id == first)
        .values(
            state=_constant(next_task_state(TaskState.READY, TaskState.LEASED)),
            attempt=t.attempt + _ONE,
            lease_token=t.lease_token + _ONE,
            lease_worker=bindparam("worker"),
            worker=bindparam("worker"),
            lease_expires=bindparam("until", type_=t.updated_at.type),
            progress=literal_column("0.0"),
            updated_at=_NOW,
            **dict.fromkeys(_OF_A_RUN, null()),
        )
        .returning(*t)
    )
    if not at_once:
        return taking
    taken = taking.cte("taken")
    starting = _starting(
        job_id=select(taken.c.job_id).scalar_subquery(), title=select(taken.c.title).scalar_subquery()
    )
    started = starting.returning(_JOBS.c.id).cte("started")
    return select(*taken.c, exists(select(started.c.id)).label("started"))


@prepared
def _start_job() -> Update:
    return _starting(
        job_id=bindparam("the_job", type_=_JOBS.c.id.type), title=bindparam("title", type_=_JOBS.c.step.type)
    )


def _starting(*, job_id: ColumnElement[str], title: ColumnElement[str]) -> Update:
    j = _JOBS.c
    queued, running = JobState.QUEUED, next_job_state(JobState.QUEUED, JobState.RUNNING)
    # Everyone else locks a job before its tasks, so whoever has a task already must not wait for its job.
    unlocked = select(j.id).where(j.id == job_id).with_for_update(skip_locked=True, key_share=True)
    return (
        update(_JOBS)
        .where(j.id == unlocked.scalar_subquery())
        .values(
            state=case((j.state == _constant(queued), _constant(running)), else_=j.state),
            started_at=func.coalesce(j.started_at, _NOW),
            step=title,
            updated_at=_NOW,
        )
    )


def _numbered(name: str, values: Sequence[str]) -> dict[str, str]:
    return {f"{name}{number}": value for number, value in enumerate(values)}


def _places(name: str, count: int) -> list[BindParameter[str]]:
    return [bindparam(f"{name}{number}", type_=String()) for number in range(count)]


def _constant(state: str) -> ColumnElement[str]:
    return literal_column(f"'{state}'", String)


def _is_waiting(session: Session, job_id: str) -> bool:
    return session.scalar(select(Job.state).where(Job.id == job_id)) == JobState.QUEUED


def _give_up(session: Session, task: Task, *, now: datetime) -> None:
    """Undo a claim within its transaction; only the token stays as it has grown."""
    release(task, TaskState.READY, now=now)
    changed = ("state", "lease_worker", "lease_expires", "ready_at", "progress")
    session.execute(
        update(Task)
        .where(Task.id == task.id)
        .values(attempt=Task.attempt - 1, **{name: getattr(task, name) for name in changed})
        .execution_options(synchronize_session=False)
    )
