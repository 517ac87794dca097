"""The register of workers: who is there, what they can do, what they are at."""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framemill.domain.states import TaskState
from framemill.store.base import Json
from framemill.store.tables import AuditEvent, Task, Worker

# The address of the client whose request is being answered.
asked_from: ContextVar[str | None] = ContextVar("asked_from", default=None)
ACTIVE, DRAINING, GONE = "active", "draining", "gone"
DRAIN = "drain"  # what may be wanted of a worker
# Each says every few seconds that it is there; where no reaper runs, nobody else says that it is not.
_SILENT = timedelta(minutes=2)


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


def living(session: Session, *, now: datetime) -> list[Worker]:
    """Those that take tasks at this moment."""
    return list(session.scalars(select(Worker).where(Worker.state == ACTIVE, Worker.seen_at > now - _SILENT)))


def slots(session: Session, resource: str, *, now: datetime) -> int:
    """How many tasks of a class can run side by side, on all machines together; 0 where nobody is there."""
    return sum(not worker.resources or resource in worker.resources for worker in living(session, now=now))


def ask(
    session: Session, worker_ids: Sequence[str], wanted: str, *, instead_of: str | None = None
) -> list[str]:
    """Want something of workers, DRAIN or "" nothing more; returns those that are there.

    Only of those of whom `instead_of` is wanted, where that is given.
    """
    change = update(Worker).where(Worker.id.in_(worker_ids), Worker.state != GONE)
    if instead_of is not None:
        change = change.where(Worker.wanted == instead_of)
    rows = session.scalars(
        change.values(wanted=wanted).returning(Worker.id).execution_options(synchronize_session=False)
    )
    return list(rows)


def leave(session: Session, worker_id: str, *, now: datetime) -> bool:
    """A worker that drains goes; False where that was taken back meanwhile. One of the two happens first."""
    gone = session.scalars(
        update(Worker)
        .where(Worker.id == worker_id, Worker.wanted == DRAIN)
        .values(state=GONE, seen_at=now)
        .returning(Worker.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return gone is not None


def at_work_and_drained(session: Session, node: str, *, but: str) -> bool:
    """Whether another worker of the same process group is to drain, and still has a task."""
    others = [
        row.id
        for row in list_workers(session)
        if row.capabilities.get("node") == node and row.wanted == DRAIN and row.id != but
    ]
    held = select(Task.id).where(Task.lease_worker.in_(others), Task.state == TaskState.LEASED)
    return bool(others) and session.scalars(held.limit(1)).first() is not None


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
