"""The table of requests that may be repeated: what was asked under a key, and what was answered."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base


class KeyedRequest(Base):
    """A request that its caller gave an idempotency key."""

    __tablename__ = "keyed_requests"

    caller: Mapped[str] = mapped_column(String(64), primary_key=True)  # the id of a key, a session, a user
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))  # of the request: what is sent again must be the same
    claim: Mapped[str] = mapped_column(Uuid(as_uuid=False))  # whose turn it is: only that one writes the rest
    status: Mapped[int | None] = mapped_column(Integer)  # None: it is being answered
    location: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)  # JSON; None where the answer is not kept
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)
