"""Leases on tasks: claiming, holding on, giving back. The row decides who works; everything else is a hint.

Every change names the fencing token of the claim. A worker that was frozen
past its lease holds an old token, so it changes nothing and gets LeaseLost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, case, func, or_, select, update
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
from framemill.errors import LeaseLost
from framemill.store.tables import Job, Json, Task

# Columns that say how far a run is: empty before it and after it.
_OF_A_RUN = ("not_before", "error", "tool_pid", "tool_started", "eta_ms", "speed", "ready_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a worker may take."""

    lanes: tuple[str, ...] = ("",)
    job_id: str | None = None  # only this job's
    task_id: str | None = None  # only this one
    resources: tuple[str, ...] | None = None  # None: every class
    lacks: tuple[str, ...] = ()  # values of Task.requires that this worker has not


_ANY = Wanted()


def claim(
    session: Session, *, worker: str, now: datetime, ttl: timedelta, wanted: Wanted = _ANY
) -> Task | None:
    """Take the most urgent ready task, in turn, oldest first; None where none is ready.

    Two workers never get the same one: SQLite lets one writer in at a time,
    PostgreSQL locks the row and skips locked ones.
    """
    query = select(Task.id).where(
        Task.state == TaskState.READY,
        Task.lane == wanted.lanes[0] if len(wanted.lanes) == 1 else Task.lane.in_(wanted.lanes),
        or_(Task.not_before.is_(None), Task.not_before <= now),
    )
    if wanted.task_id is not None:
        query = query.where(Task.id == wanted.task_id)
    if wanted.resources is not None:
        query = query.where(Task.resource.in_(wanted.resources))
    if wanted.lacks:
        query = query.where(Task.requires.not_in(wanted.lacks))
    if wanted.job_id is None:
        query = query.order_by(Task.rank, Task.turn, Task.id)
    else:
        query = query.where(Task.job_id == wanted.job_id).order_by(Task.position)
    first = query.limit(1).with_for_update(skip_locked=True).scalar_subquery()
    task = session.scalars(
        update(Task)
        .where(Task.id == first)
        .values(
            state=next_task_state(TaskState.READY, TaskState.LEASED),
            attempt=Task.attempt + 1,
            lease_token=Task.lease_token + 1,
            lease_worker=worker,
            lease_expires=now + ttl,
            progress=0.0,
            updated_at=now,
            **dict.fromkeys(_OF_A_RUN),
        )
        .returning(Task)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if task is None:
        return None
    running = next_job_state(JobState.QUEUED, JobState.RUNNING)
    session.execute(
        update(Job)
        .where(Job.id == task.job_id)
        .values(
            state=case((Job.state == JobState.QUEUED, running), else_=Job.state),
            started_at=func.coalesce(Job.started_at, now),
            step=task.title,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    return task


def held(session: Session, task_id: str, token: int) -> Task:
    """The task, locked, while `token` still holds it; LeaseLost where it does not."""
    query = select(Task).where(Task.id == task_id, Task.lease_token == token, Task.state == TaskState.LEASED)
    task = session.scalars(query.with_for_update()).one_or_none()
    if task is None:
        raise LeaseLost(f"task {task_id} is no longer held by token {token}")
    return task


def extend(session: Session, task_id: str, token: int, **changes: object) -> None:
    """Write progress or a longer lease; LeaseLost where the token no longer holds the task."""
    done = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.lease_token == token, Task.state == TaskState.LEASED)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise LeaseLost(f"task {task_id} is no longer held by token {token}")


def release(
    task: Task,
    state: TaskState,
    *,
    now: datetime,
    error: Json | None = None,
    not_before: datetime | None = None,
) -> None:
    """End a hold: the task goes to `state`."""
    task.state = next_task_state(TaskState(task.state), state)
    task.lease_worker = task.lease_expires = task.tool_pid = task.tool_started = None
    task.speed = task.eta_ms = None
    task.error = error
    task.not_before = not_before
    task.ready_at = now if state is TaskState.READY else None
    task.progress = 100.0 if state is TaskState.DONE else 0.0
    task.updated_at = now


def unblock(tasks: Sequence[Task], *, now: datetime) -> list[Task]:
    """Make ready what waited only for tasks that are done now; returns these."""
    done = {task.key for task in tasks if task.state == TaskState.DONE}
    freed = [t for t in tasks if t.state == TaskState.BLOCKED and done.issuperset(t.needs)]
    for task in freed:
        task.state = next_task_state(TaskState.BLOCKED, TaskState.READY)
        task.ready_at = task.updated_at = now
    return freed


def hold_back(tasks: Sequence[Task]) -> None:
    """Block what is ready: the job is paused. `unblock` makes it ready again."""
    for task in tasks:
        if task.state == TaskState.READY:
            task.state = next_task_state(TaskState.READY, TaskState.BLOCKED)
            task.ready_at = None


def again(tasks: Sequence[Task], keys: set[str], *, now: datetime) -> list[Task]:
    """Send the tasks of `keys`, and all that need them, back to the start; returns those ready now.

    None of them may be leased.
    """
    while more := {task.key for task in tasks if not keys.isdisjoint(task.needs)} - keys:
        keys = keys | more
    for task in tasks:
        if task.key in keys:
            if task.state != TaskState.BLOCKED:
                task.state = next_task_state(TaskState(task.state), TaskState.BLOCKED)
            task.result = task.error = task.not_before = None
            task.attempt = 0
            task.progress = 0.0
            task.updated_at = now
    return unblock(tasks, now=now)
