"""`/media` and `/storage/files`: stored files to whoever comes with a signed address; no account needed.

It stands before the rest of the API, whose layers a film's next megabyte
would wait for. What an address allows, `services.playback` says; how files
are sent, `ranges`. Players on other sites may read all of it (CORS).
"""

import asyncio
import re
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framemill.api import problems
from framemill.api.known_files import KnownFiles
from framemill.api.ranges import BlobResponse, Offer
from framemill.api.zero_copy import ZERO_COPY
from framemill.app import App
from framemill.domain.media_types import is_manifest
from framemill.errors import FramemillError
from framemill.services.playback import SHORTEST, Permitted
from framemill.services.usage import FLUSH, workspace_of
from framemill.storage.doors import FILES

_MEDIA: Final = re.compile(r"/media/([^/]*)/(.*)", re.DOTALL)
_FILE: Final = re.compile(r"/storage/files/(.*)", re.DOTALL)
_MANIFESTS_S: Final = 10
_YEAR_S: Final = 365 * 24 * 3600
_SHARED: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Accept-Ranges, Content-Length, Content-Range, ETag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
)
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


class MediaDoor:
    """Answers for media itself, refusals too: a player has to see that its address has expired."""

    def __init__(self, api: ASGIApp, *, app: App) -> None:
        self._api = api
        self._app = app
        self._files: KnownFiles | None = None
        self._writing: asyncio.Task[None] | None = None  # of what was counted; kept, or it might vanish

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        answer = self._answer_to(scope) if scope["type"] == "http" else None
        if answer is None:
            await self._api(scope, receive, send)
            return

        request = Request(scope, receive)

        async def shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                # No answer of this door has any of them yet.
                message["headers"] = [*message["headers"], *_SHARED]
            await send(message)
            self._count(request, message)

        try:
            await (await self._soon(partial(answer, request)))(scope, receive, shared)
        except FramemillError as error:
            await problems.told(request, error)(scope, receive, shared)

    def _count(self, request: Request, message: Message) -> None:
        """What was sent belongs to a workspace, which may be billed for it."""
        count = message["count"] if message["type"] == ZERO_COPY else len(message.get("body", b""))
        workspace: str | None = getattr(request.state, "workspace", None)
        if count and workspace and self._app.served.add(workspace, count):
            # In a context of its own: it is not done for whoever happens to come first.
            self._writing = asyncio.create_task(self._write_down(), context=Context())

    async def _write_down(self) -> None:
        while True:
            await asyncio.sleep(FLUSH.total_seconds())
            try:
                await run_in_threadpool(self._app.served.flush)
            except FramemillError:
                continue  # the database is away; what was counted is kept
            return

    def _answer_to(self, scope: Scope) -> Callable[[Request], Response] | None:
        """What answers the request; None where it is not about media."""
        path: str = scope["path"]
        if found := _MEDIA.fullmatch(path):
            token, below = found.groups()
            answer = partial(self._by_token, token, below)
        elif found := _FILE.fullmatch(path):
            answer = partial(self._by_query, found[1])
        else:
            return None
        if scope["method"] == "OPTIONS":
            return lambda _: Response(status_code=204, headers=_PREFLIGHT)
        if scope["method"] not in {"GET", "HEAD"}:
            return lambda _: Response(status_code=405, headers={"Allow": "GET, HEAD, OPTIONS"})
        return answer

    async def _soon(self, answer: Callable[[], Response]) -> Response:
        # A store on this machine's disk answers sooner than a thread begins.
        if self._app.settings.storage == "local":
            return answer()
        return await run_in_threadpool(answer)

    def _by_token(self, token: str, path: str, request: Request) -> Response:
        app = self._app
        allowed = app.playback.permitted(token, path, method=request.method)
        # What a manifest names is asked for relatively to where it came from: it always comes from here.
        if app.redirects_media and request.method == "GET" and not is_manifest(allowed.key):
            # A store takes no fraction of a second.
            lifetime = max(allowed.remaining, SHORTEST)
            url = app.blobs.get_url(allowed.key, lifetime=lifetime, filename=allowed.filename)
            return RedirectResponse(url, 307, headers={"cache-control": "private, no-cache"})
        return self._sent(allowed, request)

    def _by_query(self, key: str, request: Request) -> Response:
        params = request.query_params.multi_items()
        return self._sent(
            self._app.playback.permitted_by_query(key, params, scope=FILES, method=request.method), request
        )

    def _sent(self, allowed: Permitted, request: Request) -> Response:
        left_s = max(int(allowed.remaining.total_seconds()), 0)
        cached = f"max-age={min(left_s, _MANIFESTS_S)}"
        if not is_manifest(allowed.key):
            # A key below a video's folder is never written a second time.
            cached = f"max-age={min(left_s, _YEAR_S)}, immutable"
        if self._files is None:
            self._files = KnownFiles(self._app.blobs)
        blob, file = self._files.open(allowed.key)
        offer = Offer(blob=blob, cache_control=f"private, {cached}", filename=allowed.filename)
        response = BlobResponse(request, self._app.blobs, offer, file=file)
        request.state.workspace = workspace_of(allowed.key)
        return response
