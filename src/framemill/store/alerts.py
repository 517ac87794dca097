"""Alerts as rows, and what alerts ask of the other tables."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.store.alert_tables import Alert
from framemill.store.tables import AuditEvent, Job


def standing(session: Session, *, lock: bool = False) -> dict[str, Alert]:
    """Every alert that there ever was, by its key; locked, in one order for all who do so."""
    query = select(Alert).order_by(Alert.key)
    return {row.key: row for row in session.scalars(query.with_for_update() if lock else query)}


def to_be_told(session: Session, *, now: datetime) -> Sequence[Alert]:
    """Those of which something is to be said now, locked."""
    query = (
        select(Alert)
        .where(Alert.to_tell.is_not(None), or_(Alert.tell_at.is_(None), Alert.tell_at <= now))
        .order_by(Alert.key)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def ended_since(session: Session, since: datetime) -> tuple[int, int]:
    """How many jobs completed and failed from then on."""
    query = (
        select(Job.state, func.count())
        .where(Job.finished_at >= since, Job.state.in_((JobState.COMPLETED, JobState.FAILED)))
        .group_by(Job.state)
    )
    found = dict(session.execute(query).all())
    return found.get(JobState.COMPLETED, 0), found.get(JobState.FAILED, 0)


def audited(session: Session, action: str, *, since: datetime) -> int:
    """How often something was done from then on."""
    query = select(func.count()).select_from(AuditEvent)
    return session.scalars(query.where(AuditEvent.action == action, AuditEvent.at >= since)).one()
