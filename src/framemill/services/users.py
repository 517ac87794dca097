"""People: making users, changing what they may do, and letting them in no more."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.errors import IllegalTransition, InvalidSpec, NameTaken
from framemill.services.passwords import Passwords
from framemill.store.access_tables import User
from framemill.store.accounts import end_sessions, find_user, is_last_admin, list_users
from framemill.store.base import Json
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.shelves import is_taken
from framemill.store.workers import audit

LONGEST_NAME: Final = 60
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """A person, without their password."""

    id: str
    name: str
    admin: bool
    disabled: bool
    has_password: bool
    created_at: datetime
    signed_in_at: datetime | None

    @classmethod
    def of(cls, row: User) -> "UserRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            name=row.name,
            admin=row.admin,
            disabled=row.disabled_at is not None,
            has_password=row.password_hash is not None,
            created_at=row.created_at,
            signed_in_at=row.signed_in_at,
        )


class UserChanges(TypedDict, total=False):
    """What may be changed of a user; what is not given stays."""

    admin: bool
    disabled: bool
    password: str


class Users:
    """The use cases around users."""

    def __init__(self, database: Database, *, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    def create(
        self, name: str, *, password: str | None = None, admin: bool = False, actor: str = ""
    ) -> UserRecord:
        """A new user, who without a password cannot sign in yet. InvalidSpec, NameTaken."""
        name = _checked(name)
        kept = None if password is None else self._passwords.hash(password, user=name)
        row = User(id=new_id(), name=name, password_hash=kept, admin=admin)
        try:
            with self._database.write(durable=True) as session:
                row.created_at = row.updated_at = now = self._database.now(session)
                session.add(row)
                session.flush()
                _audit(session, row, "user.created", actor=actor, now=now, data={"admin": admin})
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise NameTaken(name) from None
        return UserRecord.of(row)

    def get(self, name_or_id: str) -> UserRecord:
        """One user; UserNotFound."""
        with self._database.read() as session:
            return UserRecord.of(find_user(session, name_or_id))

    def list(self, *, after: str | None = None, limit: int | None = None) -> tuple[UserRecord, ...]:
        """The oldest first; `after` is the last id of the page before."""
        with self._database.read() as session:
            return tuple(UserRecord.of(row) for row in list_users(session, after=after, limit=limit))

    def edit(
        self,
        name_or_id: str,
        changes: UserChanges,
        *,
        actor: str = "",
        check: Callable[[UserRecord], None] = lambda _: None,
    ) -> UserRecord:
        """Change what is given; access tokens end by that, and where the user may no more sign in, all ends.

        Nothing is changed where `check` raises something at the sight of how it is.
        Raises UserNotFound, InvalidSpec, and IllegalTransition where no admin would be left.
        """
        kept = None
        if (password := changes.get("password")) is not None:
            kept = self._passwords.hash(password, user=self.get(name_or_id).name)
        with self._database.write(durable=True) as session:
            row, now = find_user(session, name_or_id, lock=True), self._database.now(session)
            check(UserRecord.of(row))
            if (changes.get("disabled") or changes.get("admin") is False) and is_last_admin(session, row):
                raise IllegalTransition(
                    f"{row.name!r} is the last admin", hint="make another user an admin first"
                )
            row.admin = changes.get("admin", row.admin)
            if "disabled" in changes:
                row.disabled_at = (row.disabled_at or now) if changes["disabled"] else None
            if kept is not None:
                row.password_hash = kept
            row.token_version += 1
            row.updated_at = now
            if kept is not None or row.disabled_at is not None:
                end_sessions(session, row.id, now=now)
            data: Json = {name: value for name, value in changes.items() if name != "password"}
            data["new_password"] = kept is not None
            _audit(session, row, "user.changed", actor=actor, now=now, data=data)
        return UserRecord.of(row)


def _checked(name: str) -> str:
    name = name.lower()
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise InvalidSpec(
            f"a user's name has 1 to {LONGEST_NAME} letters from a to z, digits, and . _ @ + -",
            hint="it begins with a letter or a digit",
        )
    return name


def _audit(session: Session, row: User, action: str, *, actor: str, now: datetime, data: Json) -> None:
    audit(
        session, at=now, actor=actor, action=action, subject=f"user:{row.id}", data={"name": row.name, **data}
    )
