"""What workspaces use from day to day: bytes kept, and bytes sent out."""

import datetime as dt

from sqlalchemy import BigInteger, Date, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, size


class WorkspaceDay(Base):
    """One day of one workspace. It stays when the workspace goes: what it cost, it did cost."""

    __tablename__ = "workspace_days"

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)  # in UTC
    workspace_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    # As it was measured last on that day; None: it was not.
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    served_bytes: Mapped[int] = size()

    __table_args__ = (Index(None, "workspace_id", "day"),)
