"""Leases on tasks: claiming, holding on, giving back. The row decides who works; everything else is a hint.

Every change names the fencing token of the claim. A worker that was frozen
past its lease holds an old token, so it changes nothing and gets LeaseLost.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
from framemill.errors import LeaseLost
from framemill.store.tables import Job, Json, Task


def claim(
    session: Session, *, worker: str, now: datetime, ttl: timedelta, job_id: str | None = None
) -> Task | None:
    """Take the most urgent ready task, oldest first, or the next one of one job; None where none is ready.

    Two workers never get the same one: SQLite lets one writer in at a time,
    PostgreSQL locks the row and skips locked ones.
    """
    query = select(Task).where(
        Task.state == TaskState.READY, or_(Task.not_before.is_(None), Task.not_before <= now)
    )
    if job_id is None:
        query = query.order_by(Task.rank, Task.id)
    else:
        query = query.where(Task.job_id == job_id).order_by(Task.position)
    task = session.scalars(query.limit(1).with_for_update(skip_locked=True)).one_or_none()
    if task is None:
        return None
    task.state = next_task_state(TaskState(task.state), TaskState.LEASED)
    task.attempt += 1
    task.lease_token += 1
    task.lease_worker = worker
    task.lease_expires = now + ttl
    task.not_before = task.error = task.tool_pid = task.tool_started = task.eta_ms = task.speed = None
    task.progress = 0.0
    task.updated_at = now
    job = session.get_one(Job, task.job_id)
    if job.state == JobState.QUEUED:
        job.state = next_job_state(JobState.QUEUED, JobState.RUNNING)
        job.started_at = job.started_at or now
    job.step = task.title
    job.updated_at = now
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
    task.progress = 100.0 if state is TaskState.DONE else 0.0
    task.updated_at = now


def unblock(tasks: Sequence[Task], *, now: datetime) -> None:
    """Make ready what waited only for tasks that are done now."""
    done = {task.key for task in tasks if task.state == TaskState.DONE}
    for task in tasks:
        if task.state == TaskState.BLOCKED and done.issuperset(task.needs):
            task.state = next_task_state(TaskState.BLOCKED, TaskState.READY)
            task.updated_at = now


def again(tasks: Sequence[Task], keys: set[str], *, now: datetime) -> None:
    """Send the tasks of `keys`, and all that need them, back to the start; none may be leased."""
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
    unblock(tasks, now=now)
