"""Ready tasks that no worker which is there can do: another class of work, or an encoder that none has.

Where there is no worker at all, nothing is said of single tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState
from framemill.engine.matching import can
from framemill.errors import JobNotFound
from framemill.store.database import Database
from framemill.store.jobs import add_log, get_job
from framemill.store.tables import JobLog, Task, Worker
from framemill.store.workers import living

_AT_ONCE = 1000
# Workers that are being restarted come back before.
_GRACE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """Tasks that wait for a worker of a kind that is not there."""

    needs: str  # "a worker whose ffmpeg has libsvtav1"
    tasks: int
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    resource: str
    requires: str
    needs: str
    tasks: int
    jobs: int


def unserved(session: Session, *, now: datetime, job_id: str | None = None) -> tuple[Unserved, ...]:
    """What waits in vain at this moment, of one job or of all."""
    return tuple(
        Unserved(needs=kind.needs, tasks=kind.tasks, jobs=kind.jobs)
        for kind in _kinds(session, now=now, waiting=_waiting(now, job_id=job_id))
    )


def said(found: Unserved) -> str:
    """What people are told of it."""
    return f"no worker that is there can do this: it needs {found.needs}"


def note_unserved(database: Database) -> int:
    """Write into the logs of jobs that have waited in vain for a minute, once each; returns of how many."""
    with database.read() as session:
        now = database.now(session)
        waiting = _waiting(now - _GRACE)
        jobs = [
            (job_id, kind)
            for kind in _kinds(session, now=now, waiting=waiting)
            for job_id in session.scalars(
                select(Task.job_id)
                .where(*waiting, Task.resource == kind.resource, Task.requires == kind.requires)
                .distinct()
                .limit(_AT_ONCE)
            )
        ]
    return sum(_noted(database, job_id, kind) for job_id, kind in jobs)


def _noted(database: Database, job_id: str, kind: _Kind) -> bool:
    message = said(Unserved(needs=kind.needs, tasks=kind.tasks, jobs=kind.jobs))
    written = select(JobLog.id).where(JobLog.job_id == job_id, JobLog.message == message).limit(1)
    with database.read() as session:
        if session.scalars(written).first() is not None:
            return False
    with database.write() as session:
        try:
            job = get_job(session, job_id, lock=True)
        except JobNotFound:
            return False
        # Another watchdog may have been here a moment before.
        if JobState(job.state).ended or session.scalars(written).first() is not None:
            return False
        add_log(session, job_id=job_id, at=database.now(session), message=message, level="warning")
        return True


def _waiting(until: datetime, *, job_id: str | None = None) -> list[ColumnElement[bool]]:
    """Tasks that anybody might take, and that have been ready since before `until`."""
    return [
        Task.state == TaskState.READY,
        Task.lane == "",
        or_(Task.not_before.is_(None), Task.not_before <= until),
        Task.ready_at <= until,
        *([Task.job_id == job_id] if job_id is not None else []),
    ]


def _kinds(session: Session, *, now: datetime, waiting: Sequence[ColumnElement[bool]]) -> list[_Kind]:
    workers = living(session, now=now)
    if not workers:
        return []
    rows = session.execute(
        select(Task.resource, Task.requires, func.count(), func.count(Task.job_id.distinct()))
        .where(*waiting)
        .group_by(Task.resource, Task.requires)
        .order_by(Task.resource, Task.requires)
    )
    return [
        _Kind(resource=resource, requires=requires, needs=needs, tasks=tasks, jobs=jobs)
        for resource, requires, tasks, jobs in rows
        if (needs := _missing(resource, requires, workers))
    ]


def _missing(resource: str, requires: str, workers: Sequence[Worker]) -> str:
    """What a worker would have to have; "" where one is there that does."""
    takers = [worker for worker in workers if not worker.resources or resource in worker.resources]
    if not takers:
        return f"a worker that takes {resource} tasks"
    if any(can(requires, encoders=frozenset(worker.capabilities.get("encoders", ()))) for worker in takers):
        return ""
    return f"a worker for {resource} tasks whose ffmpeg has {requires.replace(',', ' and ')}"
