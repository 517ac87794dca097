"""The application factory: routers, guards, and an OpenAPI description that clients can be generated from."""

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from framemill.api import (
    admin,
    artifacts,
    audit,
    auth,
    batches,
    description,
    downloads,
    events,
    health,
    jobs,
    keys,
    live,
    media,
    metrics,
    operations,
    parts,
    pictures,
    pipelines,
    problems,
    process,
    profiles,
    reference,
    repeating,
    stats,
    submitting,
    upkeep,
    uploads,
    users,
    videos,
    webhooks,
    workspaces,
)
from framemill.api.doorkeeper import Doorkeeper
from framemill.api.guards import Bounded, KnownHosts, Marked, Readable, Sheltered
from framemill.api.hub import Hub
from framemill.api.measured import Measured
from framemill.api.media_door import MediaDoor
from framemill.api.methods import Methods
from framemill.api.process_desk import Desk
from framemill.api.rates import OwnTally, Rated, SharedTally, Tally
from framemill.api.repeating import Repeatable
from framemill.api.throttle import LoginThrottle
from framemill.api.web import WebUi
from framemill.app import App

PREFIX = "/api/v1"
_MOST_BYTES = 1024 * 1024  # of a request's body
# Endpoints that take files. Each of them knows how many bytes it takes.
_UNBOUNDED = re.compile(r"/storage/parts/|/api/v1/videos$")

# Under /api/v1.
_ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    keys.router,
    users.router,
    workspaces.router,
    webhooks.router,
    videos.router,
    media.router,
    pictures.router,
    operations.router,
    pipelines.router,
    profiles.router,
    batches.router,
    submitting.router,
    artifacts.router,
    jobs.router,
    events.router,
    uploads.router,
    downloads.router,
    stats.router,
    admin.router,
    upkeep.router,
    audit.router,
)
# At the root: their addresses are short, or are none of the versioned API.
_ROOT_ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    metrics.router,
    auth.link_router,
    reference.router,
    parts.router,
    live.router,
    process.router,
)

_TAGS = {
    "auth": "Signing in, and who one is.",
    "keys": "Ways in for programs.",
    "users": "People.",
    "workspaces": "Access boundaries, with quotas and defaults of their own.",
    "members": "Who may come into a workspace, and as what.",
    "webhooks": "Addresses that are told what becomes of a workspace's jobs.",
    "collections": "Named groups of videos in a workspace.",
    "videos": "Originals and everything made from them.",
    "uploads": "Bringing files in, in parts or in one form.",
    "downloads": "Bringing films in from addresses.",
    "operations": "What can be asked for.",
    "pipelines": "Named lists of operations.",
    "profiles": "Ways to encode.",
    "plans": "What work would do.",
    "jobs": "What was asked for, and how far it is.",
    "stats": "What became of jobs, and what was spent.",
    "admin": "For those who run the installation: the queue, workers, clearing up, what was done.",
    "batches": "Many jobs as one.",
    "artifacts": "What jobs made.",
    "health": "Is it up, and is all there that work needs?",
}


def create_app(app: App, *, hosts: Iterable[str] = ()) -> FastAPI:
    """The API on `app`. Requests to other names than `hosts` are refused, where any are given."""
    api = FastAPI(
        title="Framemill",
        version=version("framemill"),
        summary="Footage goes in; streams, clips and answers come out.",
        description=description.ABOUT,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        openapi_tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        generate_unique_id_function=_operation_id,
    )
    api.state.app = app
    api.state.login_throttle = LoginThrottle(app.redis_url)
    api.state.desk = Desk(app)
    api.state.doorkeeper = Doorkeeper(app)
    api.state.hub = Hub(app)
    api.state.figures = figures = metrics.Figures(app)
    api.state.checkup = health.checkup_of(app)
    problems.install(api)
    repeating.install(api)
    for router in _ROUTERS:
        api.include_router(router, prefix=PREFIX)
    for router in _ROOT_ROUTERS:
        api.include_router(router)
    # The last one added stands foremost.
    api.add_middleware(Methods, routes=api, literal=_literal())
    api.add_middleware(Repeatable, app=app)
    api.add_middleware(parts.OpenToPages)
    api.add_middleware(
        Rated, reads=app.settings.rate_reads, writes=app.settings.rate_writes, tally=_tally(app)
    )
    api.add_middleware(WebUi, origins=partial(_elsewhere, app))
    api.add_middleware(MediaDoor, app=app)
    api.add_middleware(Sheltered)
    api.add_middleware(Bounded, most_bytes=_MOST_BYTES, unbounded=_UNBOUNDED)
    api.add_middleware(Readable)
    api.add_middleware(KnownHosts, hosts=tuple(hosts))
    api.add_middleware(Measured, requests=figures.requests, prefix=PREFIX)
    api.add_middleware(Marked)
    made = api.openapi

    def described() -> dict[str, Any]:  # Any: JSON
        if api.openapi_schema is None:
            description.complete(made())
        return api.openapi_schema or {}

    api.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way
    return api


def _elsewhere(app: App) -> tuple[str, ...]:
    """Where else than here the store's signed addresses lead."""
    if app.settings.storage != "s3":
        return ()
    found = urlsplit(app.blobs.get_url("origin", lifetime=timedelta(minutes=1)))
    return (f"{found.scheme}://{found.netloc}",) if found.netloc else ()


def _literal() -> dict[str, set[str]]:
    """The methods of addresses that have no parameters."""
    found: dict[str, set[str]] = {}
    for router in _ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and "{" not in route.path:
                found.setdefault(PREFIX + route.path, set()).update(route.methods or ())
    return found


def _tally(app: App) -> Tally:
    """Where requests are counted: where several processes can, if there is such a place."""
    broker = app.settings.broker_url
    url = broker.get_secret_value() if broker is not None else ""
    if not url.startswith(("redis://", "rediss://")):
        return OwnTally()
    return SharedTally(url, prefix=app.settings.queue_prefix)


def _operation_id(route: APIRoute) -> str:
    """`jobs_list`: the resource, and what the endpoint's function is called without it."""
    tag = str(route.tags[0]) if route.tags else "other"
    name = route.endpoint.__name__
    for known in ("_all", f"_{tag}", f"_{tag.removesuffix('s')}"):
        name = name.removesuffix(known)
    return f"{tag}_{name}"
