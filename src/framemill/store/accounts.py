"""Reading and changing users, memberships and sessions. What is a good reason to, the services know."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from framemill.domain.videos import is_id
from framemill.errors import Unauthenticated, UserNotFound
from framemill.store.access_tables import LoginLink, Membership, User, UserSession
from framemill.store.jobs import new_id

FIRST_ADMIN = "admin"


def find_user(session: Session, name_or_id: str, *, lock: bool = False) -> User:
    """The user; UserNotFound."""
    query = select(User)
    if is_id(name_or_id):
        query = query.where(User.id == str(UUID(name_or_id)))
    else:
        query = query.where(User.name == name_or_id.replace("\0", " ").lower())
    found = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise UserNotFound(name_or_id)
    return found


def named_user(session: Session, name: str) -> User | None:
    """The user of this name, None where there is none."""
    return session.scalars(select(User).where(User.name == name)).one_or_none()


def first_admin(session: Session, *, now: datetime) -> User:
    """The first admin that is not disabled, made where there never was one; Unauthenticated."""
    found = session.scalars(
        select(User).where(User.admin, User.disabled_at.is_(None)).order_by(User.id).limit(1)
    ).one_or_none()
    if found is not None:
        return found
    if named_user(session, FIRST_ADMIN) is not None:
        raise Unauthenticated(
            "no admin may sign in", hint=f"`framemill users enable {FIRST_ADMIN} --admin` lets one in"
        )
    made = User(id=new_id(), name=FIRST_ADMIN, admin=True, created_at=now, updated_at=now)
    session.add(made)
    session.flush()
    return made


def is_last_admin(session: Session, user: User) -> bool:
    """True where nobody else could steer the installation. Locks the admins."""
    admins = session.scalars(
        select(User).where(User.admin, User.disabled_at.is_(None)).order_by(User.id).with_for_update()
    )
    return [one.id for one in admins] == [user.id]


def list_users(session: Session, *, after: str | None = None, limit: int | None = None) -> Sequence[User]:
    """The oldest first, of those that are newer than `after`."""
    query = select(User).order_by(User.id).limit(limit)
    return session.scalars(query if after is None else query.where(User.id > after)).all()


def members_of(session: Session, workspace_id: str) -> Sequence[tuple[User, Membership]]:
    """Who may come into a workspace, by name; admins that are no members may too."""
    query = (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.workspace_id == workspace_id)
        .order_by(User.name)
    )
    return [(user, membership) for user, membership in session.execute(query)]


def is_over(row: UserSession, *, now: datetime) -> bool:
    """True where a session has ended."""
    return row.revoked_at is not None or row.expires_at <= now


def live_sessions(session: Session, user_id: str, *, now: datetime) -> Sequence[UserSession]:
    """A user's sessions that have not ended, the newest first."""
    return session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None), UserSession.expires_at > now)
        .order_by(UserSession.id.desc())
    ).all()


def end_sessions(session: Session, user_id: str, *, now: datetime, but: str | None = None) -> None:
    """End all of a user's sessions and links, but the one with this id."""
    ending = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    if but is not None:
        ending = ending.where(UserSession.id != but)
    session.execute(ending.values(revoked_at=now).execution_options(synchronize_session=False))
    session.execute(delete(LoginLink).where(LoginLink.user_id == user_id))
