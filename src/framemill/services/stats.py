"""What the queue is at and what became of jobs in a time range; and who works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from framemill.domain.costs import in_units
from framemill.domain.states import JobState
from framemill.engine.unserved import Unserved, unserved
from framemill.store import statistics
from framemill.store.database import Database
from framemill.store.statistics import Depth, Ended, Times
from framemill.store.tables import Worker
from framemill.store.workers import ACTIVE, DRAIN, ask, audit, list_workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Jobs that ended within the range: all of them, or those of one kind."""

    completed: int
    failed: int
    cancelled: int
    success_rate: float | None  # completed, of those completed or failed; None where there were none
    cost: float
    times: Times | None  # of completed jobs, in milliseconds; None where there were none


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The queue now, and what ended in a time range."""

    at: datetime
    since: datetime | None  # None: ever
    now: dict[JobState, int]  # jobs that have not ended
    queue: tuple[Depth, ...]  # the most urgent first
    ended: Outcome
    per_hour: float | None  # completed jobs; None for all time
    kinds: dict[str, Outcome]  # by operation or pipeline
    currency: str
    unserved: tuple[Unserved, ...]  # what waits in vain, since no worker that is there can do it


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A task that a worker is at."""

    job_id: str
    title: str
    progress: float  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """A process that takes tasks."""

    id: str
    host: str
    pid: int
    pool: str | None  # the id of the pool's own process
    version: str
    engine: str
    state: str  # active, draining, gone
    wanted: str  # "drain": it was asked to take nothing more
    at: tuple[Held, ...]
    done: int
    failed: int
    started_at: datetime
    seen_at: datetime

    @property
    def asked_to_drain(self) -> bool:
        """True where it was asked to take nothing more."""
        return self.wanted == DRAIN


class Stats:
    """Numbers about jobs."""

    def __init__(self, database: Database, *, currency: str = "") -> None:
        self._database = database
        self._currency = currency

    def report(self, *, since: timedelta | None = None) -> Report:
        """The queue now, and what ended within `since` from now, or ever."""
        with self._database.read() as session:
            now = self._database.now(session)
            start = None if since is None else now - since
            ended = statistics.ended(session, since=start, until=now)
            times = statistics.times(session, since=start, until=now)
            open_jobs = statistics.open_jobs(session)
            queue = tuple(statistics.depths(session))
            waiting = unserved(session, now=now)
        whole = _outcome(ended, times.get(None))
        hours = None if since is None else since.total_seconds() / 3600
        return Report(
            at=now,
            since=start,
            now=open_jobs,
            queue=queue,
            ended=whole,
            per_hour=whole.completed / hours if hours else None,
            kinds={
                kind: _outcome([row for row in ended if row.kind == kind], times.get(kind))
                for kind in sorted({row.kind for row in ended})
            },
            currency=self._currency,
            unserved=waiting,
        )

    def open_jobs(self) -> dict[JobState, int]:
        """How many jobs there are in each state that is no end."""
        with self._database.read() as session:
            return statistics.open_jobs(session)


class Workers:
    """Who works."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, *, gone: bool = False) -> tuple[WorkerRecord, ...]:
        """Those that are there, or all that are remembered; the longest serving first."""
        with self._database.read() as session:
            held = statistics.leased_to(session)
            return tuple(
                _record(row, [Held(job_id=j, title=t, progress=p) for j, t, p in held.get(row.id, ())])
                for row in list_workers(session, gone=gone)
            )

    def unserved(self) -> tuple[Unserved, ...]:
        """What waits in vain at this moment, since no worker that is there can do it."""
        with self._database.read() as session:
            return unserved(session, now=self._database.now(session))

    def alive(self, *, within: timedelta) -> int:
        """How many were heard of within this time and take tasks."""
        with self._database.read() as session:
            now = self._database.now(session)
            return sum(row.state == ACTIVE and now - row.seen_at <= within for row in list_workers(session))

    def drain(self, worker_ids: Sequence[str], *, actor: str = "") -> int:
        """Ask workers to finish what they are at and end; returns how many there are."""
        return len(self._ask(worker_ids, DRAIN, action="worker.drained", actor=actor))

    def undrain(self, worker_ids: Sequence[str], *, actor: str = "") -> tuple[str, ...]:
        """Take that back, as long as they are there; returns the workers that go on."""
        return self._ask(worker_ids, "", instead_of=DRAIN, action="worker.undrained", actor=actor)

    def _ask(
        self,
        worker_ids: Sequence[str],
        wanted: str,
        *,
        action: str,
        actor: str,
        instead_of: str | None = None,
    ) -> tuple[str, ...]:
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            there = ask(session, worker_ids, wanted, instead_of=instead_of)
            for worker in there:
                audit(session, at=now, actor=actor, action=action, subject=f"worker:{worker}"[:255])
            return tuple(there)


def _outcome(rows: Sequence[Ended], times: Times | None) -> Outcome:
    count = {
        state: sum(row.count for row in rows if row.state is state)
        for state in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)
    }
    completed, failed = count[JobState.COMPLETED], count[JobState.FAILED]
    tried = completed + failed
    return Outcome(
        completed=completed,
        failed=failed,
        cancelled=count[JobState.CANCELLED],
        success_rate=completed / tried if tried else None,
        cost=in_units(sum(row.cost_micros for row in rows)),
        times=times,
    )


def _record(row: Worker, at: Sequence[Held]) -> WorkerRecord:
    return WorkerRecord(
        id=row.id,
        host=row.host,
        pid=row.pid,
        pool=row.capabilities.get("pool"),
        version=row.version,
        engine=row.engine,
        state=row.state,
        wanted=row.wanted,
        at=tuple(at),
        done=row.done,
        failed=row.failed,
        started_at=row.started_at,
        seen_at=row.seen_at,
    )
