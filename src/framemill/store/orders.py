"""Queries about orders and their jobs. When one is over, `domain.orders` says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState
from framemill.errors import JobNotFound
from framemill.store.order_tables import Order
from framemill.store.tables import Job, Task

Json = dict[str, Any]  # Any: JSON as the tables hold it

_UNKNOWN = (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far an order's job is."""

    state: JobState
    progress: float  # percent
    step: str | None
    fps: float | None  # pictures a second, of the fastest step
    speed: float | None  # times real time, of the fastest step
    eta_ms: int | None  # of the slowest step
    error: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An order that nobody holds."""

    order: Order
    state: JobState | None
    finished_at: datetime | None
    busy: bool  # a worker has something of it


def get_order(session: Session, order_id: str) -> Order:
    """The order; JobNotFound, as it bears its job's id."""
    try:
        found = session.get(Order, str(UUID(order_id)))
    except ValueError:
        found = None
    if found is None:
        raise JobNotFound(order_id)
    return found


def looks(session: Session, order_ids: Sequence[str]) -> dict[str, Look]:
    """How far their jobs are, of those that have one."""
    fields = (Job.id, Job.state, Job.progress, Job.step, Job.error)
    jobs = session.execute(select(*fields).where(Job.id.in_(order_ids))).all()
    rates = session.execute(
        select(
            Task.job_id,
            func.max(Task.fps),
            func.max(Task.speed),
            func.max(Task.eta_ms),
        )
        .where(Task.job_id.in_(order_ids), Task.state == TaskState.LEASED)
        .group_by(Task.job_id)
    )
    of = {job_id: (fps, speed, eta) for job_id, fps, speed, eta in rates}
    return {
        job_id: Look(
            state=JobState(state),
            progress=progress,
            step=step,
            fps=of.get(job_id, _UNKNOWN)[0],
            speed=of.get(job_id, _UNKNOWN)[1],
            eta_ms=of.get(job_id, _UNKNOWN)[2],
            error=error,
        )
        for job_id, state, progress, step, error in jobs
    }


def unheld(session: Session, now: datetime, *, after: datetime | None, limit: int) -> list[Left]:
    """Orders that nobody holds, those first that were left first, from behind `after` on."""
    busy = exists().where(Task.job_id == Order.id, Task.state == TaskState.LEASED)
    query = (
        select(Order, Job.state, Job.finished_at, busy)
        .outerjoin(Job, Job.id == Order.id)
        .where(Order.held_until <= now)
        .order_by(Order.held_until)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Order.held_until > after)
    return [
        Left(order=order, state=JobState(state) if state else None, finished_at=ended, busy=held)
        for order, state, ended, held in session.execute(query)
    ]


def hold(session: Session, order_ids: Iterable[str], until: datetime) -> None:
    """Note that these are held until then."""
    session.execute(
        update(Order)
        .where(Order.id.in_(list(order_ids)))
        .values(held_until=until)
        .execution_options(synchronize_session=False)
    )


def forget(session: Session, order_id: str) -> None:
    """Delete the row; one that is not there is not missed."""
    session.execute(delete(Order).where(Order.id == order_id).execution_options(synchronize_session=False))
