"""Claiming: the one transaction that gives a ready task to a worker. The row decides who works.

What becomes of a claim is `store.tasks`' work.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Table,
    Update,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
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
    row = (
        connection.execute(
            _take(
                lanes=len(wanted.lanes),
                of_job=wanted.job_id is not None,
                some=wanted.resources is not None,
                lacking=bool(wanted.lacks),
            ),
            {
                **{f"lane{number}": lane for number, lane in enumerate(wanted.lanes)},
                "worker": worker,
                "now": now,
                "until": now + ttl,
                **({} if wanted.job_id is None else {"wanted_job": wanted.job_id}),
                **({} if wanted.resources is None else {"resources": wanted.resources}),
                **({"lacks": wanted.lacks} if wanted.lacks else {}),
            },
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    task = Task()
    # As if it had been loaded: setting thirty attributes one by one took longer than the claim.
    vars(task).update(row)
    job = connection.execute(_start_job(), {"the_job": task.job_id, "now": now, "title": task.title})
    if job.rowcount == 0 and _is_waiting(session, task.job_id):
        # Nobody would know that it runs. Who has the job is done in a moment; the next look finds the task.
        _give_up(session, task, now=now)
        return None
    return task


# Built once for each shape, and with constants in its text: putting such a statement together, and
# handing over what never changes, cost several times as much as running it.
@cache
def _take(*, lanes: int, of_job: bool, some: bool, lacking: bool) -> ReturningUpdate[Any]:
    t = Task.__table__.c
    now = bindparam("now", type_=t.updated_at.type)
    query = select(t.id).where(
        t.state == _constant(TaskState.READY),
        or_(*(t.lane == bindparam(f"lane{number}") for number in range(lanes))),
        or_(t.not_before.is_(None), t.not_before <= now),
    )
    if some:
        query = query.where(t.resource.in_(bindparam("resources", expanding=True)))
    if lacking:
        query = query.where(t.requires.not_in(bindparam("lacks", expanding=True)))
    if of_job:
        query = query.where(t.job_id == bindparam("wanted_job", type_=t.job_id.type)).order_by(t.position)
    else:
        query = query.order_by(t.rank, t.turn, t.id)
    first = (
        query.limit(literal_column("1")).with_for_update(skip_locked=True, key_share=True).scalar_subquery()
    )
    table = Task.__table__
    assert isinstance(table, Table)
    return (
        update(table)
        .where(t.id == first)
        .values(
            state=_constant(next_task_state(TaskState.READY, TaskState.LEASED)),
            attempt=t.attempt + _ONE,
            lease_token=t.lease_token + _ONE,
            lease_worker=bindparam("worker"),
            worker=bindparam("worker"),
            lease_expires=bindparam("until", type_=t.updated_at.type),
            progress=literal_column("0.0"),
            updated_at=now,
            **dict.fromkeys(_OF_A_RUN, null()),
        )
        .returning(*t)
    )


def _constant(state: str) -> ColumnElement[str]:
    return literal_column(f"'{state}'", String)


@cache
def _start_job() -> Update:
    table = Job.__table__
    assert isinstance(table, Table)
    j = table.c
    now = bindparam("now", type_=j.updated_at.type)
    queued, running = JobState.QUEUED, next_job_state(JobState.QUEUED, JobState.RUNNING)
    # Everyone else locks a job before its tasks, so whoever has a task already must not wait for its job.
    unlocked = (
        select(j.id)
        .where(j.id == bindparam("the_job", type_=j.id.type))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return (
        update(table)
        .where(j.id == unlocked.scalar_subquery())
        .values(
            state=case((j.state == _constant(queued), _constant(running)), else_=j.state),
            started_at=func.coalesce(j.started_at, now),
            step=bindparam("title"),
            updated_at=now,
        )
    )


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
