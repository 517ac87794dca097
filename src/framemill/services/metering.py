"""What metrics say of jobs, workers and the store: read from the tables, so that it holds for all processes.

Counters begin at nothing when this process does, and grow by the jobs that
ended since the last look: records that are cleaned away later take nothing
back. Each look costs what is new, and is kept for a few seconds.
"""

import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.errors import DatabaseUnavailable
from framemill.store import metering, statistics
from framemill.store.database import Database
from framemill.store.workers import ACTIVE, list_workers
from framemill.telemetry.families import JOB_BUCKETS, Distribution, Labels, Readings

_KEPT_S: Final = 5.0
_PAGE, _PAGES = 500, 20  # jobs that are read at once, and how often in one look: the next goes on
# Whoever ends a job writes the time first and commits a moment later.
_SETTLING: Final = timedelta(seconds=2)
_BEFORE_ALL: Final = "00000000-0000-0000-0000-000000000000"  # an id
_OTHER: Final = "other"
_DOWNLOAD: Final = "download"
_TASKS: Final = frozenset({"fetch", "plan", "bring", "publish", "step"})


class Metering:
    """Reads what metrics say; safe to use from many threads."""

    def __init__(
        self,
        database: Database,
        *,
        operations: Sequence[str],
        stuck_after: timedelta,
        worker_ttl: timedelta,
        disks: Mapping[str, Path] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._operations = (*operations, _DOWNLOAD)  # all others are one
        self._stuck_after = stuck_after
        self._worker_ttl = worker_ttl
        self._disks = disks or {}
        self._monotonic = monotonic
        self._began = monotonic()
        self._lock = threading.Lock()
        self._last: Readings | None = None
        self._last_at = 0.0
        self._seen: tuple[datetime, str] | None = None  # the last ended job that was counted
        self._tried: tuple[datetime, int] | None = None  # the last attempt at a webhook that was counted
        self._counts: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
        self._took: dict[Labels, Distribution] = {}

    def read(self) -> Readings:
        """How everything is, or was a few seconds ago; without jobs while the database is away."""
        with self._lock:
            if self._last is None or self._monotonic() - self._last_at >= _KEPT_S:
                self._last = self._look()
                self._last_at = self._monotonic()
            return self._last

    def _look(self) -> Readings:
        found: dict[str, dict[Labels, float]] = {}
        try:
            self._count_ended()
            self._count_attempts()
            with self._database.read() as session:
                found |= self._now(session, self._database.now(session))
            up = 1.0
        except DatabaseUnavailable:
            up = 0.0
        return {
            **found,
            **self._disk_use(),
            **{name: dict(counts) for name, counts in self._counts.items()},
            "framemill_job_seconds": {
                labels: Distribution(took.buckets, list(took.counts), took.total)
                for labels, took in self._took.items()
            },
            "framemill_database_up": {(): up},
        }

    def _count_ended(self) -> None:
        for _ in range(_PAGES):
            with self._database.read() as session:
                now = self._database.now(session)
                if self._seen is None:
                    self._seen = (self._beginning(now), _BEFORE_ALL)
                jobs = metering.ended_after(session, self._seen, until=now - _SETTLING, limit=_PAGE)
                uses = metering.uses_of(session, [job.id for job in jobs])
            for job in jobs:
                self._count(job)
            for use in uses:
                self._count_use(use)
            if jobs:
                self._seen = (jobs[-1].at, jobs[-1].id)
            if len(jobs) < _PAGE:
                return

    def _count_attempts(self) -> None:
        for _ in range(_PAGES):
            with self._database.read() as session:
                now = self._database.now(session)
                after, until = self._tried or (self._beginning(now), 0), now - _SETTLING
                tried = metering.attempts_after(session, after, until=until, limit=_PAGE)
            for at, number, outcome in tried:
                self._add("framemill_webhook_attempts_total", (outcome,), 1)
                after = (at, number)
            self._tried = after
            if len(tried) < _PAGE:
                return

    def _beginning(self, now: datetime) -> datetime:
        """When this process began, as the database counts time."""
        return now - timedelta(seconds=self._monotonic() - self._began)

    def _count(self, job: metering.EndedJob) -> None:
        operation = self._known(job.kind)
        self._add("framemill_jobs_ended_total", (job.state, operation), 1)
        self._add("framemill_job_input_bytes_total", (operation,), job.input_bytes)
        self._add("framemill_job_output_bytes_total", (operation,), job.output_bytes)
        if job.kind == _DOWNLOAD:
            self._add("framemill_downloads_total", (job.state,), 1)
        if job.state is JobState.COMPLETED and job.processing_ms is not None:
            took = self._took.setdefault((operation,), Distribution(JOB_BUCKETS))
            took.add(job.processing_ms / 1000)

    def _count_use(self, use: metering.StepUse) -> None:
        # Steps that do the work of several operations are the first one's.
        first = use.step.partition("+")[0]
        step = (first if first in _TASKS else self._known(first),)
        self._add("framemill_tasks_ended_total", step, use.tasks)
        self._add("framemill_task_seconds_total", step, use.wall_ms / 1000)
        self._add("framemill_task_cpu_seconds_total", step, use.cpu_ms / 1000)
        self._add("framemill_task_retries_total", step, use.retries)

    def _add(self, name: str, labels: Labels, amount: float) -> None:
        counts = self._counts[name]
        counts[labels] = counts.get(labels, 0) + amount

    def _known(self, kind: str) -> str:
        return kind if kind in self._operations else _OTHER

    def _now(self, session: Session, now: datetime) -> dict[str, dict[Labels, float]]:
        leases = metering.leases(session)
        speeds = [speed for _, speed in leases if speed is not None]
        videos, stored = metering.stored(session)
        messages, oldest = metering.waiting_messages(session)
        hooks = metering.webhooks(session)
        queue = {depth.priority: depth for depth in statistics.depths(session)}
        return {
            "framemill_jobs": self._open(session),
            "framemill_queue_depth": {(str(n),): queue[n].waiting if n in queue else 0 for n in range(1, 11)},
            "framemill_queue_oldest_seconds": {
                (str(n),): max(0.0, (now - queue[n].oldest).total_seconds()) if n in queue else 0
                for n in range(1, 11)
            },
            "framemill_tasks": {("ready",): metering.ready_tasks(session), ("leased",): len(leases)},
            "framemill_encode_speed_ratio": {(): sum(speeds) / len(speeds)} if speeds else {},
            "framemill_worker_slots": self._slots(session, {worker for worker, _ in leases}, now),
            "framemill_jobs_stuck": {(): len(metering.silent_jobs(session, since=now - self._stuck_after))},
            "framemill_webhooks": {(state,): count for state, count in hooks.items()},
            "framemill_webhook_waiting": {(): messages},
            "framemill_webhook_oldest_seconds": {
                (): max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
            },
            "framemill_videos": {(): videos},
            "framemill_storage_bytes": {(): stored},
        }

    def _open(self, session: Session) -> dict[Labels, float]:
        by_kind = metering.open_jobs_of(session, self._operations)
        found: dict[Labels, float] = {(state, kind): count for (state, kind), count in by_kind.items()}
        for state, count in statistics.open_jobs(session).items():
            others = count - sum(n for (one, _), n in by_kind.items() if one is state)
            found[(state, _OTHER)] = max(0, others)
        return found

    def _slots(self, session: Session, busy: set[str], now: datetime) -> dict[Labels, float]:
        alive = [row for row in list_workers(session) if now - row.seen_at <= self._worker_ttl]
        active = [row for row in alive if row.state == ACTIVE]
        working = sum(row.id in busy for row in active)
        return {
            ("busy",): working,
            ("free",): len(active) - working,
            ("draining",): len(alive) - len(active),
        }

    def _disk_use(self) -> dict[str, dict[Labels, float]]:
        total: dict[Labels, float] = {}
        free: dict[Labels, float] = {}
        for name, place in self._disks.items():
            with suppress(OSError):
                use = shutil.disk_usage(nearest(place))
                total[(name,)], free[(name,)] = use.total, use.free
        return {"framemill_disk_total_bytes": total, "framemill_disk_free_bytes": free}


def nearest(place: Path) -> Path:
    """The folder that is there already, of those that a place lies in; OSError."""
    return next((path for path in (place, *place.absolute().parents) if path.exists()), Path("/"))
