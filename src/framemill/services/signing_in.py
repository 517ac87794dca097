"""Sessions of people: beginning one with a link or a password, keeping it going, seeing and ending them.

Who may come in with one, `services.access` says. Counting attempts is the
door's work.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from framemill.domain.access import Caller
from framemill.errors import Forbidden, SessionNotFound, Unauthenticated
from framemill.services.access import hashed
from framemill.services.access_tokens import LIFETIME, AccessTokens, Claims
from framemill.services.passwords import Passwords
from framemill.store.access_tables import LoginLink, RefreshToken, User, UserSession
from framemill.store.accounts import end_sessions, is_over, live_sessions, named_user
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.workers import asked_from, audit

SESSION_LIFETIME: Final = timedelta(days=7)  # with a cookie
TOKENS_LIFETIME: Final = timedelta(days=30)  # of a family of refresh tokens, however often it is renewed
_WRONG = "the name or the password is wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session as only its browser ever sees it."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTokens:
    """What a program goes on with. The refresh token works once."""

    access_token: str
    expires_in: timedelta
    refresh_token: str
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """Somewhere a user is signed in."""

    id: str
    browser: bool  # else a program with tokens
    address: str | None
    agent: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


class SignIn:
    """The use cases around sessions."""

    def __init__(
        self, database: Database, *, passwords: Passwords, tokens: Callable[[], AccessTokens]
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._tokens = tokens

    def with_link(self, token: str, *, agent: str = "") -> NewSession:
        """A browser's session for a link's token, which is used up by that; Unauthenticated."""
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            # One statement: of two who come with the same token, one gets in.
            link = session.execute(
                delete(LoginLink)
                .where(LoginLink.hash == hashed(token))
                .returning(LoginLink.expires_at, LoginLink.user_id)
            ).one_or_none()
            if link is not None and link.expires_at > now:
                user = session.get_one(User, link.user_id, with_for_update=True)
                if user.disabled_at is None:
                    return self._for_browser(session, user, agent=agent, how="link", now=now)
        raise Unauthenticated(
            "the login link was used already or has expired", hint="`framemill keys login` prints a new one"
        )

    def with_cookie(self, name: str, password: str, *, agent: str = "") -> NewSession:
        """A browser's session for a password; Unauthenticated, the same whatever is wrong."""
        known = self._known(name, password)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            user = _unchanged(session, known)
            return self._for_browser(session, user, agent=agent, how="password", now=now)

    def with_tokens(self, name: str, password: str, *, agent: str = "") -> NewTokens:
        """A program's session for a password; Unauthenticated, the same whatever is wrong."""
        known = self._known(name, password)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            user = _unchanged(session, known)
            row = _begun(session, user, agent=agent, how="password", lifetime=TOKENS_LIFETIME, now=now)
            return self._renewed(session, row, user, now=now)

    def refresh(self, token: str) -> NewTokens:
        """New tokens for a refresh token that was not used yet; Unauthenticated.

        One that was used already is in more than one pair of hands, so its
        session ends.
        """
        digest = hashed(token)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            # One statement: of two who come with the same token, one gets through.
            session_id = session.scalars(
                update(RefreshToken)
                .where(RefreshToken.hash == digest, RefreshToken.used_at.is_(None))
                .values(used_at=now)
                .returning(RefreshToken.session_id)
                .execution_options(synchronize_session=False)
            ).one_or_none()
            if session_id is None:
                self._reused(session, session.get(RefreshToken, digest), now=now)
            else:
                row = session.get_one(UserSession, session_id)
                user = session.get_one(User, row.user_id)
                if not is_over(row, now=now) and user.disabled_at is None:
                    row.used_at = now
                    return self._renewed(session, row, user, now=now)
        raise Unauthenticated("the refresh token is not valid", hint="sign in again")

    def sessions(self, caller: Caller) -> tuple[SessionRecord, ...]:
        """Where the caller's user is signed in, the newest first."""
        if caller.user_id is None:
            return ()
        with self._database.read() as session:
            now = self._database.now(session)
            return tuple(
                SessionRecord(
                    id=row.id,
                    browser=row.hash is not None,
                    address=row.address,
                    agent=row.agent,
                    created_at=row.created_at,
                    used_at=row.used_at,
                    expires_at=row.expires_at,
                )
                for row in live_sessions(session, caller.user_id, now=now)
            )

    def sign_out(self, caller: Caller, session_id: str) -> None:
        """End a session of the caller's user at once, with all its tokens; SessionNotFound."""
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            mine = {row.id: row for row in live_sessions(session, caller.user_id or "", now=now)}
            if (row := mine.get(session_id)) is None:
                raise SessionNotFound(session_id)
            row.revoked_at = now
            _note(session, caller.name, "session.closed", row.id, now=now)

    def change_password(self, caller: Caller, *, old: str | None, new: str) -> None:
        """Another password for the caller's user; all their other sessions end, and all access tokens.

        Raises Forbidden where the old one is wrong, InvalidSpec and WeakPassword where
        the new one is too easily guessed.
        """
        with self._database.read() as session:
            user = session.get_one(User, caller.user_id)
        if user.password_hash is not None and not self._passwords.fits(old or "", user.password_hash):
            with self._database.write(durable=True) as session:
                now, subject = self._database.now(session), f"user:{user.id}"
                audit(
                    session,
                    at=now,
                    actor=user.name,
                    action="user.password_changed",
                    subject=subject,
                    outcome="refused",
                )
            raise Forbidden("the old password is wrong")
        kept = self._passwords.hash(new, user=user.name)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            row = session.get_one(User, caller.user_id, with_for_update=True)
            row.password_hash, row.updated_at = kept, now
            row.token_version += 1
            end_sessions(session, row.id, now=now, but=caller.id)
            audit(session, at=now, actor=row.name, action="user.password_changed", subject=f"user:{row.id}")

    def _known(self, name: str, password: str) -> User:
        """The user whose name and password these are; Unauthenticated."""
        with self._database.read() as session:
            user = named_user(session, name.strip().lower().replace("\0", " "))
        kept = None if user is None or user.disabled_at is not None else user.password_hash
        if self._passwords.fits(password, kept) and user is not None:
            return user
        with self._database.write(durable=True) as session:
            # A name that nobody has may be a password in the wrong field.
            subject, actor = (f"user:{user.id}", user.name) if user else ("user:unknown", "")
            now = self._database.now(session)
            audit(session, at=now, actor=actor, action="session.opened", subject=subject, outcome="refused")
        raise Unauthenticated(_WRONG)

    def _for_browser(
        self, session: Session, user: User, *, agent: str, how: str, now: datetime
    ) -> NewSession:
        secret = secrets.token_urlsafe(32)
        row = _begun(session, user, agent=agent, how=how, lifetime=SESSION_LIFETIME, now=now)
        row.hash = hashed(secret)
        return NewSession(secret=secret, expires_at=row.expires_at)

    def _renewed(self, session: Session, row: UserSession, user: User, *, now: datetime) -> NewTokens:
        token = secrets.token_urlsafe(32)
        session.add(RefreshToken(hash=hashed(token), session_id=row.id, created_at=now))
        claims = Claims(user_id=user.id, session_id=row.id, version=user.token_version)
        return NewTokens(
            access_token=self._tokens().issue(claims, now=now),
            expires_in=LIFETIME,
            refresh_token=token,
            refresh_expires_at=row.expires_at,
        )

    def _reused(self, session: Session, token: RefreshToken | None, *, now: datetime) -> None:
        row = None if token is None else session.get(UserSession, token.session_id, with_for_update=True)
        if row is None or is_over(row, now=now):
            return
        row.revoked_at = now
        user = session.get_one(User, row.user_id)
        _note(session, user.name, "session.refresh_reused", row.id, now=now, outcome="refused")


