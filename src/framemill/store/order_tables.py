"""The table of orders: jobs whose files come over a connection, and whose results go out over it."""

from datetime import datetime

from sqlalchemy import Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, row_id


class Order(Base):
    """What a client of the job service asked for, until its results are fetched or expire.

    It bears the id of its job, which exists from the moment on when all files are here.
    """

    __tablename__ = "orders"

    id: Mapped[str] = row_id()
    owner: Mapped[str] = mapped_column(String(64))
    workspace_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    results: Mapped[str] = mapped_column(String(8))  # stream, urls
    detached: Mapped[bool]  # its job goes on when nobody holds it
    # Connections that have it move this on. Where it has passed, nobody holds the order.
    held_until: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "held_until"),)
