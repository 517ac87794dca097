"""Reading the log of what became of jobs and videos. Each reader has its own cursor: the last id it has read.

Ids are final: a row that shows up has a higher one than every row that was
there before, whatever was written at the same time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.orm import Session

from framemill.store.database import Database
from framemill.store.event_tables import JobEvent

_LOCK: Final = 7204862
_AT_ONCE: Final = 1000
# Whoever holds the lock sees all that earlier holders committed, so the highest id is the last one given.
# Of one job rows wait in the order of its changes, as each of them locked the job.
_PLACE = text(
    f"""WITH moved AS (
    DELETE FROM job_events_waiting
    WHERE id IN (SELECT id FROM job_events_waiting ORDER BY id LIMIT {_AT_ONCE})
    RETURNING *)
INSERT INTO job_events (id, job_id, video_id, workspace_id, at, type, state, data)
SELECT (SELECT coalesce(max(id), 0) FROM job_events) + row_number() OVER (ORDER BY id),
    job_id, video_id, workspace_id, at, type, state, data
FROM moved"""  # noqa: S608 - a constant
)


def settle(database: Database) -> None:
    """Give what was committed its place in the log; readers do this before they read.

    Nothing to do on SQLite. Where another reader is at it, its work is found the next time.
    """
    if not database.tells:
        return
    while True:
        with database.write() as session:
            if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
                return
            placed = session.connection().execute(_PLACE).rowcount
        if placed < _AT_ONCE:
            return


def events_after(session: Session, after: int, *, limit: int = 500) -> list[JobEvent]:
    """What happened after that id to jobs and videos, oldest first."""
    return list(session.scalars(_after(after, limit)))


def job_events_after(
    session: Session,
    after: int,
    *,
    job_ids: Sequence[str] = (),
    workspace_id: str | None = None,
    limit: int = 500,
) -> list[JobEvent]:
    """What happened after that id, oldest first: to all jobs, to some, or to those of a workspace."""
    query = _after(after, limit).where(JobEvent.job_id.is_not(None))
    if job_ids:
        query = query.where(JobEvent.job_id.in_(job_ids))
    if workspace_id is not None:
        query = query.where(JobEvent.workspace_id == workspace_id)
    return list(session.scalars(query))


def _after(after: int, limit: int) -> Select[JobEvent]:
    return select(JobEvent).where(JobEvent.id > after).order_by(JobEvent.id).limit(limit)


def span(session: Session) -> tuple[int, int]:
    """The lowest and the highest id in the log; both 0 where it is empty."""
    low, high = session.execute(select(func.min(JobEvent.id), func.max(JobEvent.id))).one()
    return low or 0, high or 0


def delete_events(session: Session, *, before: datetime, limit: int = 5000) -> int:
    """Forget the oldest that happened before this time; returns how many.

    The newest stays: ids go on from it.
    """
    newest = select(func.max(JobEvent.id)).scalar_subquery()
    oldest = select(JobEvent.id).order_by(JobEvent.id).limit(limit).subquery()
    gone = session.scalars(
        delete(JobEvent)
        .where(JobEvent.id.in_(select(oldest.c.id)), JobEvent.at < before, JobEvent.id < newest)
        .returning(JobEvent.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
