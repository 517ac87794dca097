"""What jobs on stored videos left on this machine and in the store because somebody was killed just then."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from framemill.domain.states import JobState
from framemill.engine import transfer
from framemill.engine.bringing import sweep_unbrought
from framemill.engine.failures import KEEPS_WORK
from framemill.engine.places import Places
from framemill.engine.shelving import sweep_unrecorded
from framemill.engine.stock import WORK
from framemill.engine.workspace import PLANNING, PREFIX, remove
from framemill.errors import JobNotFound
from framemill.storage.blobs import BlobStore
from framemill.store.cleaning import doubtful_publications
from framemill.store.database import Database
from framemill.store.jobs import get_job

# Of a job that has just ended a worker may still be clearing up; somebody may retry it.
_GRACE = timedelta(minutes=10)
_LOOK_BACK = timedelta(days=1)
# A folder whose job is not known may be another installation's.
_UNKNOWN = timedelta(days=1)
# A plan that somebody waits for is made within a minute, or given up.
_PLANNED = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Leftovers:
    """A chore: everything below, on this machine and in the store."""

    database: Database
    places: Places
    _until: datetime | None = None  # publications of jobs that ended until then were looked at

    def clear(self) -> int:
        """Remove what was left; returns of how many jobs."""
        assert self.places.work is not None
        blobs = self.places.stock.blobs
        removed = clear_machine(self.database, self.places.work) + clear_work(self.database, blobs)
        clear_plans(self.places.work)
        with self.database.read() as session:
            until = self.database.now(session) - _GRACE
            ended = doubtful_publications(session, after=self._until or until - _LOOK_BACK, until=until)
        removed += sum(
            sweep_unrecorded(self.database, blobs, job_id) + sweep_unbrought(self.database, blobs, job_id) > 0
            for job_id in ended
        )
        self._until = until
        return removed


def clear_machine(database: Database, work: Path) -> int:
    """Remove working folders below `work` of jobs that ended, wherever; returns how many."""
    removed = 0
    for path in work.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            seen = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if _is_over(
                database, path.name.removeprefix(PREFIX), unknown=datetime.now(UTC) - seen > _UNKNOWN
            ):
                remove(path)
                removed += 1
    return removed


def clear_plans(work: Path) -> int:
    """Remove folders below `work` of planners that were killed; returns how many."""
    removed = 0
    for path in work.glob(f"{PLANNING}*"):
        with suppress(FileNotFoundError):
            seen = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if datetime.now(UTC) - seen > _PLANNED:
                remove(path)
                removed += 1
    return removed


def clear_work(database: Database, blobs: BlobStore) -> int:
    """Remove what steps kept in the store, of jobs that ended; returns of how many jobs."""
    over = [job_id for job_id in _jobs_with_work(blobs) if _is_over(database, job_id, unknown=True)]
    for job_id in over:
        transfer.remove_prefix(blobs, f"{WORK}/{job_id}/")
    return len(over)


def _jobs_with_work(blobs: BlobStore) -> Iterator[str]:
    keys = (blob.key.split("/") for blob in blobs.list(f"{WORK}/"))
    return (job_id for job_id, _ in groupby(parts[1] for parts in keys))


def _is_over(database: Database, job_id: str, *, unknown: bool) -> bool:
    """True for a job that ended a while ago and keeps nothing for a retry; `unknown` where there is none."""
    with database.read() as session:
        try:
            job = get_job(session, job_id)
        except JobNotFound:
            return unknown
        before = database.now(session) - _GRACE
    kept = (job.error or {}).get("code") in KEEPS_WORK
    return JobState(job.state).ended and not kept and job.finished_at is not None and job.finished_at < before
