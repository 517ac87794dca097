"""Who is in for longer than one request: how many, whether they still may be, and ending them.

Streams of events and WebSockets stay open for hours. Each is a guest here:
counted, asked again now and then whether its key or session still holds, and
ended where that has changed or the server goes down.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from fastapi.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from framemill.api.dependencies import COOKIE, Action, Caller
from framemill.app import App
from framemill.errors import DatabaseUnavailable, Unauthenticated

log = logging.getLogger(__name__)

RECHECK_S = 60.0
MOST = 2000  # guests of a process
MOST_EACH = 50  # of one key or session; a browser's tabs share one


class Close(IntEnum):
    """Why a WebSocket is closed; 4xyz are ours, and xyz is the HTTP status that says nearly the same."""

    ENDED = 1000
    FAULT = 1011
    BAD_MESSAGE = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TIMEOUT = 4408
    TOO_LARGE = 4413
    TOO_MANY = 4429
    UNAVAILABLE = 4503


class Closing(Exception):
    """What is open ends here, for a reason that the client is told: at most 120 bytes."""

    def __init__(self, code: Close, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """How somebody says who they are."""

    secret: str = field(repr=False)
    session: bool = False  # a browser's cookie, and no key

    def caller(self, app: App) -> Caller:
        """Whose it is, as of now; Unauthenticated."""
        if self.session:
            return app.access.caller_of_session(self.secret)
        return app.access.caller_of_bearer(self.secret)


def credential_of(connection: HTTPConnection) -> Credential | None:
    """What a request's headers say; None where they say nothing that could be understood."""
    if (given := connection.headers.get("authorization")) is not None:
        kind, _, secret = given.partition(" ")
        return Credential(secret=secret.strip()) if kind.lower() == "bearer" and secret.strip() else None
    cookie = connection.cookies.get(COOKIE)
    return None if cookie is None else Credential(secret=cookie, session=True)


class Guest:
    """Somebody who is in. It lives in the task that let it in, and ends with it."""

    def __init__(self, credential: Credential, caller: Caller, action: Action) -> None:
        self.credential = credential
        self.caller = caller
        self.action = action
        self.closing: Closing | None = None
        self._task: asyncio.Task[Any] | None = asyncio.current_task()

    def end(self, code: Close, reason: str) -> None:
        """End it soon, from another task of the same loop; the first reason counts."""
        if self.closing is None and self._task is not None:
            self.closing = Closing(code, reason)
            self._task.cancel()

    def renew(self, credential: Credential, caller: Caller) -> None:
        """Go on with another credential of the same rights; Closing where they are others."""
        if _rights(caller) != _rights(self.caller):
            raise Closing(Close.FORBIDDEN, "the new token is not the same caller's")
        self.credential, self.caller = credential, caller


class Doorkeeper:
    """Lets guests in and looks after them; everything but `shut` happens in the server's loop."""

    def __init__(
        self, app: App, *, most: int = MOST, most_each: int = MOST_EACH, recheck_s: float = RECHECK_S
    ) -> None:
        self.app = app
        self.recheck_s = recheck_s
        self._most = most
        self._most_each = most_each
        self._inside = 0  # also who has not said yet who it is
        self._each: Counter[str] = Counter()
        self._guests: set[Guest] = set()
        self._rounds: asyncio.Task[None] | None = None
        self._shut = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one more. Raises Closing where there is none, or the server goes down."""
        if self._shut:
            raise Closing(Close.UNAVAILABLE, "the server is going down")
        if self._inside >= self._most:
            raise Closing(Close.UNAVAILABLE, "too many connections are open at this server")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    @contextmanager
    def guest(self, credential: Credential, caller: Caller, action: Action) -> Iterator[Guest]:
        """Somebody who has a place, and who is known by now; Closing where they have too many already.

        Where the guest is ended meanwhile, Closing is raised from the block.
        """
        if self._each[caller.id] >= self._most_each:
            raise Closing(Close.TOO_MANY, f"this caller has {self._most_each} connections already")
        guest = Guest(credential, caller, action)
        self._each[caller.id] += 1
        self._guests.add(guest)
        if self._rounds is None or self._rounds.done():
            # In a context of its own: it is not done for whoever happens to come first.
            self._rounds = asyncio.create_task(self._go_round(), name="doorkeeper", context=Context())
        try:
            yield guest
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if guest.closing is None or task is None or task.uncancel() > 0:
                raise
            raise guest.closing from None
        finally:
            self._guests.discard(guest)
            self._each[caller.id] -= 1
            if not self._each[caller.id]:
                del self._each[caller.id]

    async def known(self, credential: Credential, action: Action) -> Caller:
        """Whose credential it is, where they may do this; Closing."""
        try:
            caller = await run_in_threadpool(credential.caller, self.app)
        except Unauthenticated as error:
            raise Closing(Close.UNAUTHENTICATED, error.message) from None
        except DatabaseUnavailable:
            raise Closing(Close.UNAVAILABLE, "the database cannot be used just now") from None
        if not caller.could(action):
            raise Closing(Close.FORBIDDEN, f"the caller may not do this: {action}")
        return caller.asks(action)

    def shut(self) -> None:
        """Let nobody in any more and send everybody away; in the loop of the server that ends."""
        self._shut = True
        for guest in list(self._guests):
            guest.end(Close.UNAVAILABLE, "the server is going down")

    async def _go_round(self) -> None:
        while self._guests:
            await asyncio.sleep(self.recheck_s)
            # Tabs and programs share keys: each is looked up once.
            for credential in {guest.credential for guest in self._guests}:
                with suppress(DatabaseUnavailable):  # the next round finds it out
                    await self._check(credential)

    async def _check(self, credential: Credential) -> None:
        caller, gone = None, ""
        try:
            caller = await run_in_threadpool(credential.caller, self.app)
        except Unauthenticated as error:
            gone = error.message
        for guest in [one for one in self._guests if one.credential == credential]:
            if caller is None:
                guest.end(Close.UNAUTHENTICATED, gone)
            elif not caller.could(guest.action) or _rights(caller) != _rights(guest.caller):
                guest.end(Close.FORBIDDEN, "what the caller may do has changed")


def _rights(caller: Caller) -> Caller:
    """All but which of somebody's keys, sessions or tokens it is."""
    return replace(caller, id="", asking=None, version=0)
