"""Leases on tasks: holding on, finishing, giving back.

Every change names the fencing token of the claim. A worker that was frozen
past its lease holds an old token, so it changes nothing and gets LeaseLost.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, String, Table, Update, bindparam, literal_column, null, select, update
from sqlalchemy.orm import Session

from framemill.domain.states import TaskState, next_task_state
from framemill.errors import LeaseLost
from framemill.store.base import Json
from framemill.store.prepared import prepared
from framemill.store.tables import Task

# What a row says of its hold and of how far the run is.
_OF_A_HOLD = (
    *("lease_worker", "lease_expires", "tool_pid", "tool_started", "speed", "fps", "eta_ms"),
    *("error", "not_before", "ready_at"),
)


def held(session: Session, task_id: str, token: int) -> Task:
    """The task, locked, while `token` still holds it; LeaseLost where it does not."""
    query = select(Task).where(Task.id == task_id, Task.lease_token == token, Task.state == TaskState.LEASED)
    task = session.scalars(query.with_for_update(key_share=True)).one_or_none()
    if task is None:
        raise LeaseLost(f"task {task_id} is no longer held by token {token}")
    return task


def finish(session: Session, task_id: str, token: int, *, now: datetime, **made: object) -> None:
    """The task is done, with what its row keeps of that; LeaseLost where `token` no longer holds it."""
    row = {"the_task": task_id, "token": token, "now": now, **made}
    connection = session.connection()
    done = _finish(connection)(tuple(sorted(made))).run(connection, row)
    if done != 1:
        raise LeaseLost(f"task {task_id} is no longer held by token {token}")


@prepared
def _finish(made: tuple[str, ...]) -> Update:
    table = Task.__table__
    assert isinstance(table, Table)
    t = table.c
    now = bindparam("now", type_=t.updated_at.type)
    leased, done = TaskState.LEASED, next_task_state(TaskState.LEASED, TaskState.DONE)
    return (
        update(table)
        .where(
            t.id == bindparam("the_task", type_=t.id.type),
            t.lease_token == bindparam("token", type_=t.lease_token.type),
            t.state == literal_column(f"'{leased}'", String),
        )
        .values(
            state=literal_column(f"'{done}'", String),
            progress=literal_column("100.0"),
            updated_at=now,
            **dict.fromkeys(_OF_A_HOLD, null()),
            **{name: bindparam(name, type_=t[name].type) for name in made},
        )
    )


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
    task.speed = task.fps = task.eta_ms = None
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


def needing(tasks: Sequence[Task], keys: set[str]) -> set[str]:
    """`keys`, and those of all tasks that need them."""
    while more := {task.key for task in tasks if not keys.isdisjoint(task.needs)} - keys:
        keys = keys | more
    return keys


def again(tasks: Sequence[Task], keys: set[str], *, now: datetime) -> list[Task]:
    """Send the tasks of `keys`, and all that need them, back to the start; returns those ready now.

    None of them may be leased.
    """
    keys = needing(tasks, keys)
    for task in tasks:
        if task.key in keys:
            if task.state != TaskState.BLOCKED:
                task.state = next_task_state(TaskState(task.state), TaskState.BLOCKED)
            task.result = task.error = task.not_before = None
            task.attempt = 0
            task.progress = 0.0
            task.updated_at = now
    return unblock(tasks, now=now)
