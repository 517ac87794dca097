"""WebSockets on the real server: who gets in, how, and what ends it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from fastapi import FastAPI, WebSocket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from framemill.api.application import create_app
from framemill.api.doorkeeper import Doorkeeper
from framemill.api.sockets import PROTOCOL, Bounds, Visit, admit
from framemill.app import App
from framemill.domain.access import Action, Scope
from framemill.settings import Settings
from tests.serving import served_asgi

_BOUNDS = Bounds(largest=100, idle_s=30, introduced_s=30)


async def _echo(visit: Visit) -> None:
    await visit.send(visit.caller.name)
    while True:
        await visit.send(await visit.receive())


@contextmanager
def _served(app: App, keeper: Doorkeeper | None = None, bounds: Bounds = _BOUNDS) -> Iterator[str]:
    """The address of an echo behind the door."""
    api: FastAPI = create_app(app)
    if keeper is not None:
        api.state.doorkeeper = keeper

    @api.websocket("/ws/echo")
    async def echo(socket: WebSocket) -> None:
        await admit(socket, _echo, action=Action.JOBS_READ, bounds=bounds)

    with served_asgi(api) as url:
        yield url.replace("http", "ws") + "/ws/echo"


@pytest.fixture(name="url")
def _url(app: App) -> Iterator[str]:
    with _served(app) as url:
        yield url


@pytest.fixture(name="key")
def _key(app: App) -> str:
    return app.access.create_key("listener", scope=Scope.READ).secret


def _auth(token: str) -> str:
    return json.dumps({"type": "auth", "token": token})


def _offered(key: str) -> list[Subprotocol]:
    return [Subprotocol(PROTOCOL), Subprotocol(f"framemill.bearer.{key}")]


def _origin(url: str) -> str:
    return url.replace("ws", "http", 1).removesuffix("/ws/echo")


def _closed(socket: ClientConnection) -> tuple[int, str]:
    """Why it is closed."""
    with pytest.raises(ConnectionClosed) as end:
        _drain(socket)
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


def _drain(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=30)


def test_the_first_message_may_say_who_it_is(url: str, key: str) -> None:
    with connect(url) as socket:
        socket.send(_auth(key))

        assert socket.recv(timeout=30) == "key:listener"
        socket.send(b"\0\1")
        assert socket.recv(timeout=30) == b"\0\1"
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers  # no compression


def test_a_subprotocol_may_and_is_not_sent_back(url: str, key: str) -> None:
    with connect(url, subprotocols=_offered(key)) as socket:
        assert socket.recv(timeout=30) == "key:listener"
        assert socket.subprotocol == PROTOCOL


def test_a_header_may(url: str, key: str) -> None:
    with connect(url, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
        assert socket.recv(timeout=30) == "key:listener"


def test_an_address_may_not(app: App, key: str) -> None:
    with (
        _served(app, bounds=Bounds(introduced_s=0.1)) as url,
        connect(f"{url}?token={key}&access_token={key}") as socket,
    ):
        assert _closed(socket) == (4408, "the client did not say who it is")


def test_a_session_may_on_pages_of_ours_only(app: App) -> None:
    session = app.sign_in.with_link(app.access.login_token()).secret
    cookie = {"Cookie": f"framemill_session={session}"}
    with _served(app, bounds=Bounds(introduced_s=0.1)) as url:
        with connect(url, origin=Origin(_origin(url)), additional_headers=cookie) as socket:
            assert socket.recv(timeout=30) == "admin"
        with connect(url, additional_headers=cookie) as socket:
            assert _closed(socket)[0] == 4408


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_sites_do_not_come_in(url: str, key: str, origin: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}

    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, origin=Origin(origin), additional_headers=headers),
    ):
        pass

    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["code"] == "forbidden"


def test_pages_that_the_settings_name_come_in_with_a_key_and_not_with_a_cookie(app: App, key: str) -> None:
    settings = Settings(
        data_dir=app.settings.data_dir, allowed_origins="https://a.example, https://b.example"
    )
    friendly = App(settings)
    session = app.sign_in.with_link(app.access.login_token()).secret
    cookie = {"Cookie": f"framemill_session={session}"}
    with _served(friendly, bounds=Bounds(introduced_s=0.1)) as url:
        with connect(url, origin=Origin("https://b.example"), subprotocols=_offered(key)) as socket:
            assert socket.recv(timeout=30) == "key:listener"
        with connect(url, origin=Origin("https://b.example"), additional_headers=cookie) as socket:
            assert _closed(socket)[0] == 4408
    friendly.close()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (_auth("fm_wrong"), 4401),
        ('{"type": "subscribe"}', 4401),
        ('{"type": "auth"}', 4401),
        ('{"type": "auth", "token": 1}', 4401),
        ('["auth"]', 4401),
        ('"auth"' + "[" * 4000, 4401),
        ("\ud7ff" * 2000 + '"auth"', 4401),
        (b'{"type": "auth", "token": "x"}', 4401),
        ("x" * 5000, 4413),
    ],
)
def test_who_is_not_known_does_not_come_in(url: str, said: str | bytes, code: int) -> None:
    with connect(url) as socket:
        socket.send(said)

        assert _closed(socket)[0] == code


def test_who_may_not_do_it_does_not_come_in(app: App, key: str) -> None:
    api = create_app(app)

    @api.websocket("/ws/echo")
    async def echo(socket: WebSocket) -> None:
        await admit(socket, _echo, action=Action.JOBS_SUBMIT)

    with served_asgi(api) as url, connect(url.replace("http", "ws") + "/ws/echo") as socket:
        socket.send(_auth(key))

        assert _closed(socket) == (4403, "the caller may not do this: jobs.submit")


def test_a_message_that_is_too_large_ends_it(url: str, key: str) -> None:
    with connect(url) as socket:
        socket.send(_auth(key))
        socket.send("x" * 101)

        assert _closed(socket) == (4413, "a message may have 100 bytes")


def test_silence_ends_it(app: App, key: str) -> None:
    with _served(app, bounds=Bounds(idle_s=0.1)) as url, connect(url) as socket:
        socket.send(_auth(key))

        assert _closed(socket) == (4408, "nothing was said for too long")


def test_a_caller_has_so_many_and_a_server_too(app: App, key: str) -> None:
    keeper = Doorkeeper(app, most=3, most_each=2)
    other = app.access.create_key("other", scope=Scope.READ).secret
    with _served(app, keeper) as url, connect(url) as first, connect(url) as second, connect(url) as third:
        for socket in (first, second):
            socket.send(_auth(key))
            socket.recv(timeout=30)
        with pytest.raises(InvalidStatus) as refused, connect(url):
            pass
        third.send(_auth(key))

        assert refused.value.response.status_code == 503
        assert _closed(third) == (4429, "this caller has 2 connections already")
        with connect(url) as socket:
            socket.send(_auth(other))
            assert socket.recv(timeout=30) == "key:other"


def test_a_revoked_key_ends_it_within_the_round(app: App, key: str) -> None:
    with _served(app, Doorkeeper(app, recheck_s=0.05)) as url, connect(url) as socket:
        socket.send(_auth(key))
        socket.recv(timeout=30)
        app.access.revoke_key("listener")

        assert _closed(socket) == (4401, "the key is not valid")


def test_a_token_is_renewed_by_the_same_caller_only(app: App, url: str, key: str) -> None:
    with connect(url) as socket:
        for _ in range(2):
            socket.send(_auth(key))
        socket.send("still here")

        assert [socket.recv(timeout=30) for _ in range(2)] == ["key:listener", "still here"]
        socket.send(_auth(app.access.create_key("other", scope=Scope.READ).secret))
        assert _closed(socket) == (4403, "the new token is not the same caller's")


def test_a_server_that_ends_says_so(app: App, key: str) -> None:
    with ExitStack() as open_sockets:
        with _served(app) as url:
            socket = open_sockets.enter_context(connect(url))
            socket.send(_auth(key))
            socket.recv(timeout=30)

        assert _closed(socket) == (4503, "the server is going down")
