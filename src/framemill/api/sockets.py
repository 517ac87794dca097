"""Admission of WebSockets: where they come from, who opens them, how much and how long they may.

What is said over one is its endpoint's matter. One looks like this:

    @router.websocket("/ws/jobs")
    async def listen(socket: WebSocket) -> None:
        await admit(socket, _talk, action=Action.JOBS_READ)

    async def _talk(visit: Visit) -> None:
        while True:
            text = await visit.receive()

It ends by returning, or by raising `Closing` with a code. Who opens it says
who they are by the header Authorization, by the subprotocol
`framemill.bearer.<token>`, by the session's cookie where a page of ours opens
it, or in its first message: {"type": "auth", "token": "..."}. The same message
later renews a token that is about to expire. Addresses never hold tokens.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from fastapi import WebSocket
from starlette.requests import Request
from starlette.websockets import WebSocketDisconnect

from framemill.api.dependencies import Action, Caller
from framemill.api.doorkeeper import Close, Closing, Credential, Doorkeeper, Guest, credential_of
from framemill.api.problems import respond
from framemill.errors import Forbidden, FramemillError, LimitExceeded

__all__ = ["PROTOCOL", "Bounds", "Close", "Closing", "Visit", "admit"]

log = logging.getLogger(__name__)

PROTOCOL: Final = "framemill.v1"
_BEARER: Final = "framemill.bearer."
_LONGEST_TOKEN = 4096
_LONGEST_REASON = 120  # bytes; the protocol takes 123


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much and how long."""

    largest: int = 64 * 1024  # bytes of one message; the server itself takes no more than 1 MiB
    idle_s: float | None = None  # without a message from the client; pings of the protocol are none
    stalled_s: float = 20.0  # until a message of ours is on its way
    introduced_s: float = 10.0  # until the client has said who it is


class Visit:
    """A WebSocket that was let in."""

    def __init__(self, socket: WebSocket, guest: Guest, doorkeeper: Doorkeeper, bounds: Bounds) -> None:
        self.app = doorkeeper.app
        self._socket = socket
        self.guest = guest
        self._doorkeeper = doorkeeper
        self._bounds = bounds

    @property
    def caller(self) -> Caller:
        """Who opened it."""
        return self.guest.caller

    async def receive(self) -> str | bytes:
        """The next message. Raises Closing where it is too large or does not come, WebSocketDisconnect."""
        while True:
            try:
                async with asyncio.timeout(self._bounds.idle_s):
                    message = await _message(self._socket, self._bounds.largest)
            except TimeoutError:
                raise Closing(Close.TIMEOUT, "nothing was said for too long") from None
            if (credential := _introduction(message)) is None:
                return message
            self.guest.renew(credential, await self._doorkeeper.known(credential, self.guest.action))

    async def send(self, message: str | bytes) -> None:
        """Send one; Closing where the client does not read, WebSocketDisconnect."""
        try:
            async with asyncio.timeout(self._bounds.stalled_s):
                if isinstance(message, str):
                    await self._socket.send_text(message)
                else:
                    await self._socket.send_bytes(message)
        except TimeoutError:
            raise Closing(Close.TIMEOUT, "slow: messages were not read") from None

    def end(self, code: Close, reason: str) -> None:
        """End it soon, from another task of the same loop."""
        self.guest.end(code, reason)


async def admit(
    socket: WebSocket,
    endpoint: Callable[[Visit], Awaitable[None]],
    *,
    action: Action,
    bounds: Bounds | None = None,
) -> None:
    """Let a WebSocket in that may do `action`, talk to it by `endpoint`, and close it."""
    bounds = bounds or Bounds()
    doorkeeper: Doorkeeper = socket.app.state.doorkeeper
    own_page = _is_own_page(socket)
    if not own_page and not _may_open(socket):
        refused = Forbidden("pages of other sites may not open this", hint="FRAMEMILL_ALLOWED_ORIGINS")
        await _refuse(socket, 403, refused)
        return
    try:
        with doorkeeper.place():
            closing = await _let_in(socket, endpoint, doorkeeper, action, bounds, own_page=own_page)
    except Closing as full:
        await _refuse(socket, 503, LimitExceeded(full.reason, hint="try again later"))
        return
    if closing is not None:
        # Who does not read does not read this either.
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(1):
                await socket.close(int(closing.code), _short(closing.reason))


