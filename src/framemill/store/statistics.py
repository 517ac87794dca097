"""Counting jobs: what waits, what ended in a time range and how. Each answer comes from one small index.

Times of ended jobs are read from an index that holds all that is asked for,
so a range costs what is in it, however many jobs there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, null, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from framemill.domain.states import JobState, TaskState
from framemill.store.tables import Job, Task

_OPEN = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
_PERCENTILE = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The queue at one priority."""

    priority: int
    waiting: int
    oldest: datetime  # when the one that waits longest was submitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Jobs of one kind that ended one way."""

    kind: str
    state: JobState
    count: int
    cost_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long completed jobs took, in milliseconds."""

    count: int
    mean: int
    least: int
    most: int
    p95: int  # 95 of a hundred took no longer


def open_jobs(session: Session) -> dict[JobState, int]:
    """How many jobs there are in each state that is no end."""
    found = session.execute(counting_open()).all()
    counts = {JobState(state): count for state, count in found}
    return {state: counts.get(state, 0) for state in _OPEN}


def counting_open() -> Select[str, int]:
    """The query of `open_jobs`."""
    return select(Job.state, func.count()).where(Job.state.in_(_OPEN)).group_by(Job.state)


def depths(session: Session) -> list[Depth]:
    """The queue by priority, the most urgent first; priorities at which nobody waits are left out."""
    found = []
    for priority in range(10, 0, -1):
        waiting = session.scalars(counting_waiting(priority)).one()
        oldest = session.scalars(longest_waiting(priority)).one_or_none()
        if oldest is not None:
            found.append(Depth(priority=priority, waiting=waiting, oldest=oldest))
    return found


def counting_waiting(priority: int) -> Select[int]:
    """How many jobs wait at a priority."""
    return select(func.count()).select_from(Job).where(Job.state == JobState.QUEUED, Job.priority == priority)


def longest_waiting(priority: int) -> Select[datetime]:
    """When the job that waits longest at a priority was submitted."""
    waiting = (Job.state == JobState.QUEUED, Job.priority == priority)
    return select(Job.created_at).where(*waiting).order_by(Job.id).limit(1)


def ended(session: Session, *, since: datetime | None, until: datetime) -> list[Ended]:
    """What ended in a time range, by kind and state."""
    rows = session.execute(
        select(Job.kind, Job.state, func.count(), func.coalesce(func.sum(Job.cost_micros), 0))
        .where(*within(since, until))
        .group_by(Job.kind, Job.state)
        .order_by(Job.kind, Job.state)
    ).all()
    return [
        Ended(kind=kind, state=JobState(state), count=count, cost_micros=int(cost or 0))
        for kind, state, count, cost in rows
    ]


def times(session: Session, *, since: datetime | None, until: datetime) -> dict[str | None, Times]:
    """How long completed jobs took, by kind; under None all together."""
    which = (
        *within(since, until),
        plain(Job.state) == JobState.COMPLETED,
        Job.processing_ms.is_not(None),
    )
    took = Job.processing_ms
    measures = (func.count(), func.sum(took), func.min(took), func.max(took))
    rows = session.execute(select(Job.kind, *measures).where(*which).group_by(Job.kind)).all()
    by_kind: dict[str | None, Sequence[int]] = {kind: [int(n or 0) for n in found] for kind, *found in rows}
    if not by_kind:
        return {}
    every = list(by_kind.values())
    by_kind[None] = [
        sum(e[0] for e in every),
        sum(e[1] for e in every),
        min(e[2] for e in every),
        max(e[3] for e in every),
    ]
    found: dict[str | None, Times] = {}
    for kind, (count, total, least, most) in by_kind.items():
        # Only the longest twentieth is passed over, from the longest down.
        over = count - -(-count * _PERCENTILE // 100)
        query = select(took).where(*which).order_by(took.desc()).offset(over).limit(1)
        p95 = session.scalars(query if kind is None else query.where(plain(Job.kind) == kind)).one()
        found[kind] = Times(count=count, mean=total // count, least=least, most=most, p95=p95 or 0)
    return found


def leased_to(session: Session) -> Mapping[str, list[tuple[str, str, float]]]:
    """What each worker is at: job, title and percent of the tasks that it holds."""
    rows = session.execute(
        select(Task.lease_worker, Task.job_id, Task.title, Task.progress).where(
            Task.state == TaskState.LEASED
        )
    ).all()
    found: dict[str, list[tuple[str, str, float]]] = {}
    for worker, job_id, title, progress in rows:
        found.setdefault(worker or "", []).append((job_id, title, progress))
    return found


def plain(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The column for a condition or a group that no index of its own is to be taken for.

    SQLite would take one, and read whole rows, instead of the one that has all that is asked for.
    """
    return func.coalesce(column, null())


def within(since: datetime | None, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """Jobs that ended after `since` and not after `until`."""
    upper = Job.finished_at <= until
    return (upper,) if since is None else (Job.finished_at > since, upper)
