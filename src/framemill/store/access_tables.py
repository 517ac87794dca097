"""The tables of who may come in: users, what they are members of, their sessions, and keys of programs.

Secrets stand here as their SHA-256 only, and passwords as their Argon2id: who
reads the tables can sign in with nothing of them.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, only, row_id


class User(Base):
    """A person."""

    __tablename__ = "users"

    id: Mapped[str] = row_id()
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))  # None: signs in by a link only
    admin: Mapped[bool]
    token_version: Mapped[int] = mapped_column(default=1)  # grows whenever rights or the password change
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Membership(Base):
    """What a user may do in a workspace."""

    __tablename__ = "memberships"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(8))  # Role
    created_at: Mapped[datetime]


class ApiKey(Base):
    """A program's way in."""

    __tablename__ = "api_keys"

    id: Mapped[str] = row_id()
    # Whose it is, and who it never may do more than; None: the installation's own.
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
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

    __table_args__ = (
        Index(None, "name", unique=True, **only("revoked_at IS NULL AND user_id IS NULL")),
        Index(None, "user_id", "name", unique=True, **only("revoked_at IS NULL")),
    )


class LoginLink(Base):
    """A link that begins one session; it goes when it is used."""

    __tablename__ = "login_links"

    id: Mapped[str] = row_id()
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UserSession(Base):
    """Somebody who is signed in: a browser with a cookie, or a program with a family of refresh tokens."""

    __tablename__ = "sessions"

    id: Mapped[str] = row_id()
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # of the cookie; None: it has tokens
    address: Mapped[str | None] = mapped_column(String(64))  # from where it was begun
    agent: Mapped[str] = mapped_column(String(200))  # what the client called itself
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]  # to the minute
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """What a session's next access token is had for. Used ones stay, so that using one again shows."""

    __tablename__ = "refresh_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
