"""HEAD, OPTIONS, and what `Allow` says: the same for every address, from what its routes take."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ASKED: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")
_NOT_ALLOWED: Final = 405


class Methods:
    """Answers HEAD as GET without its body, OPTIONS with what an address takes, and completes `Allow`."""

    def __init__(self, app: ASGIApp, *, routes: FastAPI, literal: Mapping[str, AbstractSet[str]]) -> None:
        self._app = app
        self._routes = routes
        # Methods of addresses that have no parameters: such a one is never taken for an id.
        self._literal = literal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD" and self._takes(scope, "GET") and not self._takes(scope, "HEAD"):
            await self._head(scope, receive, send)
            return
        asks = scope["method"] == "OPTIONS" and not self._takes(scope, "OPTIONS")
        if asks and (allowed := self._allowed(scope)):
            await Response(status_code=204, headers={"Allow": allowed})(scope, receive, send)
            return

        if scope["path"] in self._literal and not self._takes(scope, scope["method"]):
            scope = {**scope, "method": "TRACE"}  # which nothing takes

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _NOT_ALLOWED:
                MutableHeaders(scope=message)["Allow"] = self._allowed(scope)
            await send(message)

        await self._app(scope, receive, completed)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def without_body(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        async def until_begun() -> Message:
            # What streams would go on for nobody.
            return {"type": "http.disconnect"} if begun else await receive()

        await self._app({**scope, "method": "GET"}, until_begun, without_body)

    def _allowed(self, scope: Scope) -> str:
        return ", ".join(self._methods(scope))

    def _methods(self, scope: Scope) -> Iterator[str]:
        found = [method for method in _ASKED if self._takes(scope, method)]
        if not found:
            return
        yield from found
        if "GET" in found:
            yield "HEAD"
        yield "OPTIONS"

    def _takes(self, scope: Scope, method: str) -> bool:
        if (known := self._literal.get(scope["path"])) is not None:
            return method in known
        asked = {**scope, "method": method}
        return any(route.matches(asked)[0] is Match.FULL for route in self._routes.routes)
