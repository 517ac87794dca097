"""The tables of who may come in: keys of programs, sessions of people, and links that begin one.

Secrets stand here as their SHA-256 only: who reads the table can sign in with nothing of it.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, only, row_id


class ApiKey(Base):
    """A program's way in."""

    __tablename__ = "api_keys"

    id: Mapped[str] = row_id()
    name: Mapped[str] = mapped_column(String(64))
    prefix: Mapped[str] = mapped_column(String(16))  # how the secret begins, for people to tell keys apart
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(8))  # Scope
    # The only workspace that exists for it; None: all do.
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspaces.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]  # to the minute
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "name", unique=True, **only("revoked_at IS NULL")),)


class LoginLink(Base):
    """A link that begins one session; it goes when it is used."""

    __tablename__ = "login_links"

    id: Mapped[str] = row_id()
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class BrowserSession(Base):
    """Somebody who is signed in with a browser."""

    __tablename__ = "sessions"

    id: Mapped[str] = row_id()
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(8))  # Scope
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
