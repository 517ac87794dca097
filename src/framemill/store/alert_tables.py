"""The table of alerts: one row for each thing that can be wrong, however many processes look at it."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base


class Alert(Base):
    """Something that is wrong, or was; domain.alerts.Standing has the rules."""

    __tablename__ = "alerts"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)  # queue, failures, disk:HOST:data ...
    summary: Mapped[str] = mapped_column(Text)  # what is wrong, for people
    since: Mapped[datetime | None]
    clear_since: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(String(16), default="")  # Told
    alarmed_at: Mapped[datetime | None]
    to_tell: Mapped[str | None] = mapped_column(String(16))  # Told
    tell_at: Mapped[datetime | None]  # not before; while somebody tells it, when that counts as lost
    tries: Mapped[int] = mapped_column(default=0)
