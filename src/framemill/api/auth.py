"""Signing in with a link or a password, staying in, signing out, and asking who one is."""

from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from framemill.api.dependencies import COOKIE, Action, Caller, TheApp, check_own_site, may
from framemill.api.throttle import LoginThrottle
from framemill.domain.access import Role, Scope
from framemill.errors import Forbidden
from framemill.services.passwords import LEAST, MOST
from framemill.services.signing_in import NewSession, NewTokens

router = APIRouter(prefix="/auth", tags=["auth"])
link_router = APIRouter(include_in_schema=False)
_Reader = Annotated[Caller, may(Action.SELF_READ)]
_Person = Annotated[Caller, may(Action.SELF_MANAGE)]


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Self(BaseModel):
    """Who asks."""

    model_config = ConfigDict(frozen=True)

    name: str
    scope: Scope
    admin: bool = Field(description="Sees everything, and steers the installation.")
    roles: dict[str, Role] = Field(description="By the ids of workspaces. An admin is a manager everywhere.")
    in_person: bool


class Login(_Wish):
    """Who wants to come in."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "ann", "password": "a long sentence of hers"}]}
    )

    name: str = Field(max_length=100)
    password: SecretStr = Field(max_length=1000)
    cookie: bool = Field(False, description="For browsers: a cookie that scripts cannot read, and no tokens.")


class Refresh(_Wish):
    """What new tokens are had for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"refresh_token": "fr_from-the-answer-to-the-login"}]}
    )

    refresh_token: SecretStr = Field(max_length=200)


class Password(_Wish):
    """Another password."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"old": "a long sentence of hers", "new": "a longer sentence of hers"}]
        }
    )

    old: SecretStr | None = Field(None, max_length=1000, description="Left away where there is none yet.")
    new: SecretStr = Field(min_length=LEAST, max_length=MOST)


class TokensView(BaseModel):
    """How a program goes on."""

    model_config = ConfigDict(frozen=True)

    access_token: str = Field(description="For the header `Authorization: Bearer ...`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, not one
    expires_in: int = Field(description="Seconds, of the access token.")
    refresh_token: str = Field(description="Gives new tokens once. Used twice, it ends the session.")
    refresh_expires_at: datetime

    @classmethod
    def of(cls, new: NewTokens) -> "TokensView":
        """The value for a client."""
        return cls(
            access_token=new.access_token,
            expires_in=int(new.expires_in.total_seconds()),
            refresh_token=new.refresh_token,
            refresh_expires_at=new.refresh_expires_at,
        )


class SessionView(BaseModel):
    """Somewhere one is signed in."""

    model_config = ConfigDict(frozen=True)

    id: str
    current: bool = Field(description="The one that asks.")
    browser: bool = Field(description="With a cookie; else with tokens.")
    address: str | None = Field(description="From where it was begun.")
    agent: str = Field(description="What the client called itself.")
    created_at: datetime
    used_at: datetime
    expires_at: datetime


@link_router.get("/login")
def open_link(request: Request, app: TheApp, token: Annotated[str, Query(max_length=100)]) -> Response:
    """Begin a session; from this machine only."""
    if not is_loopback(_address(request)):
        raise Forbidden("the login link works on the machine itself only", hint="use a key from elsewhere")
    session = app.sign_in.with_link(token, agent=_agent(request))
    # The token is used up, so it does no harm in the browser's history.
    response = RedirectResponse("/", status_code=303)
    _set_cookie(request, response, session)
    return response


@router.post("/login", responses={204: {"description": "Signed in with a cookie."}})
def login(wish: Login, request: Request, app: TheApp) -> TokensView:
    """Sign in with a password: a program gets tokens, a browser a cookie (`cookie: true`)."""
    if wish.cookie:
        # Or another site's page could sign somebody in as somebody else.
        check_own_site(request)
    throttle: LoginThrottle = request.app.state.login_throttle
    throttle.attempt(account=wish.name, address=_address(request))
    password, agent = wish.password.get_secret_value(), _agent(request)
    if wish.cookie:
        session = app.sign_in.with_cookie(wish.name, password, agent=agent)
        throttle.succeeded(account=wish.name)
        response = Response(status_code=204)
        _set_cookie(request, response, session)
        return response  # type: ignore[return-value]  # FastAPI sends a Response as it is
    tokens = app.sign_in.with_tokens(wish.name, password, agent=agent)
    throttle.succeeded(account=wish.name)
    return TokensView.of(tokens)


@router.post("/refresh")
def refresh(wish: Refresh, app: TheApp) -> TokensView:
    """New tokens for a refresh token, which is used up by that."""
    return TokensView.of(app.sign_in.refresh(wish.refresh_token.get_secret_value()))


@router.get("/self")
def show_self(caller: _Reader) -> Self:
    """Who the key or the session belongs to."""
    return Self(
        name=caller.name,
        scope=caller.scope,
        admin=caller.admin,
        roles=dict(caller.roles),
        in_person=caller.in_person,
    )


@router.post("/logout", status_code=204)
def logout(response: Response, app: TheApp, caller: _Reader) -> None:
    """End the session that asks, with its tokens; a key goes on."""
    if caller.in_person:
        app.sign_in.sign_out(caller, caller.id)
    response.delete_cookie(COOKIE)


@router.get("/sessions")
def list_sessions(app: TheApp, caller: _Person) -> tuple[SessionView, ...]:
    """Where one is signed in, the newest first."""
    return tuple(
        SessionView(
            id=one.id,
            current=one.id == caller.id,
            browser=one.browser,
            address=one.address,
            agent=one.agent,
            created_at=one.created_at,
            used_at=one.used_at,
            expires_at=one.expires_at,
        )
        for one in app.sign_in.sessions(caller)
    )


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: str, app: TheApp, caller: _Person) -> None:
    """Sign out somewhere else, at once."""
    app.sign_in.sign_out(caller, session_id)


@router.post("/password", status_code=204)
def change_password(wish: Password, request: Request, app: TheApp, caller: _Person) -> None:
    """Another password for oneself; all other sessions end, and this one's access token: refresh it."""
    throttle: LoginThrottle = request.app.state.login_throttle
    throttle.attempt(account=caller.name, address=_address(request))
    app.sign_in.change_password(
        caller,
        old=None if wish.old is None else wish.old.get_secret_value(),
        new=wish.new.get_secret_value(),
    )
    throttle.succeeded(account=caller.name)


def is_loopback(host: str) -> bool:
    """True for an address of the machine itself."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _set_cookie(request: Request, response: Response, session: NewSession) -> None:
    response.set_cookie(
        COOKIE,
        session.secret,
        expires=session.expires_at,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
