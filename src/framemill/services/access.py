"""Finding out who asks, and the ways in that this installation gives out: keys and login links.

What a caller may do, `domain.access` says. Sessions begin and end in
`services.signing_in`.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.access import Caller, Role, Scope
from framemill.domain.videos import checked_line
from framemill.errors import (
    InvalidSpec,
    KeyNotFound,
    NameTaken,
    NotSupported,
    Unauthenticated,
    WorkspaceNotFound,
)
from framemill.services.access_tokens import AccessTokens
from framemill.store.access_tables import ApiKey, LoginLink, Membership, User, UserSession
from framemill.store.accounts import first_admin, is_over
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.shelves import find_workspace, is_taken
from framemill.store.video_tables import Workspace
from framemill.store.workers import audit

LINK_LIFETIME: Final = timedelta(minutes=15)
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
    user: str | None  # whose it is; None: the installation's own
    workspace: str | None  # its name; None: all that its owner sees
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: ApiKey, workspace: str | None, user: str | None) -> "KeyRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            name=row.name,
            prefix=row.prefix,
            scope=Scope(row.scope),
            user=user,
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


class Access:
    """Who may come in."""

    def __init__(self, database: Database, *, tokens: Callable[[], AccessTokens]) -> None:
        self._database = database
        self._tokens = tokens

    def create_key(
        self,
        name: str,
        *,
        scope: Scope,
        workspace: str | None = None,
        lifetime: timedelta | None = None,
        owner: Caller | None = None,
        actor: str = "",
    ) -> NewKey:
        """A new key; its secret is nowhere kept. Raises NameTaken, WorkspaceNotFound, InvalidSpec,
        and NotSupported for the scope admin in one workspace.

        It is the `owner`'s, and never allows more than they may, or without
        one the installation's own.
        """
        name = checked_line(name, what="a name of a key", longest=_LONGEST_NAME)
        if scope is Scope.ADMIN and workspace is not None:
            raise NotSupported(
                "a key with the scope admin is for all workspaces",
                hint="leave the workspace away, or take the scope write",
            )
        secret = _PREFIX + secrets.token_urlsafe(32)
        try:
            with self._database.write(durable=True) as session:
                now = self._database.now(session)
                place = None if workspace is None else find_workspace(session, workspace)
                if place is not None and owner is not None:
                    owner.must_see(place.id, else_=WorkspaceNotFound(workspace or ""))
                row = ApiKey(
                    id=new_id(),
                    user_id=None if owner is None else owner.user_id,
                    name=name,
                    prefix=secret[:_SHOWN],
                    hash=hashed(secret),
                    scope=scope,
                    workspace_id=None if place is None else place.id,
                    created_at=now,
                    expires_at=None if lifetime is None else now + lifetime,
                )
                session.add(row)
                session.flush()
                data = {"name": name, "scope": str(scope)}
                who = owner.name if owner else actor
                audit(session, at=now, actor=who, action="key.created", subject=f"key:{row.id}", data=data)
                record = KeyRecord.of(
                    row, None if place is None else place.name, None if owner is None else owner.name
                )
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise NameTaken(name) from None
        return NewKey(key=record, secret=secret)

    def list_keys(self, *, revoked: bool = False, user_id: str | None = None) -> tuple[KeyRecord, ...]:
        """All of a user, or of everybody, that were not revoked, or also those that were; oldest first."""
        query = (
            select(ApiKey, Workspace.name, User.name)
            .outerjoin(Workspace, Workspace.id == ApiKey.workspace_id)
            .outerjoin(User, User.id == ApiKey.user_id)
            .order_by(ApiKey.id)
        )
        if not revoked:
            query = query.where(ApiKey.revoked_at.is_(None))
        if user_id is not None:
            query = query.where(ApiKey.user_id == user_id)
        with self._database.read() as session:
            return tuple(KeyRecord.of(key, place, user) for key, place, user in session.execute(query))

    def revoke_key(self, name: str, *, user_id: str | None = None, actor: str = "") -> None:
        """End a key, named by its name, id or visible beginning; of this user, or of anybody.

        Raises KeyNotFound, and InvalidSpec where several fit.
        """
        query = select(ApiKey).where(ApiKey.revoked_at.is_(None))
        if user_id is not None:
            query = query.where(ApiKey.user_id == user_id)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            found = [row for row in session.scalars(query) if name in {row.name, row.id, row.prefix}]
            if not found:
                raise KeyNotFound(name)
            if len(found) > 1:
                raise InvalidSpec(f"{len(found)} keys are called that", hint="give the id of one")
            found[0].revoked_at = now
            subject, data = f"key:{found[0].id}", {"name": found[0].name}
            audit(session, at=now, actor=actor, action="key.revoked", subject=subject, data=data)

    def login_token(self, *, actor: str = "") -> str:
        """What a link needs that signs in whoever runs this machine: once, and within 15 minutes.

        The first time there is a user `admin` from then on. Raises
        Unauthenticated where every admin has been disabled.
        """
        token = secrets.token_urlsafe(32)
        with self._database.write() as session:
            now = self._database.now(session)
            session.execute(delete(LoginLink).where(LoginLink.expires_at <= now))
            user = first_admin(session, now=now)
            link = LoginLink(
                id=new_id(),
                user_id=user.id,
                hash=hashed(token),
                created_at=now,
                expires_at=now + LINK_LIFETIME,
            )
            session.add(link)
            audit(session, at=now, actor=actor, action="login_link.created", subject=f"user:{user.id}")
        return token

    def caller_of_bearer(self, secret: str) -> Caller:
        """Who comes with this key or access token; Unauthenticated."""
        return self.caller_of_key(secret) if secret.startswith(_PREFIX) else self._caller_of_token(secret)

    def caller_of_key(self, secret: str) -> Caller:
        """Whose key it is; Unauthenticated."""
        with self._database.read() as session:
            now = self._database.now(session)
            key = session.scalars(select(ApiKey).where(ApiKey.hash == hashed(secret))).one_or_none()
            caller = _of_key(session, key, now=now)
        if key is not None and (key.used_at is None or now - key.used_at >= _USED_EVERY):
            with self._database.write() as session:
                used = session.get(ApiKey, key.id)
                if used is not None:
                    used.used_at = now
        return caller

    def caller_of_session(self, secret: str) -> Caller:
        """Who is signed in with this cookie; Unauthenticated."""
        with self._database.read() as session:
            now = self._database.now(session)
            row = session.scalars(select(UserSession).where(UserSession.hash == hashed(secret))).one_or_none()
            caller = _of_session(session, row, now=now)
        if row is not None and now - row.used_at >= _USED_EVERY:
            with self._database.write() as session:
                used = session.get(UserSession, row.id)
                if used is not None:
                    used.used_at = now
        return caller

    def _caller_of_token(self, token: str) -> Caller:
        with self._database.read() as session:
            now = self._database.now(session)
            said = self._tokens().read(token, now=now)
            caller = _of_session(session, session.get(UserSession, said.session_id), now=now)
        if (caller.user_id, caller.version) != (said.user_id, said.version):
            raise Unauthenticated(
                "the rights of the token's user have changed", hint="get a new one from /api/v1/auth/refresh"
            )
        return caller


def hashed(secret: str) -> str:
    """What is kept of a secret that we made."""
    # Fast on purpose: what is guessed at has 256 random bits, unlike a password.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _of_key(session: Session, key: ApiKey | None, *, now: datetime) -> Caller:
    if key is None or key.revoked_at is not None:
        raise Unauthenticated("the key is not valid", hint="`framemill keys create` makes one")
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthenticated("the key has expired", hint="`framemill keys create` makes a new one")
    user = None if key.user_id is None else session.get_one(User, key.user_id)
    if user is not None and user.disabled_at is not None:
        raise Unauthenticated("the key is not valid", hint="its user has been disabled")
    admin, roles = (True, {}) if user is None else _rights(session, user)
    if (place := key.workspace_id) is not None:
        role = Role.MANAGER if admin else roles.get(place)
        admin, roles = False, {} if role is None else {place: role}
    return Caller(
        id=key.id,
        name=f"key:{key.name}" if user is None else user.name,
        scope=Scope(key.scope),
        admin=admin,
        roles=roles,
        user_id=key.user_id,
        version=0 if user is None else user.token_version,
    )


def _of_session(session: Session, row: UserSession | None, *, now: datetime) -> Caller:
    user = None if row is None else session.get_one(User, row.user_id)
    if row is None or user is None or is_over(row, now=now) or user.disabled_at is not None:
        raise Unauthenticated("the session has ended", hint="sign in; `framemill keys login` prints a link")
    admin, roles = _rights(session, user)
    return Caller(
        id=row.id,
        name=user.name,
        scope=Scope.ADMIN,
        admin=admin,
        roles=roles,
        in_person=True,
        user_id=user.id,
        version=user.token_version,
    )


def _rights(session: Session, user: User) -> tuple[bool, dict[str, Role]]:
    if user.admin:
        return True, {}
    rows = session.execute(
        select(Membership.workspace_id, Membership.role).where(Membership.user_id == user.id)
    )
    return False, {place: Role(role) for place, role in rows}
