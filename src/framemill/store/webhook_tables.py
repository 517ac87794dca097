"""The tables of webhooks: who is told what, what is still to be told, and how each attempt went."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, only, row_id


class Webhook(Base):
    """An address that is told what becomes of a workspace's jobs."""

    __tablename__ = "webhooks"

    id: Mapped[str] = row_id()
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]]
    note: Mapped[str] = mapped_column(String(200))  # what it is for, for people
    secret: Mapped[str] = mapped_column(Text)  # sealed: services.webhook_secrets
    old_secret: Mapped[str | None] = mapped_column(Text)  # signs too, so that receivers can change over
    old_secret_until: Mapped[datetime | None]
    cursor: Mapped[int] = mapped_column(BigInteger)  # the last event that was looked at for it
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]  # nothing is sent before, as it just failed
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Delivery(Base):
    """One message for one webhook. It is the same text, under the same id, however often it is sent."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = row_id()  # what receivers know it by
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(BigInteger)  # None: a test
    type: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))  # DeliveryState
    # Grows as an attempt begins: who ends an older one writes in vain.
    attempts: Mapped[int] = mapped_column(default=0)
    attempts_before: Mapped[int] = mapped_column(default=0)  # it was last sent again by hand
    # While an attempt runs, when it counts as lost.
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    tried_since: Mapped[datetime]  # the day that it is tried for begins here
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "webhook_id", "event_id", unique=True),
        Index(None, "webhook_id", "id"),
        Index(None, "created_at"),
        Index("ix_webhook_deliveries_due", "webhook_id", "next_at", **only("state = 'pending'")),
    )


class DeliveryAttempt(Base):
    """One time that a message was sent."""

    __tablename__ = "webhook_attempts"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]  # when it ended
    outcome: Mapped[str] = mapped_column(String(16))  # Outcome
    status: Mapped[int | None]  # HTTP's; None: there was no answer
    latency_ms: Mapped[int]
    excerpt: Mapped[str] = mapped_column(Text)  # how the answer's body begins
    error: Mapped[str | None] = mapped_column(Text)  # why there was none

    __table_args__ = (Index(None, "at", "id"),)
