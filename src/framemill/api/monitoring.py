"""The port of its own for `/health` and `/metrics`, without keys: only who watches the machine reaches it."""

import re
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request, Response

from framemill.api import health, problems
from framemill.api.guards import Bounded, KnownHosts, Marked, Readable, Sheltered
from framemill.api.health import Alive, Condition, Ready
from framemill.api.metrics import Figures, exposed
from framemill.telemetry.health import Checkup

_NOTHING = re.compile(r"(?!)")
_MOST_BYTES = 1024
router = APIRouter()


def create_monitoring(figures: Figures, checkup: Checkup, *, hosts: Iterable[str] = ()) -> FastAPI:
    """The application of that port, with the figures of the one beside it; `hosts` as there."""
    monitoring = FastAPI(title="Framemill", openapi_url=None)
    monitoring.state.figures = figures
    monitoring.state.checkup = checkup
    problems.install(monitoring)
    monitoring.include_router(router)
    monitoring.add_middleware(Sheltered)
    monitoring.add_middleware(Bounded, most_bytes=_MOST_BYTES, unbounded=_NOTHING)
    monitoring.add_middleware(Readable)
    monitoring.add_middleware(KnownHosts, hosts=tuple(hosts))
    monitoring.add_middleware(Marked)
    return monitoring


@router.get("/health/live")
def live() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/health/ready")
def ready(request: Request, response: Response) -> Ready:
    """What work needs is there."""
    found = health.looked(request.app.state.checkup)
    response.status_code = 200 if found.ok else 503
    return found


@router.get("/health")
def condition(request: Request) -> Condition:
    """How things are."""
    figures: Figures = request.app.state.figures
    return health.condition_of(figures, figures.app, whole=True)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Everything that is counted."""
    return exposed(request.app.state.figures)