def _begun(
    session: Session, user: User, *, agent: str, how: str, lifetime: timedelta, now: datetime
) -> UserSession:
    """A new session; what has ended of the user's is forgotten."""
    session.execute(
        delete(UserSession)
        .where(UserSession.user_id == user.id, UserSession.expires_at <= now)
        .execution_options(synchronize_session=False)
    )
    row = UserSession(
        id=new_id(),
        user_id=user.id,
        address=asked_from.get(),
        agent="".join(c for c in agent if c.isprintable())[:200],
        created_at=now,
        used_at=now,
        expires_at=now + lifetime,
    )
    user.signed_in_at = now
    session.add(row)
    session.flush()
    audit(
        session,
        at=now,
        actor=user.name,
        action="session.opened",
        subject=f"session:{row.id}",
        data={"with": how},
    )
    return row


def _unchanged(session: Session, known: User) -> User:
    """The user whose password was right a moment ago, locked; Unauthenticated where it is another one now."""
    user = session.get_one(User, known.id, with_for_update=True)
    if user.disabled_at is not None or user.password_hash != known.password_hash:
        raise Unauthenticated(_WRONG)
    return user


def _note(
    session: Session, actor: str, action: str, session_id: str, *, now: datetime, outcome: str = "ok"
) -> None:
    audit(session, at=now, actor=actor, action=action, subject=f"session:{session_id}", outcome=outcome)
