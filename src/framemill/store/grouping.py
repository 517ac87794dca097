"""Ended jobs of a time range in groups: by operation, worker, user, workspace, hour or day.

Everything is read from the index that holds all that is asked for, so a range
costs what is in it. Which jobs count may be limited to some workspaces.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, extract, func, literal_column, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.store.statistics import Times, plain, within
from framemill.store.tables import Job

_PERCENTILE = 95
# What a job's own record says it cost, in millionths.
_COSTS = (Job.cost_micros, Job.storage_micros, Job.bandwidth_micros)


class By(StrEnum):
    """What makes a group."""

    OPERATION = "operation"  # or a pipeline
    WORKER = "worker"  # who worked longest for the job
    USER = "user"  # its owner
    WORKSPACE = "workspace"
    HOUR = "hour"  # in which it ended, in UTC
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Jobs of one group that ended one way. What they cost is in millionths."""

    group: str  # of an hour or a day: seconds since 1970; "": none
    state: JobState
    count: int
    cost: int
    storage: int
    bandwidth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Which jobs count."""

    since: datetime | None  # None: ever
    until: datetime
    workspaces: Collection[str] | None = None  # None: all, and jobs that belong to none


def endings(session: Session, by: By | None, span: Range) -> list[Ending]:
    """How many jobs ended how, and what they cost; one group of all where `by` is None."""
    jobs = _jobs(by, span, Job.state.label("state"), *(column.label(column.key) for column in _COSTS))
    rows = session.execute(
        select(
            jobs.c.g,
            jobs.c.state,
            func.count(),
            *(func.coalesce(func.sum(jobs.c[column.key]), 0) for column in _COSTS),
        ).group_by(jobs.c.g, jobs.c.state)
    )
    return [
        Ending(
            group=_text(group),
            state=JobState(state),
            count=count,
            cost=int(cost),
            storage=int(storage),
            bandwidth=int(bandwidth),
        )
        for group, state, count, cost, storage, bandwidth in rows
    ]


def times(session: Session, by: By | None, span: Range) -> Mapping[str, Times]:
    """How long completed jobs took, by group."""
    took = Job.processing_ms.label("took")
    group = _key(by)
    window: dict[str, Any] = {"partition_by": group}  # Any: as SQLAlchemy types it
    ranked = _jobs(
        by,
        span,
        took,
        func.row_number().over(**window, order_by=Job.processing_ms).label("rank"),
        func.count().over(**window).label("all"),
        of=(plain(Job.state) == JobState.COMPLETED, Job.processing_ms.is_not(None)),
    )
    ms, rank, count = ranked.c.took, ranked.c.rank, ranked.c.all
    # The first of which so many of a hundred took no longer; whole numbers, so no rounding can be wrong.
    at_p95 = (rank * 100 >= count * _PERCENTILE) & ((rank - 1) * 100 < count * _PERCENTILE)
    measures = (func.count(), func.sum(ms), func.min(ms), func.max(ms), func.max(case((at_p95, ms))))
    rows = session.execute(select(ranked.c.g, *measures).group_by(ranked.c.g))
    return {
        _text(key): Times(count=n, mean=int(total) // n, least=least, most=most, p95=p95)
        for key, n, total, least, most, p95 in rows
    }


def dearest(session: Session, span: Range, *, limit: int) -> list[Job]:
    """The jobs of the range that cost most, the dearest first; those that cost nothing are left out."""
    known = (*_which(span), Job.cost_micros > 0)
    # The index has no ids: first from which cost on, then only the rows of those.
    least = session.scalars(
        select(Job.cost_micros).where(*known).order_by(Job.cost_micros.desc()).offset(limit - 1).limit(1)
    ).one_or_none()
    query = select(Job).where(*known, Job.cost_micros >= (least or 0))
    return list(session.scalars(query.order_by(Job.cost_micros.desc(), Job.finished_at).limit(limit)))


def open_jobs_of(session: Session, workspaces: Collection[str]) -> dict[JobState, int]:
    """How many jobs of some workspaces there are in each state that is no end."""
    states = tuple(state for state in JobState if not state.ended)
    found = session.execute(
        select(Job.state, func.count())
        .where(Job.workspace_id.in_(list(workspaces)), Job.state.in_(states))
        .group_by(Job.state)
    ).all()
    counts = {JobState(state): count for state, count in found}
    return {state: counts.get(state, 0) for state in states}


def _jobs(
    by: By | None, span: Range, *columns: ColumnElement[Any], of: tuple[ColumnElement[bool], ...] = ()
) -> Subquery:
    return select(_key(by).label("g"), *columns).where(*_which(span), *of).subquery()


def _which(span: Range) -> tuple[ColumnElement[bool], ...]:
    conditions = within(span.since, span.until)
    if span.workspaces is None:
        return conditions
    return (*conditions, plain(Job.workspace_id).in_(list(span.workspaces)))


def _key(by: By | None) -> ColumnElement[Any]:  # Any: text, an id or a number
    match by:
        case None:
            return literal_column("''")
        case By.OPERATION:
            return plain(Job.kind)
        case By.WORKER:
            return plain(Job.worker)
        case By.USER:
            return plain(Job.owner)
        case By.WORKSPACE:
            return plain(Job.workspace_id)
        case By.HOUR | By.DAY:
            ended = extract("epoch", Job.finished_at)
            # Written out: PostgreSQL takes two parameters for two different expressions.
            return ended - ended % literal_column("3600" if by is By.HOUR else "86400")


def _text(group: object) -> str:
    if group is None:
        return ""
    return group if isinstance(group, str) else str(int(group))  # type: ignore[call-overload]  # a number of either database
