"""Keys, login links and sessions: making and ending them, and finding out who asks.

What a caller may do, `domain.access` says.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from framemill.domain.access import Caller, Role, Scope
from framemill.errors import InvalidSpec, NameTaken, Unauthenticated
from framemill.store.access_tables import ApiKey, BrowserSession, LoginLink
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.shelves import find_workspace
from framemill.store.video_tables import Workspace
from framemill.store.workers import audit

LINK_LIFETIME: Final = timedelta(minutes=15)
SESSION_LIFETIME: Final = timedelta(days=7)
_USED_EVERY = timedelta(minutes=1)
_PREFIX = "fm_"
_SHOWN = 11  # characters of a key that people see
_LONGEST_NAME = 60  # `key:` before it makes the 64 that owners of jobs have


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A key, without its secret."""

    id: str
    name: str
    prefix: str
    scope: Scope
    workspace: str | None  # its name; None: all
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: ApiKey, workspace: str | None) -> "KeyRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            scope=Scope(row.scope),
            workspace=workspace,
            created_at=row.created_at,
            expires_at=row.expires_at,
            used_at=row.used_at,
            revoked_at=row.revoked_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key as only its maker ever sees it."""

    key: KeyRecord
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session as only its browser ever sees it."""

    secret: str
    expires_at: datetime


class Access:
    """Who may come in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_key(
        self,
        name: str,
        *,
        scope: Scope,
        workspace: str | None = None,
        lifetime: timedelta | None = None,
        actor: str = "",
    ) -> NewKey:
        """A new key; its secret is nowhere kept. Raises NameTaken, WorkspaceNotFound, InvalidSpec."""
        if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip():
            raise InvalidSpec(f"a key's name has 1 to {_LONGEST_NAME} characters on one line")
        if scope is Scope.ADMIN and workspace is not None:
            raise InvalidSpec(
                "a key with the scope admin is for the whole installation",
                hint="leave the workspace away, or take the scope write",
            )
        secret = _PREFIX + secrets.token_urlsafe(32)
        try:
            with self._database.write(durable=True) as session:
                now = self._database.now(session)
                place = None if workspace is None else find_workspace(session, workspace)
                row = ApiKey(
                    id=new_id(),
                    name=name,
                    prefix=secret[:_SHOWN],
                    hash=_hashed(secret),
                    scope=scope,
                    workspace_id=None if place is None else place.id,
                    created_at=now,
                    expires_at=None if lifetime is None else now + lifetime,
                )
                session.add(row)
                session.flush()
                audit(session, at=now, actor=actor, action="key.created", subject=f"key:{row.id}")
                return NewKey(key=KeyRecord.of(row, None if place is None else place.name), secret=secret)
        except IntegrityError:
            raise NameTaken(name) from None

    def list_keys(self, *, revoked: bool = False) -> tuple[KeyRecord, ...]:
        """All that could be used if they have not expired, or also those that were revoked; oldest first."""
        query = (
            select(ApiKey, Workspace.name)
            .outerjoin(Workspace, Workspace.id == ApiKey.workspace_id)
            .order_by(ApiKey.id)
        )
        with self._database.read() as session:
            rows = session.execute(query if revoked else query.where(ApiKey.revoked_at.is_(None)))
            return tuple(KeyRecord.of(key, workspace) for key, workspace in rows)

    def revoke_key(self, name: str, *, actor: str = "") -> None:
        """End a key, named by its name, id or visible beginning; InvalidSpec where none or several fit."""
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            rows = session.scalars(select(ApiKey).where(ApiKey.revoked_at.is_(None))).all()
            found = [row for row in rows if name in {row.name, row.id, row.prefix}]
            if len(found) != 1:
                raise InvalidSpec(
                    f"{len(found)} keys are called that", hint="`framemill keys list` shows names and ids"
                )
            found[0].revoked_at = now
            audit(session, at=now, actor=actor, action="key.revoked", subject=f"key:{found[0].id}")

    def caller_of_key(self, secret: str) -> Caller:
        """Whose key it is; Unauthenticated."""
        with self._database.read() as session:
            now = self._database.now(session)
            key = session.scalars(select(ApiKey).where(ApiKey.hash == _hashed(secret))).one_or_none()
        if key is None or key.revoked_at is not None:
            raise Unauthenticated("the key is not valid", hint="`framemill keys create` makes one")
        if key.expires_at is not None and key.expires_at <= now:
            raise Unauthenticated("the key has expired", hint="`framemill keys create` makes a new one")
        if key.used_at is None or now - key.used_at >= _USED_EVERY:
            with self._database.write() as session:
                used = session.get(ApiKey, key.id)
                if used is not None:
                    used.used_at = now
        return Caller(
            id=key.id,
            name=f"key:{key.name}",
            scope=Scope(key.scope),
            admin=key.workspace_id is None,
            roles={} if key.workspace_id is None else {key.workspace_id: Role.MANAGER},
        )

    def login_token(self) -> str:
        """What a link needs that signs in whoever runs this machine: once, and within 15 minutes."""
        token = secrets.token_urlsafe(32)
        with self._database.write() as session:
            now = self._database.now(session)
            session.execute(delete(LoginLink).where(LoginLink.expires_at <= now))
            session.execute(delete(BrowserSession).where(BrowserSession.expires_at <= now))
            link = LoginLink(id=new_id(), hash=_hashed(token), created_at=now, expires_at=now + LINK_LIFETIME)
            session.add(link)
        return token

    def open_session(self, token: str) -> NewSession:
        """Sign in with a link's token, which is used up by that; Unauthenticated."""
        secret = secrets.token_urlsafe(32)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            # One statement: of two who come with the same token, one gets in.
            expires = session.scalars(
                delete(LoginLink).where(LoginLink.hash == _hashed(token)).returning(LoginLink.expires_at)
            ).one_or_none()
            if expires is not None and expires > now:
                row = BrowserSession(
                    id=new_id(),
                    hash=_hashed(secret),
                    name="admin",
                    scope=Scope.ADMIN,
                    created_at=now,
                    expires_at=now + SESSION_LIFETIME,
                )
                session.add(row)
                audit(session, at=now, actor="admin", action="session.opened", subject=f"session:{row.id}")
                return NewSession(secret=secret, expires_at=row.expires_at)
        raise Unauthenticated(
            "the login link was used already or has expired", hint="`framemill keys login` prints a new one"
        )

    def caller_of_session(self, secret: str) -> Caller:
        """Who is signed in; Unauthenticated."""
        with self._database.read() as session:
            now = self._database.now(session)
            row = session.scalars(
                select(BrowserSession).where(BrowserSession.hash == _hashed(secret))
            ).one_or_none()
        if row is None or row.revoked_at is not None or row.expires_at <= now:
            raise Unauthenticated("the session has ended", hint="`framemill keys login` prints a login link")
        return Caller(id=row.id, name=row.name, scope=Scope(row.scope), admin=True, in_person=True)

    def close_session(self, session_id: str) -> None:
        """Sign out; a session that has ended stays so."""
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            row = session.get(BrowserSession, session_id)
            if row is not None and row.revoked_at is None:
                row.revoked_at = now
                audit(session, at=now, actor=row.name, action="session.closed", subject=f"session:{row.id}")


def _hashed(secret: str) -> str:
    # Fast on purpose: what is guessed at has 256 random bits, unlike a password.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
