"""What endpoints ask for: the application, and who asks.

An endpoint names its action once, in the type of its caller:

    def show(video_id: str, app: TheApp, caller: Annotated[Caller, may(Action.VIDEOS_READ)]) -> ...:
        video = app.videos.get(video_id)
        caller.must_see(video.workspace_id, else_=VideoNotFound(video_id))
"""

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from framemill.app import App
from framemill.domain.access import Action, Caller
from framemill.errors import Forbidden, Unauthenticated

__all__ = ["Action", "Caller", "TheApp", "check_own_site", "get_app", "get_caller", "may"]

COOKIE = "framemill_session"
CALLER = "caller"  # where a request's state has the id of who asks, once that is known
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="A key (`framemill keys create`), or an access token of `/auth/login`.",
)
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="session",
    description="Set by the login link, and by `/auth/login` for browsers.",
)


async def get_app(request: Request) -> App:
    """The application that is served."""
    app: App = request.app.state.app
    return app


TheApp = Annotated[App, Depends(get_app)]


def get_caller(
    request: Request,
    app: TheApp,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    session: Annotated[str | None, Security(_cookie)],
) -> Caller:
    """Who asks. Raises Unauthenticated, and Forbidden for another site's request with our cookie."""
    if bearer is not None:
        return _known(request, app.access.caller_of_bearer(bearer.credentials))
    if session is None or "authorization" in request.headers:
        raise Unauthenticated(
            "the request says not who asks",
            hint="send a key in the header Authorization: Bearer ..., or sign in",
        )
    caller = _known(request, app.access.caller_of_session(session))
    if request.method not in _SAFE:
        check_own_site(request)
    return caller


def _known(request: Request, caller: Caller) -> Caller:
    request.scope["state"][CALLER] = caller.id
    return caller


class Allowed:
    """Who asks, where it may do this; Forbidden otherwise."""

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
        """The caller, who is held to it wherever it must see something."""
        return caller.asks(self.action)


def may(action: Action) -> Any:  # noqa: ANN401 - Depends is untyped: it stands for what it gives
    """The dependency that gives the caller, where it may do this."""
    return Depends(Allowed(action))


def check_own_site(request: Request) -> None:
    """Forbidden unless the browser says that a page of ours sent the request."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    scheme, _, host = (origin or "").partition("://")
    # A proxy may speak TLS for us, so only a page in the clear on a site that is not is none of ours.
    own_origin = host == request.headers.get("host") and scheme in {"https", request.url.scheme}
    if site not in {None, "same-origin"} or (origin is not None and not own_origin) or not (site or origin):
        raise Forbidden("the request comes from another site", hint="send a key instead of the cookie")
