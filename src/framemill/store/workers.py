"""The register of workers: who is there, what they can do, what they are at."""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framemill.store.base import Json
from framemill.store.tables import AuditEvent, Worker

# The address of the client whose request is being answered.
asked_from: ContextVar[str | None] = ContextVar("asked_from", default=None)
ACTIVE, DRAINING, GONE = "active", "draining", "gone"


def register(session: Session, worker: Worker) -> None:
    """Add a worker, or the same one again."""
    session.merge(worker)


def report(session: Session, worker_id: str, *, now: datetime, **changes: object) -> str:
    """Write that the worker is alive, and what is new; returns what is wanted of it, "" for nothing."""
    wanted = session.scalars(
        update(Worker)
        .where(Worker.id == worker_id)
        .values(seen_at=now, **changes)
        .returning(Worker.wanted)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return wanted or ""


def list_workers(session: Session, *, gone: bool = False) -> list[Worker]:
    """Those that are there, or all that are remembered; the longest serving first."""
    query = select(Worker).order_by(Worker.started_at, Worker.id)
    return list(session.scalars(query if gone else query.where(Worker.state != GONE)))


def ask(session: Session, worker_ids: Sequence[str], wanted: str) -> list[str]:
    """Want something of workers, e.g. "drain", or "" nothing more; returns those that are there."""
    rows = session.scalars(
        update(Worker)
        .where(Worker.id.in_(worker_ids), Worker.state != GONE)
        .values(wanted=wanted)
        .returning(Worker.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows)


def audit(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    data: Json | None = None,
    outcome: str = "ok",
) -> None:
    """Keep for good that `actor` did `action` to `subject` ("job:ID"), and from where it was asked.

    `outcome` is "refused" for what was tried and not let happen.
    """
    session.add(
        AuditEvent(
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            address=asked_from.get(),
            outcome=outcome,
            data=data,
        )
    )
