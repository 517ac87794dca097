"""`/media` and `/storage/files`: stored files to whoever comes with a signed address; no account needed.

What the address allows, `services.playback` says; how files are sent, `ranges`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from framemill.api import videos
from framemill.api.dependencies import Action, Caller, TheApp, get_app, may
from framemill.api.media_types import is_manifest
from framemill.api.ranges import BlobResponse, Offer
from framemill.app import App
from framemill.services.playback import LONGEST, SHORTEST, Form, Permitted, StreamUrl
from framemill.storage.doors import FILES

router = APIRouter(tags=["videos"])
# Outside the versioned API and its description: who has an address needs to know nothing of it.
files_router = APIRouter()

_MANIFESTS_S: Final = 10
_YEAR_S: Final = 365 * 24 * 3600


class StreamUrlView(BaseModel):
    """An address that plays until it expires."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(description="Whoever has it can play it.")
    form: Form
    expires_at: datetime
    artifact_id: str | None = Field(description="What it plays; null for the original.")

    @classmethod
    def of(cls, made: StreamUrl) -> "StreamUrlView":
        """The value for a client."""
        return cls(url=made.url, form=made.form, expires_at=made.expires_at, artifact_id=made.artifact_id)


@router.get("/videos/{video_id}/stream-url")
def stream_url(
    video_id: str,
    app: TheApp,
    caller: Annotated[Caller, may(Action.VIDEOS_PLAY)],
    artifact: Annotated[
        str | None, Query(max_length=300, description="Id or name of an artifact instead of the best one.")
    ] = None,
    form: Annotated[Form | None, Query(description="Only this.")] = None,
    lifetime: Annotated[
        int | None,
        Query(
            ge=SHORTEST.total_seconds(),
            le=LONGEST.total_seconds(),
            description="Seconds. Left away: FRAMEMILL_PLAYBACK_LIFETIME.",
        ),
    ] = None,
    download: Annotated[bool, Query(description="A file that browsers save.")] = False,
) -> StreamUrlView:
    """An address that plays the video: its newest stream, else a file made from it, else the original."""
    videos.seen(app, caller, video_id)
    made = app.playback.stream_url(
        video_id,
        artifact=artifact,
        form=form,
        lifetime=None if lifetime is None else timedelta(seconds=lifetime),
        download=download,
    )
    return StreamUrlView.of(made)


async def media(request: Request) -> Response:
    """What a token in the path allows."""
    return await _soon(_by_token, request)


async def file(request: Request) -> Response:
    """What signed parameters allow: the addresses that the local store gives."""
    return await _soon(_by_query, request)


files_router.add_route("/media/{token}/{path:path}", media, methods=["GET", "HEAD"], include_in_schema=False)
files_router.add_route("/storage/files/{key:path}", file, methods=["GET", "HEAD"], include_in_schema=False)


async def _soon(answer: Callable[[Request], Response], request: Request) -> Response:
    # A store on this machine's disk answers sooner than a thread begins: a player's next megabyte
    # would wait for the thread more than for its bytes.
    if get_app(request).settings.storage == "local":
        return answer(request)
    return await run_in_threadpool(answer, request)


def _by_token(request: Request) -> Response:
    app = get_app(request)
    token, path = request.path_params["token"], request.path_params["path"]
    allowed = app.playback.permitted(token, path, method=request.method)
    # What a manifest names is asked for relatively to where it came from: it always comes from here.
    if app.redirects_media and request.method == "GET" and not is_manifest(allowed.key):
        # A store takes no fraction of a second.
        lifetime = max(allowed.remaining, SHORTEST)
        url = app.blobs.get_url(allowed.key, lifetime=lifetime, filename=allowed.filename)
        return RedirectResponse(url, 307, headers={"cache-control": "private, no-cache"})
    return _sent(request, app, allowed)


def _by_query(request: Request) -> Response:
    app = get_app(request)
    allowed = app.playback.permitted_by_query(
        request.path_params["key"],
        request.query_params.multi_items(),
        scope=FILES,
        method=request.method,
    )
    return _sent(request, app, allowed)


def _sent(request: Request, app: App, allowed: Permitted) -> Response:
    left_s = max(int(allowed.remaining.total_seconds()), 0)
    cached = f"max-age={min(left_s, _MANIFESTS_S)}"
    if not is_manifest(allowed.key):
        # A key below a video's folder is never written a second time.
        cached = f"max-age={min(left_s, _YEAR_S)}, immutable"
    offer = Offer(
        blob=app.blobs.stat(allowed.key), cache_control=f"private, {cached}", filename=allowed.filename
    )
    return BlobResponse(request, app.blobs, offer)
