"""What becomes of jobs, for whoever follows them: the log of changes, and how far those at work are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from framemill.domain.happenings import Happening
from framemill.domain.states import JobState
from framemill.services.records import LogRecord
from framemill.store.database import Database
from framemill.store.event_tables import JobEvent
from framemill.store.events import delete_events, job_events_after, settle, span
from framemill.store.live import Pace, lines_after, steps_at_work, under_way

Json = dict[str, Any]  # Any: JSON as the tables hold it
_FORGOTTEN_AT_ONCE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """A job's state changed; `id` is the cursor of whoever has read this far."""

    id: int
    job_id: str
    workspace_id: str | None
    at: datetime
    change: Happening
    state: JobState  # from then on
    data: Json | None  # failed: code, message, hint; reprioritised: priority

    @classmethod
    def of(cls, row: JobEvent) -> "EventRecord":
        """The row of a job as a value."""
        assert row.job_id is not None
        return cls(
            id=row.id,
            job_id=row.job_id,
            workspace_id=row.workspace_id,
            at=row.at,
            change=Happening(row.type),
            state=JobState(row.state),
            data=row.data,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressRecord:
    """How far a job is that somebody works at, or that is held up."""

    job_id: str
    workspace_id: str | None
    state: JobState
    percent: float
    step: str | None  # what is being done, for people
    tasks_total: int
    tasks_done: int
    speed: float | None  # times real time, of the step that takes longest
    fps: float | None  # pictures a second, of that step
    eta_ms: int | None  # of that step


class Events:
    """What becomes of jobs."""

    def __init__(self, database: Database, *, keep: timedelta = timedelta(days=7)) -> None:
        self._database = database
        self._keep = keep

    def span(self) -> tuple[int, int]:
        """The lowest and the highest id there is; both 0 where there is none."""
        settle(self._database)
        with self._database.read() as session:
            return span(session)

    def after(
        self, last: int, *, job_ids: Sequence[str] = (), workspace_id: str | None = None, limit: int = 500
    ) -> tuple[EventRecord, ...]:
        """What came after the event `last`, oldest first; 0: from the beginning.

        Nothing is left out: what shows up later has a higher id than all that is returned.
        """
        settle(self._database)
        with self._database.read() as session:
            rows = job_events_after(session, last, job_ids=job_ids, workspace_id=workspace_id, limit=limit)
            return tuple(EventRecord.of(row) for row in rows)

    def progress(self, job_ids: Sequence[str] | None = None) -> tuple[ProgressRecord, ...]:
        """Every job that is at work or held up; of these only, where any are named."""
        with self._database.read() as session:
            steps = steps_at_work(session, job_ids)
            return tuple(
                ProgressRecord(
                    job_id=row.id,
                    workspace_id=row.workspace_id,
                    state=JobState(row.state),
                    percent=row.progress,
                    step=row.step,
                    tasks_total=row.tasks_total,
                    tasks_done=row.tasks_done,
                    **steps.get(row.id, Pace())._asdict(),
                )
                for row in under_way(session, job_ids)
            )

    def lines(self, after: Mapping[str, int]) -> dict[str, tuple[LogRecord, ...]]:
        """New lines of jobs' logs, at most 500 in all, for each job those after the id that is given."""
        with self._database.read() as session:
            found = lines_after(session, after)
        return {job_id: tuple(LogRecord.of(row) for row in rows) for job_id, rows in found.items()}

    def forget(self) -> int:
        """Drop events that are older than they are kept; returns how many."""
        settle(self._database)
        gone = 0
        while True:
            with self._database.write() as session:
                before = self._database.now(session) - self._keep
                some = delete_events(session, before=before, limit=_FORGOTTEN_AT_ONCE)
            gone += some
            if some < _FORGOTTEN_AT_ONCE:
                return gone
