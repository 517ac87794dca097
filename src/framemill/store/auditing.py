"""Reading what was done: pages of the audit trail, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from framemill.store.statistics import plain
from framemill.store.tables import AuditEvent

# Rows get their number when they are written, and their time when their transaction began.
_SLACK, _SLACK_ROWS = timedelta(hours=1), 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which events; what is not said does not matter."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def events(session: Session, sought: Sought, *, before: int | None, limit: int) -> Sequence[AuditEvent]:
    """The newest events that are sought, of those that were written before the one with this number."""
    query = _matching(session, sought)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def count_events(session: Session, sought: Sought) -> int:
    """How many events are sought."""
    found = _matching(session, sought).with_only_columns(AuditEvent.id).subquery()
    return session.scalars(select(func.count()).select_from(found)).one()


def _matching(session: Session, sought: Sought) -> Select[AuditEvent]:
    query = select(AuditEvent)
    for name in ("actor", "action", "subject", "outcome"):
        if (value := getattr(sought, name)) is not None:
            query = query.where(getattr(AuditEvent, name) == value)
    # Numbers grow with time, nearly: so a range of time is one of numbers, and no order has to be made.
    if sought.since is not None:
        earliest = select(AuditEvent.id).where(AuditEvent.at >= sought.since - _SLACK)
        first = session.scalars(earliest.order_by(AuditEvent.at, AuditEvent.id).limit(1)).one_or_none()
        query = query.where(plain(AuditEvent.at) >= sought.since, _from(first))
    if sought.until is not None:
        latest = select(AuditEvent.id).where(AuditEvent.at <= sought.until + _SLACK)
        newest = latest.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(1)
        last = session.scalars(newest).one_or_none()
        query = query.where(plain(AuditEvent.at) <= sought.until, _up_to(last))
    return query


def _from(first: int | None) -> ColumnElement[bool]:
    return false() if first is None else AuditEvent.id >= first - _SLACK_ROWS


def _up_to(last: int | None) -> ColumnElement[bool]:
    return false() if last is None else AuditEvent.id <= last + _SLACK_ROWS
