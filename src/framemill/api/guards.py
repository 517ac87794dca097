"""What stands before every request: pure ASGI, so that bodies stream through untouched.

Slow headers never come as far as here: those are `api.server`'s matter.
"""

import asyncio
import logging
import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from framemill.api.problems import correlation_id, logged_path, respond
from framemill.errors import LimitExceeded, TimedOut
from framemill.store.workers import asked_from

log = logging.getLogger(__name__)

CORRELATION = "X-Correlation-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

# What every answer says, where it does not say otherwise itself.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Marked:
    """Gives a request its correlation id, the client's own where it is sound, and each answer headers.

    What is written down for the audit knows from here who is at the other end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(CORRELATION, "")
        own_id = given if _ID.fullmatch(given) else str(uuid7())
        scope.setdefault("state", {})["correlation_id"] = own_id
        # Of its own task, so it ends with the request.
        asked_from.set(scope["client"][0][:64] if scope.get("client") else None)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[CORRELATION] = own_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, marked)


class KnownHosts:
    """Refuses requests to names that are not ours: a page elsewhere may point a name of its own at us."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)  # empty: any

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] not in {"http", "websocket"} or not self._hosts or self._known(scope):
            await self._app(scope, receive, send)
            return
        request = Request({**scope, "type": "http"})
        refusal = respond(
            request,
            status=421,
            code="unknown_host",
            detail="this server is not known under that name",
            hint="use the address that `framemill serve` prints, or name the host in FRAMEMILL_ALLOWED_HOSTS",
        )
        await refusal(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        return re.sub(r":\d+$", "", host) in self._hosts


class Readable:
    """Refuses addresses with a zero in them: no name has one, and PostgreSQL takes none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        query = scope.get("query_string", b"")
        if scope["type"] != "http" or not ("\0" in scope["path"] or b"%00" in query or b"\0" in query):
            await self._app(scope, receive, send)
            return
        refusal = respond(
            Request(scope), status=400, code="bad_request", detail="the address has a zero byte in it"
        )
        await refusal(scope, receive, send)


class Bounded:
    """Ends requests whose body is too large or comes too slowly, and answers that nobody takes.

    Only the time that is spent waiting for the client counts. A player that
    pauses stops reading for long, so much more patience is had with answers.
    Endpoints at the addresses that `unbounded` fits know themselves how much
    they take, and end a request that brings more.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: int,
        unbounded: re.Pattern[str],
        grace_s: float = 20.0,
        bytes_per_s: int = 4096,
        stalled_s: float = 900.0,
    ) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._unbounded = unbounded
        self._grace_s = grace_s
        self._bytes_per_s = bytes_per_s
        self._stalled_s = stalled_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(
            receive,
            most_bytes=None if self._unbounded.match(scope["path"]) else self._most_bytes,
            grace_s=self._grace_s,
            bytes_per_s=self._bytes_per_s,
        )
        body.announced(Headers(scope=scope).get("content-length", ""))
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if body.refusal and not started:
                return  # what the application makes of half a body
            started = True
            async with asyncio.timeout(self._stalled_s):
                await send(message)

        if not body.refusal:
            try:
                await self._app(scope, body.receive, answer)
            except ClientDisconnect:
                if not body.refusal:
                    return
        if body.refusal and not started:
            status, code, detail, hint = body.refusal
            refusal = respond(
                Request(scope),
                status=status,
                code=code,
                detail=detail,
                hint=hint,
                # What is left of the body is not read.
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send)


class _Body:
    """A request's body as it comes in, with a measure and a clock."""

    def __init__(self, receive: Receive, *, most_bytes: int | None, grace_s: float, bytes_per_s: int) -> None:
        self._receive = receive
        self._most_bytes = most_bytes
        self._left_s = grace_s
        self._bytes_per_s = bytes_per_s
        self._bytes = 0
        self._over = False
        self.refusal: tuple[int, str, str, str] | None = None  # status, code, detail, hint

    def announced(self, length: str) -> None:
        """Take note of what the request says of itself."""
        if self._most_bytes is not None and length.isdecimal() and int(length) > self._most_bytes:
            self._refuse_size(self._most_bytes)

    async def receive(self) -> Message:
        """The next message; a disconnect where it does not come in time or is too much."""
        if self._over:
            return await self._receive()
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(max(0.0, self._left_s)):
                message = await self._receive()
        except TimeoutError:
            self.refusal = (
                408,
                TimedOut.code,
                "the request's body came too slowly",
                "try again on a better connection, or in smaller parts",
            )
            self._over = True
            return {"type": "http.disconnect"}
        size = len(message.get("body", b""))
        self._bytes += size
        if self._most_bytes is not None and self._bytes > self._most_bytes:
            self._refuse_size(self._most_bytes)
            self._over = True
            return {"type": "http.disconnect"}
        self._left_s += size / self._bytes_per_s - (clock() - began)
        self._over = not message.get("more_body", False)
        return message

    def _refuse_size(self, most: int) -> None:
        self.refusal = (
            413,
            LimitExceeded.code,
            f"the request's body is larger than {most} bytes",
            "files go up by an upload, not in a request",
        )


class Sheltered:
    """Lets nothing unforeseen through to the client but its correlation id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            raise
        except Exception as error:
            request = Request(scope)
            log.error(
                "request.crashed path=%s correlation_id=%s",
                *(logged_path(request), correlation_id(request)),
                exc_info=error,
            )
            if started:
                raise  # the connection is cut, so that nobody takes half an answer for a whole one
            problem = respond(
                request,
                status=500,
                code="internal_error",
                detail="something unexpected happened; this is a defect of Framemill",
                hint="report it with the correlation id; the server's log says more",
            )
            await problem(scope, receive, send)
