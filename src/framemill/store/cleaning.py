"""Finding and forgetting what is long over: ended jobs, and workers that are gone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, load_only

from framemill.domain.states import JobState, TaskState
from framemill.store.tables import Artifact, Job, Task, Worker
from framemill.store.workers import GONE

# What tells where a job worked and whether its folder may go; specs and plans can be long.
_OF_FOLDERS = (Job.destination, Job.error, Job.finished_at, Job.workspace_id, Job.video_id)


def ended_before(
    session: Session, before: datetime, *, states: Sequence[JobState] = (), limit: int
) -> list[Job]:
    """The jobs that ended longest ago, of those that ended before this time."""
    query = select(Job).where(Job.finished_at < before).order_by(Job.finished_at).limit(limit)
    query = query.options(load_only(*_OF_FOLDERS))
    if states:
        query = query.where(Job.state.in_([str(state) for state in states]))
    return list(session.scalars(query))


def count_ended_before(session: Session, before: datetime, *, states: Sequence[JobState] = ()) -> int:
    """How many jobs ended before this time."""
    query = select(func.count()).select_from(Job).where(Job.finished_at < before)
    if states:
        query = query.where(Job.state.in_([str(state) for state in states]))
    return session.scalars(query).one()


def ended_between(session: Session, after: datetime, until: datetime, *, limit: int) -> list[Job]:
    """The jobs that ended after `after` and not after `until`, in that order."""
    query = select(Job).where(Job.finished_at > after, Job.finished_at <= until)
    query = query.options(load_only(*_OF_FOLDERS))
    return list(session.scalars(query.order_by(Job.finished_at).limit(limit)))


def doubtful_publications(session: Session, *, after: datetime, until: datetime) -> list[str]:
    """Jobs on stored videos that ended in this time and may have stored what nobody recorded."""
    more_than_once = Task.lease_token > 1
    in_vain = and_(Job.state != JobState.COMPLETED, Task.lease_token > 0)
    query = (
        select(Job.id)
        .join(Task, and_(Task.job_id == Job.id, Task.kind.in_(("publish", "bring"))))
        .where(Job.finished_at > after, Job.finished_at <= until, Job.video_id.is_not(None))
        .where(or_(more_than_once, in_vain))
    )
    return list(session.scalars(query))


def delete_jobs(session: Session, job_ids: Sequence[str], *, before: datetime) -> list[str]:
    """Forget those of these jobs that ended before this time, with all that hangs on them; returns which.

    One that a worker still holds a task of stays, and so do the artifacts of videos.
    """
    held = exists().where(Task.job_id == Job.id, Task.state == TaskState.LEASED)
    over = select(Job.id).where(Job.id.in_(job_ids), Job.finished_at < before, ~held)
    gone = list(session.scalars(over.with_for_update()))
    for row in (
        delete(Artifact).where(Artifact.job_id.in_(gone), Artifact.video_id.is_(None)),
        delete(Job).where(Job.id.in_(gone)),
    ):
        session.execute(row.execution_options(synchronize_session=False))
    return gone


def delete_workers(session: Session, *, seen_before: datetime) -> int:
    """Forget workers that are gone and were last seen before this time; returns how many."""
    gone = session.scalars(
        delete(Worker)
        .where(Worker.state == GONE, Worker.seen_at < seen_before)
        .returning(Worker.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