async def _let_in(
    socket: WebSocket,
    endpoint: Callable[[Visit], Awaitable[None]],
    doorkeeper: Doorkeeper,
    action: Action,
    bounds: Bounds,
    *,
    own_page: bool,
) -> Closing | None:
    """Why it is to be closed; None where the client has gone."""
    # The token that came beside it is never sent back.
    await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
    try:
        credential = _credential(socket, own_page=own_page) or await _introduced(socket, bounds)
        caller = await doorkeeper.known(credential, action)
        with doorkeeper.guest(credential, caller, action) as guest:
            await endpoint(Visit(socket, guest, doorkeeper, bounds))
    except Closing as closing:
        return closing
    except WebSocketDisconnect:
        return None
    except FramemillError as error:
        log.warning("socket.failed code=%s: %s", error.code, error)
        return Closing(Close.FAULT, error.code)
    except Exception as error:
        log.error("socket.crashed path=%s", socket.scope["path"], exc_info=error)
        return Closing(Close.FAULT, "something unexpected happened; this is a defect of Framemill")
    return Closing(Close.ENDED, "")


def _credential(socket: WebSocket, *, own_page: bool) -> Credential | None:
    offered = [p.removeprefix(_BEARER) for p in socket.scope["subprotocols"] if p.startswith(_BEARER)]
    if offered:
        return Credential(secret=offered[0])
    found = credential_of(socket)
    # Only a browser has a cookie, and it always says whose page opens the socket.
    return found if found is not None and (own_page or not found.session) else None


async def _introduced(socket: WebSocket, bounds: Bounds) -> Credential:
    try:
        async with asyncio.timeout(bounds.introduced_s):
            found = _introduction(await _message(socket, _LONGEST_TOKEN + 100))
    except TimeoutError:
        raise Closing(Close.TIMEOUT, "the client did not say who it is") from None
    if found is None:
        raise Closing(Close.UNAUTHENTICATED, 'the first message must be {"type": "auth", "token": "..."}')
    return found


def _introduction(message: str | bytes) -> Credential | None:
    """The token of a message of the type `auth`; None for any other."""
    # Most messages are none, and need not be read twice.
    if not isinstance(message, str) or len(message) > _LONGEST_TOKEN + 100 or '"auth"' not in message:
        return None
    with suppress(ValueError, RecursionError):
        said = json.loads(message)
        if isinstance(said, dict) and said.get("type") == "auth" and isinstance(said.get("token"), str):
            return Credential(secret=said["token"])
    return None


async def _message(socket: WebSocket, largest: int) -> str | bytes:
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text: str | None = event.get("text")
    message: str | bytes = event["bytes"] if text is None else text
    if len(message) > largest:
        raise Closing(Close.TOO_LARGE, f"a message may have {largest} bytes")
    return message


def _is_own_page(socket: WebSocket) -> bool:
    origin = socket.headers.get("origin")
    return origin is not None and origin.partition("://")[2] == socket.headers.get("host")


def _may_open(socket: WebSocket) -> bool:
    """True for programs, which are no page's, and for pages that the settings name."""
    origin = socket.headers.get("origin")
    doorkeeper: Doorkeeper = socket.app.state.doorkeeper
    allowed = doorkeeper.app.settings.allowed_origins.split(",")
    return origin is None or origin.lower() in {one.strip().lower().rstrip("/") for one in allowed}


async def _refuse(socket: WebSocket, status: int, error: FramemillError) -> None:
    request = Request({**socket.scope, "type": "http"})
    headers = {"Retry-After": "5"} if status == 503 else None
    refusal = respond(
        request, status=status, code=error.code, detail=error.message, hint=error.hint, headers=headers
    )
    await socket.send_denial_response(refusal)


def _short(reason: str) -> str:
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
