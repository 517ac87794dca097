"""Webhooks and what was told to them, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from framemill.domain.webhooks import DeliveryState, Outcome
from framemill.store.webhook_tables import Delivery, DeliveryAttempt, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRecord:
    """An address that is told things, without its secret."""

    id: str
    workspace_id: str
    url: str
    events: tuple[str, ...]
    note: str
    enabled: bool
    disabled_because: str | None
    failing_since: datetime | None  # None: the last attempt went well, or there was none
    old_secret_until: datetime | None  # the secret before this one signs too until then
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Webhook) -> "WebhookRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            workspace_id=row.workspace_id,
            url=row.url,
            events=tuple(row.events),
            note=row.note,
            enabled=row.disabled_at is None,
            disabled_because=row.disabled_because,
            failing_since=row.failing_since,
            old_secret_until=row.old_secret_until,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """A webhook with a secret as it is seen once."""

    webhook: WebhookRecord
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One time that a message was sent."""

    at: datetime
    outcome: Outcome
    status: int | None
    latency_ms: int
    excerpt: str
    error: str | None

    @classmethod
    def of(cls, row: DeliveryAttempt) -> "AttemptRecord":
        """The row as a value."""
        return cls(
            at=row.at,
            outcome=Outcome(row.outcome),
            status=row.status,
            latency_ms=row.latency_ms,
            excerpt=row.excerpt,
            error=row.error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One message for one webhook."""

    id: str
    webhook_id: str
    message_id: str  # what its receiver knows it by
    type: str
    state: DeliveryState
    created_at: datetime
    next_at: datetime | None  # when it is sent next; None: not any more
    ended_at: datetime | None
    body: str
    attempts: tuple[AttemptRecord, ...]

    @classmethod
    def of(cls, row: Delivery, attempts: Sequence[DeliveryAttempt] = ()) -> "DeliveryRecord":
        """The rows as a value."""
        return cls(
            id=row.id,
            webhook_id=row.webhook_id,
            message_id=message_id(row.id),
            type=row.type,
            state=DeliveryState(row.state),
            created_at=row.created_at,
            next_at=row.next_at,
            ended_at=row.ended_at,
            body=row.body,
            attempts=tuple(AttemptRecord.of(one) for one in attempts),
        )


def message_id(delivery_id: str) -> str:
    """What the receiver of a message knows it by."""
    return f"msg_{delivery_id}"
