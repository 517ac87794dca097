"""Signing in with the link that `framemill serve` prints, signing out, and asking who one is."""

from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import COOKIE, Action, Caller, TheApp, may
from framemill.domain.access import Role, Scope
from framemill.errors import Forbidden

router = APIRouter(prefix="/auth", tags=["auth"])
link_router = APIRouter(include_in_schema=False)


class Self(BaseModel):
    """Who asks."""

    model_config = ConfigDict(frozen=True)

    name: str
    scope: Scope
    admin: bool = Field(description="Sees everything, and steers the installation.")
    roles: dict[str, Role] = Field(description="By the ids of workspaces. An admin is a manager everywhere.")
    in_person: bool


@link_router.get("/login")
def login(request: Request, app: TheApp, token: Annotated[str, Query(max_length=100)]) -> Response:
    """Begin a session; from this machine only."""
    client = request.client.host if request.client else ""
    if not is_loopback(client):
        raise Forbidden("the login link works on the machine itself only", hint="use a key from elsewhere")
    session = app.sign_in.with_link(token, agent=request.headers.get("user-agent", ""))
    # The token is used up, so it does no harm in the browser's history.
    response = RedirectResponse("/docs", status_code=303)
    response.set_cookie(
        COOKIE,
        session.secret,
        expires=session.expires_at,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/self")
def show_self(caller: Annotated[Caller, may(Action.SELF_READ)]) -> Self:
    """Who the key or the session belongs to."""
    return Self(
        name=caller.name,
        scope=caller.scope,
        admin=caller.admin,
        roles=dict(caller.roles),
        in_person=caller.in_person,
    )


@router.post("/logout", status_code=204)
def logout(response: Response, app: TheApp, caller: Annotated[Caller, may(Action.SELF_READ)]) -> None:
    """End the browser's session; a key goes on."""
    if caller.in_person:
        app.sign_in.sign_out(caller, caller.id)
    response.delete_cookie(COOKIE)


def is_loopback(host: str) -> bool:
    """True for an address of the machine itself."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
