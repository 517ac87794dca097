"""Batches of jobs: what is known of their inputs, how far they are, and ending what has not begun."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
from framemill.errors import BatchNotFound
from framemill.store.base import Json
from framemill.store.jobs import add_log
from framemill.store.tables import Batch, Job, Task

_AT_WORK = (JobState.RUNNING, JobState.PAUSED)


def ensure_batch(session: Session, batch_id: str, *, title: str, owner: str, now: datetime) -> None:
    """Make the batch where there is none."""
    if session.get(Batch, batch_id) is None:
        session.add(Batch(id=batch_id, title=title, owner=owner, created_at=now))
        session.flush()


def get_batch(session: Session, batch_id: str) -> Batch:
    """The batch; BatchNotFound."""
    try:
        batch = session.get(Batch, str(UUID(batch_id)))
    except ValueError:
        batch = None
    if batch is None:
        raise BatchNotFound(batch_id)
    return batch


def workspaces_of(session: Session, batch_id: str) -> set[str | None]:
    """Whose jobs are in the batch; None: those on plain files."""
    return set(session.scalars(select(Job.workspace_id).where(Job.batch_id == batch_id).distinct()))


def newest(session: Session, *, limit: int) -> list[str]:
    """Ids of the batches that were made last, the newest first."""
    return list(session.scalars(select(Batch.id).order_by(Batch.created_at.desc()).limit(limit)))


def known_jobs(session: Session, *, owner: str, keys: Sequence[str]) -> dict[str, Job]:
    """The jobs that were accepted under these idempotency keys."""
    found = session.scalars(select(Job).where(Job.owner == owner, Job.idempotency_key.in_(keys)))
    return {str(job.idempotency_key): job for job in found}


def counts_of(session: Session, batch_ids: Sequence[str]) -> list[tuple[str | None, str, int, float]]:
    """For each batch and state: how many jobs, and the sum of the progress of those at work."""
    rows = session.execute(counts_query(batch_ids))
    return [(batch_id, state, count, float(done)) for batch_id, state, count, done in rows]


def counts_query(
    batch_ids: Sequence[str],
) -> Select[str | None, str, int, Any]:  # Any: SQLAlchemy types a sum of cases so
    """Counts along one index; SQLite looks into the rows of those at work only."""
    under_way = case((Job.state.in_(_AT_WORK), Job.progress), else_=0.0)
    return (
        select(Job.batch_id, Job.state, func.count(), func.sum(under_way))
        .where(Job.batch_id.in_(batch_ids))
        .group_by(Job.batch_id, Job.state)
    )


def jobs_in(session: Session, batch_id: str, states: Sequence[JobState] = tuple(JobState)) -> Iterator[Any]:
    """Id, state, inputs, destination, lane and start of a batch's jobs, oldest first within each state."""
    columns = (Job.id, Job.state, Job.inputs, Job.destination, Job.lane, Job.started_at, Job.error)
    for state in states:
        query = select(*columns).where(Job.batch_id == batch_id, Job.state == state).order_by(Job.id)
        yield from session.execute(query.execution_options(yield_per=500))


def states_of(session: Session, job_ids: Sequence[str]) -> list[tuple[str, str, Json | None]]:
    """State and error of these jobs."""
    rows = session.execute(select(Job.id, Job.state, Job.error).where(Job.id.in_(job_ids)))
    return [(job_id, state, error) for job_id, state, error in rows]


def cancel_unbegun(session: Session, batch_id: str, *, now: datetime, limit: int = 500) -> int:
    """Cancel up to `limit` jobs that no worker ever began; returns how many. They have left nothing."""
    waiting = select(Job.id).where(
        Job.batch_id == batch_id, Job.state == JobState.QUEUED, Job.started_at.is_(None)
    )
    ids = list(session.scalars(waiting.limit(limit).with_for_update()))
    if not ids:
        return 0
    session.execute(
        update(Job)
        .where(Job.id.in_(ids))
        .values(
            state=next_job_state(JobState.QUEUED, JobState.CANCELLED),
            finished_at=now,
            updated_at=now,
            cost_micros=0,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Task)
        .where(Task.job_id.in_(ids), Task.state.in_((TaskState.READY, TaskState.BLOCKED)))
        .values(state=next_task_state(TaskState.READY, TaskState.CANCELLED), updated_at=now, not_before=None)
        .execution_options(synchronize_session=False)
    )
    for job_id in ids:
        add_log(session, job_id=job_id, at=now, message="cancelled", level="warning")
    return len(ids)
