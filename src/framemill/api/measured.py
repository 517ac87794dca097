"""Counts and logs each request by its route's template; addresses and what they hold are in neither."""

import time
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framemill.api.zero_copy import ZERO_COPY
from framemill.telemetry.log import get_log
from framemill.telemetry.requests import OTHER, Requests

log = get_log(__name__)

# Answered without FastAPI's router (`api.media_door`), and the many.
_MEDIA: Final = (("/media/", "/media/{token}/{path}"), ("/storage/files/", "/storage/files/{key}"))
_QUIET: Final = frozenset({*(route for _, route in _MEDIA), "/health/live", "/health/ready", "/metrics"})


class Measured:
    """One request: how long it took, how it ended, how many bytes it was."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        requests: Requests,
        prefix: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._requests = requests
        self._prefix = prefix  # of most routes, which do not know it
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, received, sent = self._clock(), 0, 0, 0

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            elif message["type"] == ZERO_COPY:
                sent += message["count"]
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            took, route = self._clock() - began, route_of(scope, prefix=self._prefix)
            self._requests.count(
                method=scope["method"], route=route, status=status, seconds=took, received=received, sent=sent
            )
            say = log.debug if route in _QUIET else log.info
            say(
                "request.answered",
                method=scope["method"],
                route=route,
                status=status,
                ms=round(took * 1000, 1),
                sent=sent,
            )


def route_of(scope: Scope, *, prefix: str) -> str:
    """The template of the route that answered: `/api/v1/jobs/{job_id}`; `other` where none did."""
    path: str = scope["path"]
    template = next((template for prefix, template in _MEDIA if path.startswith(prefix)), None)
    if template is None:
        template = getattr(scope.get("route"), "path", None)
    if not isinstance(template, str):
        return OTHER
    inside = path.startswith(f"{prefix}/") and not template.startswith(f"{prefix}/")
    return f"{prefix}{template}" if inside else template
