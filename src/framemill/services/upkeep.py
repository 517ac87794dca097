"""What operators clear up by hand: jobs that are stuck, uploads that were left, jobs that ended long ago.

The same happens by itself in time; here it is looked at first, and done now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from framemill.domain.states import JobState
from framemill.engine import controls
from framemill.engine.janitor import Janitor
from framemill.engine.places import Places
from framemill.errors import InvalidSpec, JobNotFound
from framemill.services.records import JobRecord
from framemill.services.upload_ends import HOLD
from framemill.services.upload_watch import UploadWatch
from framemill.store.database import Database
from framemill.store.jobs import get_job
from framemill.store.uploads import Left, left_behind
from framemill.store.workers import audit

MOST_AT_ONCE: Final = 10_000  # jobs that one request forgets
MOST_SHOWN: Final = 1000  # uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A running job of which nothing was heard for long."""

    job: JobRecord
    silent_for: timedelta


class Upkeep:
    """The use cases around clearing up."""

    def __init__(
        self,
        database: Database,
        *,
        janitor: Callable[[], Janitor],
        uploads: Callable[[], UploadWatch],
        places: Places,
        stuck_after: timedelta,
    ) -> None:
        self._database = database
        self._janitor = janitor
        self._uploads = uploads
        self._places = places
        self._stuck_after = stuck_after

    def stuck(self, *, silent: timedelta | None = None) -> tuple[Stuck, ...]:
        """Running jobs that were silent for so long, or for the setting stuck_after; the longest first."""
        with self._database.read() as session:
            now = self._database.now(session)
        found = []
        for job_id in self._janitor().silent(now, silent or self._stuck_after):
            with self._database.read() as session:
                try:
                    record = JobRecord.of(get_job(session, job_id))
                except JobNotFound:
                    continue  # cleaned away meanwhile
            found.append(Stuck(job=record, silent_for=now - record.updated_at))
        return tuple(sorted(found, key=lambda one: one.job.updated_at))

    def reset(
        self, job_ids: Sequence[str] | None = None, *, silent: timedelta | None = None, actor: str
    ) -> tuple[str, ...]:
        """Take stuck jobs, all or those that are named, from their workers, so that others try; says which.

        One that moved meanwhile is left alone; one that was tried too often fails.
        """
        known = [one.job.id for one in self.stuck(silent=silent)]
        wanted = known if job_ids is None else [job_id for job_id in known if job_id in set(job_ids)]
        limit = silent or self._stuck_after
        return tuple(job_id for job_id in wanted if self._janitor().unstick(job_id, limit, actor=actor))

    def left_uploads(self) -> tuple[Left, ...]:
        """Uploads that nobody comes back to: out of time, given up, or left while they were completed."""
        with self._database.read() as session:
            now = self._database.now(session)
            return tuple(left_behind(session, now=now, silent_since=now - HOLD, limit=MOST_SHOWN))

    def end_uploads(self, *, actor: str) -> int:
        """Bring those to their end; returns how many."""
        count = self._uploads().tidy().all
        if count:
            self._note(actor, "uploads.cleaned", "uploads:left", {"uploads": count})
        return count

    def old_jobs(self, *, older_than: timedelta, states: Sequence[JobState] = ()) -> int:
        """How many jobs ended longer ago."""
        _check(states)
        return controls.count_old(self._database, older_than=older_than, states=states)

    def forget_jobs(self, *, older_than: timedelta, states: Sequence[JobState] = (), actor: str) -> int:
        """Forget jobs that ended longer ago, ten thousand at most; returns how many. What they made stays."""
        _check(states)
        return controls.clean(
            self._database,
            older_than=older_than,
            states=states,
            actor=actor,
            at_most=MOST_AT_ONCE,
            places=self._places,
        )

    def _note(self, actor: str, action: str, subject: str, data: dict[str, object]) -> None:
        with self._database.write() as session:
            now = self._database.now(session)
            audit(session, at=now, actor=actor, action=action, subject=subject, data=data)


def _check(states: Sequence[JobState]) -> None:
    if any(not state.ended for state in states):
        raise InvalidSpec("only jobs that have ended can be cleaned away", hint="cancel the job first")
