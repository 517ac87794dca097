"""Answers that are streams of server-sent events, for as long as their reader may and wants to read."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from framemill.api.dependencies import Action, Caller
from framemill.api.doorkeeper import Close, Closing, Credential, Doorkeeper
from framemill.api.hub import Hub
from framemill.api.listeners import Listener
from framemill.api.problems import respond
from framemill.errors import LimitExceeded

HEARTBEAT_S: Final = 15.0
_STALLED_S: Final = 20.0
_HEARTBEAT = b": still here\n\n"
_STATUS = {Close.TOO_MANY: 429, Close.UNAVAILABLE: 503}

# What a listener is told, in pieces of bytes; b"" where there is nothing to tell but that we are here.
Telling = Callable[[Listener], AsyncIterator[bytes]]


# For the description of the API: one event, as clients take it apart.
EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "text/event-stream": {
                # What an event holds, OpenAPI 3.1 cannot say: docs/live.md.
                "schema": {"type": "string"}
            }
        }
    }
}


class EventText(Response):
    """What the description of the API says of such an answer."""

    media_type = "text/event-stream"


class EventStream(EventText):
    """`telling` says what to send; the stream ends when it does, or when the reader may read no more."""

    def __init__(
        self,
        hub: Hub,
        doorkeeper: Doorkeeper,
        credential: Credential,
        caller: Caller,
        telling: Telling,
    ) -> None:
        super().__init__(status_code=200, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._doorkeeper = doorkeeper
        self._credential = credential
        self._caller = caller
        self._telling = telling
        self._started = False
        self._gone = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The whole stream."""
        try:
            with (
                self._doorkeeper.place(),
                self._doorkeeper.guest(self._credential, self._caller, Action.JOBS_READ) as guest,
                self._hub.listener(guest) as listener,
            ):
                await self._tell(listener, receive, send)
        except Closing as closing:
            if not self._started:
                await _refusal(scope, closing)(scope, receive, send)
                return
            told = json.dumps({"code": int(closing.code), "reason": closing.reason})
            # Who does not read does not read this either.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._send(send, f"event: closed\ndata: {told}\n\n".encode(), more=False)

    async def _tell(self, listener: Listener, receive: Receive, send: Send) -> None:
        watch = asyncio.create_task(self._watch(receive, listener))
        try:
            await self._hub.ready()
            self._started = True
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async for piece in self._telling(listener):
                if self._gone:
                    return
                try:
                    async with asyncio.timeout(_STALLED_S):
                        await self._send(send, piece or _HEARTBEAT)
                except TimeoutError:
                    raise Closing(Close.TIMEOUT, "slow: events were not read") from None
            await self._send(send, b"", more=False)
        finally:
            watch.cancel()

    async def _send(self, send: Send, piece: bytes, *, more: bool = True) -> None:
        await send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _watch(self, receive: Receive, listener: Listener) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        self._gone = True
        listener.wake()


def _refusal(scope: Scope, closing: Closing) -> Response:
    status = _STATUS.get(closing.code, 503)
    return respond(
        Request(scope),
        status=status,
        code=LimitExceeded.code,
        detail=closing.reason,
        hint="close some that are open, or try again later",
        headers={"Retry-After": "5"},
    )
