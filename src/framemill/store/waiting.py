"""What of the queue waits, in the order in which it would be claimed."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framemill.domain.states import TaskState
from framemill.store.tables import Job, Task

_READY = Task.state == TaskState.READY


def kinds_waiting(session: Session) -> Sequence[tuple[str, str, str, int]]:
    """Lane, class of work and what a worker must have, and how many ready tasks are so; from one index."""
    kind = (Task.lane, Task.resource, Task.requires)
    query = select(*kind, func.count()).where(_READY).group_by(*kind).order_by(*kind)
    return [(lane, resource, requires, count) for lane, resource, requires, count in session.execute(query)]


def first_waiting(session: Session, *, lane: str, limit: int) -> Sequence[tuple[Task, int, str | None, str]]:
    """The ready tasks of a lane that are next: a task and its job's priority, workspace and owner."""
    first = select(Task.id).where(_READY, Task.lane == lane)
    first = first.order_by(Task.rank, Task.turn, Task.id).limit(limit)
    query = (
        select(Task, Job.priority, Job.workspace_id, Job.owner)
        .join(Job, Job.id == Task.job_id)
        .where(Task.id.in_(first.scalar_subquery()))
        .order_by(Task.rank, Task.turn, Task.id)
    )
    return [(task, priority, place, owner) for task, priority, place, owner in session.execute(query)]
