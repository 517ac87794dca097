"""A request becomes a queued job with its first tasks, within a transaction. What is asked, services say."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from framemill.domain import context
from framemill.domain.states import JobState, TaskState
from framemill.engine.beginnings import first_tasks
from framemill.errors import DestinationUnwritable
from framemill.store.jobs import add_log, new_id
from framemill.store.tables import Job, Task


def enqueue(
    session: Session, job: Job, *, priority: int, turn: int, lane: str, max_attempts: int, now: datetime
) -> list[Task]:
    """Give `job` an id, where it has none, its place in the queue and first tasks; returns the ready ones."""
    job.id = job.id or new_id()
    job.state = JobState.QUEUED
    job.priority = priority
    job.turn = turn
    job.lane = lane
    job.attempts = 1
    job.max_attempts = max_attempts
    job.correlation_id = context.correlation_id() or new_id()
    job.created_at = job.updated_at = now
    session.add(job)
    session.flush()
    tasks = first_tasks(job, now=now)
    session.add_all(tasks)
    add_log(session, job_id=job.id, at=now, message=f"submitted: {job.kind}")
    return [task for task in tasks if task.state == TaskState.READY]


def check_place(destination: Path) -> None:
    """DestinationUnwritable where there is no folder of this name and none can be made."""
    if "\0" in str(destination):
        raise DestinationUnwritable(str(destination))
    try:
        nearest = next(path for path in (destination, *destination.parents) if path.exists())
    except OSError as error:  # no file can have the name, or nobody may look there
        raise DestinationUnwritable(str(destination)) from error
    if not nearest.is_dir():
        refused = DestinationUnwritable(str(destination))
        refused.hint = f"{str(nearest)!r} is a file, and results go into a folder: choose another destination"
        raise refused
