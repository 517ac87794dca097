"""`/metrics` for Prometheus: to this machine and to admin keys; and beside `/health` on a port of its own.

What metrics there are, `telemetry.families` says; what they are at,
`services.metering` and this process' own count of requests.
"""

import time
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from framemill.api.auth import is_loopback
from framemill.api.dependencies import COOKIE, Action, TheApp, get_caller
from framemill.app import App
from framemill.telemetry.requests import Requests

# For programs that know it; no part of the API that clients are generated from.
router = APIRouter(include_in_schema=False)

_bearer = HTTPBearer(auto_error=False, scheme_name="key")
# Whoever passes a request on says so in one of these; then the address is not the client's.
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Figures:
    """What this process shows of itself and of the installation."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.requests = Requests()
        self._began = time.monotonic()

    @property
    def uptime_s(self) -> float:
        """How long this process has been there."""
        return time.monotonic() - self._began

    def rendered(self) -> bytes:
        """All metrics, in Prometheus' text."""
        from framemill.telemetry.exposition import rendered

        return rendered(
            {
                "framemill_build_info": {(version("framemill"),): 1},
                "framemill_uptime_seconds": {(): self.uptime_s},
                **self.requests.read(),
                **self.app.metering.read(),
            }
        )


def _allowed(
    request: Request,
    app: TheApp,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> None:
    """Unauthenticated or Forbidden where neither the machine nor a key lets in.

    With a port for metrics, being on this machine is not enough here: a proxy
    on it may pass on whatever comes.
    """
    session = request.cookies.get(COOKIE)
    if given is None and session is None and app.settings.metrics_port is None:
        passed_on = any(name in request.headers for name in _PASSED_ON)
        if request.client is not None and is_loopback(request.client.host) and not passed_on:
            return
    get_caller(request, app, given, session).must_be_allowed(Action.METRICS_READ)


@router.get("/metrics", response_class=Response, dependencies=[Depends(_allowed)])
def show_metrics(request: Request) -> Response:
    """Everything that is counted, for Prometheus."""
    return exposed(request.app.state.figures)


def exposed(figures: Figures) -> Response:
    """The answer to a scrape."""
    from framemill.telemetry.exposition import MEDIA_TYPE

    return Response(figures.rendered(), media_type=MEDIA_TYPE)
