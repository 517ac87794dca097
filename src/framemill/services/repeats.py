"""Requests that are sent again: one key stands for one request, and its answer is kept for a day.

What an answer is, doors say; here it is a status, an address and a text.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from framemill.errors import IdempotencyConflict, RequestInProgress
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.repeat_tables import KeyedRequest

KEPT: Final = timedelta(days=1)
# Whoever has not answered by then is gone: the next one who asks takes over.
_PATIENCE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to answer a request that is new."""

    caller: str
    key: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered."""

    status: int
    location: str | None = None
    body: str | None = None  # None: it is not kept


class Repeats:
    """The use cases around repeated requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, caller: str, key: str, digest: str) -> Claim | Answer:
        """What was answered to this request before, or the right to answer it now.

        `digest` tells requests apart. Raises IdempotencyConflict where the key
        was another request's, and RequestInProgress while somebody is at it.
        """
        try:
            return self._claim(caller, key, digest)
        except IntegrityError:
            # Somebody else was as quick with the same key; now theirs is found.
            return self._claim(caller, key, digest)

    def keep(self, claim: Claim, answer: Answer) -> None:
        """Note what was answered; nothing where another has taken over."""
        with self._database.write(durable=True) as session:
            row = session.get(KeyedRequest, (claim.caller, claim.key), with_for_update=True)
            if row is not None and row.claim == claim.id:
                row.status, row.location, row.body = answer.status, answer.location, answer.body
                row.expires_at = self._database.now(session) + KEPT

    def release(self, claim: Claim) -> None:
        """Forget a request that was refused: sent again, it is tried again."""
        with self._database.write() as session:
            session.execute(
                delete(KeyedRequest).where(
                    KeyedRequest.caller == claim.caller,
                    KeyedRequest.key == claim.key,
                    KeyedRequest.claim == claim.id,
                )
            )

    def clear(self) -> int:
        """Forget what nobody will repeat any more; returns how many."""
        with self._database.write() as session:
            now = self._database.now(session)
            gone = session.execute(
                delete(KeyedRequest).where(KeyedRequest.expires_at <= now).returning(KeyedRequest.key)
            )
            return len(gone.all())

    def _claim(self, caller: str, key: str, digest: str) -> Claim | Answer:
        claim = Claim(caller=caller, key=key, id=new_id())
        with self._database.write() as session:
            now = self._database.now(session)
            row = session.get(KeyedRequest, (caller, key), with_for_update=True)
            if row is not None and row.expires_at > now:
                if row.digest != digest:
                    raise IdempotencyConflict(key)
                if row.status is None:
                    raise RequestInProgress
                return Answer(status=row.status, location=row.location, body=row.body)
            if row is None:
                row = KeyedRequest(caller=caller, key=key)
                session.add(row)
            row.digest, row.claim, row.expires_at = digest, claim.id, now + _PATIENCE
            row.status = row.location = row.body = None
        return claim
