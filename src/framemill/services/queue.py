"""The queue as operators see it: how much waits at each priority, and what waits for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from framemill.domain.states import JobState
from framemill.engine.matching import can
from framemill.store import statistics, waiting
from framemill.store.database import Database
from framemill.store.statistics import Depth
from framemill.store.tables import Task, Worker
from framemill.store.workers import ACTIVE, DRAIN, list_workers


class Why(StrEnum):
    """What a task waits for."""

    ITS_TURN = "its_turn"  # workers are there, and busy with what comes before
    ANOTHER_TRY = "another_try"  # it failed for a passing reason; the time has not come
    NO_WORKER = "no_worker"  # none is there that takes work of this class
    NO_ENCODER = "no_encoder"  # those that are there lack what it needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A task that is ready and that nobody has taken."""

    job_id: str
    title: str
    priority: int
    owner: str
    workspace_id: str | None
    resource: str  # cpu, gpu, io
    requires: tuple[str, ...]
    since: datetime | None
    not_before: datetime | None
    attempt: int  # how often it was tried
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfWork:
    """Tasks that need the same of a worker."""

    resource: str
    requires: tuple[str, ...]
    waiting: int
    able: int  # workers that are there, take new tasks, and can do it


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """The queue at one moment."""

    at: datetime
    jobs: dict[JobState, int]  # that have not ended
    priorities: tuple[Depth, ...]  # the most urgent first
    kinds: tuple[KindOfWork, ...]  # without what commands in the foreground keep for themselves
    foreground: int  # tasks of those
    next: tuple[Waiting, ...]  # in the order in which they would be taken


class Queue:
    """The use cases around the queue as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self, *, limit: int = 20) -> QueueView:
        """How it is now, with so many of the tasks that are next."""
        with self._database.read() as session:
            now = self._database.now(session)
            kinds = waiting.kinds_waiting(session)
            rows = waiting.first_waiting(session, lane="", limit=limit)
            jobs, depths = statistics.open_jobs(session), statistics.depths(session)
            workers = [row for row in list_workers(session) if row.state == ACTIVE and row.wanted != DRAIN]
        return QueueView(
            at=now,
            jobs=jobs,
            priorities=tuple(depths),
            kinds=tuple(
                KindOfWork(
                    resource=resource,
                    requires=_words(requires),
                    waiting=count,
                    able=sum(_takes(worker, resource) and _can(worker, requires) for worker in workers),
                )
                for lane, resource, requires, count in kinds
                if not lane
            ),
            foreground=sum(count for lane, _, _, count in kinds if lane),
            next=tuple(
                Waiting(
                    job_id=task.job_id,
                    title=task.title,
                    priority=priority,
                    owner=owner,
                    workspace_id=workspace_id,
                    resource=task.resource,
                    requires=_words(task.requires),
                    since=task.ready_at,
                    not_before=task.not_before,
                    attempt=task.attempt,
                    why=_why(task, workers, now),
                )
                for task, priority, workspace_id, owner in rows
            ),
        )


def _why(task: Task, workers: Sequence[Worker], now: datetime) -> Why:
    if task.not_before is not None and task.not_before > now:
        return Why.ANOTHER_TRY
    taking = [worker for worker in workers if _takes(worker, task.resource)]
    if not taking:
        return Why.NO_WORKER
    return Why.ITS_TURN if any(_can(worker, task.requires) for worker in taking) else Why.NO_ENCODER


def _takes(worker: Worker, resource: str) -> bool:
    return not worker.resources or resource in worker.resources


def _can(worker: Worker, requires: str) -> bool:
    return can(requires, encoders=frozenset(worker.capabilities.get("encoders", ())))


def _words(requires: str) -> tuple[str, ...]:
    return tuple(requires.split(",")) if requires else ()
