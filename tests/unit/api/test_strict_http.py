"""HTTP/1 on real sockets: what can be read in two ways is refused, and every connection finds its end."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from framemill.api.server import Impatient
from tests.serving import served_asgi

_HEAD_S = 0.3
_GET = b"GET /echo HTTP/1.1\r\nHost: x\r\n"
_POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
_SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def _echo(request: Request) -> Response:
    body = await request.body()
    names = ",".join(sorted(request.headers))
    return Response(f"{request.method} {request.url.path} {len(body)} [{names}]")


async def _pieces(_request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingResponse(pieces())


async def _unread(_request: Request) -> Response:
    return Response("answered")


async def _parrot(client: WebSocket) -> None:
    await client.accept()
    while True:
        await client.send_text(await client.receive_text())


class _Split:
    """Answers with a header that would be two."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """One request."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nc: d")]})


@pytest.fixture(name="port", scope="module")
def _port() -> Iterator[int]:
    routes = [
        Route("/echo", _echo, methods=["GET", "POST"]),
        Route("/second", _echo),
        Route("/pieces", _pieces),
        Route("/unread", _unread, methods=["POST"]),
        Route("/split", _Split()),
        WebSocketRoute("/ws", _parrot),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Impatient, "head_s", _HEAD_S)
        with served_asgi(Starlette(routes=routes)) as url:
            found = urlsplit(url).port
            assert found is not None
            yield found


def _talk(port: int, *texts: bytes) -> bytes:
    """Everything that comes back until the server hangs up; all but the last text are said first."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        answer = b""
        with suppress(ConnectionError):  # it hung up with something unread
            for text in texts:
                client.sendall(text)
            while piece := client.recv(65536):
                answer += piece
        return answer


def _until(client: socket.socket, ending: bytes) -> bytes:
    answer = b""
    while not answer.endswith(ending):
        answer += client.recv(65536) or b"it hung up" + ending
    return answer


@pytest.mark.parametrize(
    "head",
    [
        _POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        _POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        _POST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
        _POST + b"Content-Length: 4, 4\r\n\r\nabcd",
        _POST + b"Content-Length: +4\r\n\r\nabcd",
        _POST + b"Content-Length: 0x4\r\n\r\nabcd",
        _POST + b"Content-Length: 99999999999999999999999\r\n\r\nabcd",
        _POST + b"Content-Length : 4\r\n\r\nabcd",
        _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        _POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        _GET + b"Host: y\r\n\r\n",
        b"GET /echo HTTP/1.1\r\n\r\n",
        _GET + b"A: b\r\n c\r\n\r\n",
        _GET + b" A: b\r\n\r\n",
        _GET + b"A: b\0c\r\n\r\n",
        _GET + b"A: b\rc\r\n\r\n",
        b"GET /echo HTTP/1.1\nHost: x\n\n",
        b"GET /ec\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://y/echo HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT y:443 HTTP/1.1\r\nHost: y:443\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_two_could_read_differently_is_refused(port: int, head: bytes) -> None:
    answer = _talk(port, head + _SECOND)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"xchunked", b"identity", b"chunked, chunked"])
def test_other_codings_are_not_guessed_at(port: int, coding: bytes) -> None:
    answer = _talk(port, _POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n" + _SECOND)

    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 501"}
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2"])
def test_other_versions_are_not_spoken(port: int, version: bytes) -> None:
    answer = _talk(port, b"GET /echo " + version + b"\r\nHost: x\r\n\r\n")

    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 505"}


def test_a_chunked_body_is_read_and_its_trailers_are_nobodys(port: int) -> None:
    body = b"4;what=ever\r\nabcd\r\n2\r\nef\r\n0\r\nX-Role: admin\r\n\r\n"

    answer = _talk(port, _POST + b"Transfer-Encoding: Chunked\r\n\r\n" + body + _SECOND)

    assert b"POST /echo 6 [host,transfer-encoding]" in answer
    assert b"GET /second 0 [connection,host]" in answer


@pytest.mark.parametrize(
    "text",
    [
        _POST + b"Transfer-Encoding: chunked\r\n\r\n1;x=" + b"a" * 400_000,
        _POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: " + b"a" * 400_000,
        _POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
        _POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcdX",
    ],
)
def test_a_body_that_never_gets_on_ends_its_request(port: int, text: bytes) -> None:
    answer = _talk(port, text)

    assert b"200 OK" not in answer


@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize(
    "head", [_GET + b"A: %b\r\n\r\n", _GET + b"A: %b", b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_a_long_head_is_refused_however_it_comes(port: int, head: bytes, pieces: int) -> None:
    text = head % (b"a" * 100_000)
    size = -(-len(text) // pieces)

    answer = _talk(port, *(text[at : at + size] for at in range(0, len(text), size)))

    # What was on its way when the connection ended can cost the client the answer.
    assert answer[:12] in {b"HTTP/1.1 431", b""}
    assert b"200 OK" not in answer


def test_a_head_may_be_as_long_as_it_may(port: int) -> None:
    head = _GET + b"Connection: close\r\nA: %b\r\n\r\n"

    assert b"200 OK" in _talk(port, head % (b"a" * 65_000))
    assert b"431 Request Header Fields Too Large" in _talk(port, head % (b"a" * 65_536))


def test_requests_in_a_row_are_answered_in_their_order(port: int) -> None:
    text = b"".join(b"GET /echo?%d HTTP/1.1\r\nHost: x\r\n\r\n" % n + _GET + b"\r\n" for n in range(3))

    answer = _talk(port, text + _SECOND)

    assert answer.count(b"200 OK") == 7
    assert answer.endswith(b"GET /second 0 [connection,host]")


def test_a_flood_in_a_row_is_cut_short_and_what_came_before_is_answered(port: int) -> None:
    answer = _talk(port, (_GET + b"\r\n") * 5000)

    assert 1 <= answer.count(b"200 OK") < 100


def test_nonsense_behind_a_request_does_not_get_into_its_answer(port: int) -> None:
    answer = _talk(port, _GET + b"\r\n" + b"\0nonsense\r\n\r\n" + _SECOND)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"GET /echo 0 [host]")


def test_nothing_is_heard_behind_a_last_request(port: int) -> None:
    answer = _talk(port, _GET + b"Connection: close\r\n\r\n" + _SECOND)

    assert answer.count(b"HTTP/1.1 ") == 1


def test_another_protocol_is_not_begun_and_nothing_is_heard_behind_it(port: int) -> None:
    answer = _talk(port, _GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + _SECOND)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_an_old_client_gets_what_it_understands(port: int) -> None:
    whole = _talk(port, b"GET /echo HTTP/1.0\r\n\r\n")
    pieces = _talk(port, b"GET /pieces HTTP/1.0\r\n\r\n")

    assert whole.endswith(b"\r\n\r\nGET /echo 0 []")
    assert b"chunked" not in pieces
    assert pieces.endswith(b"\r\n\r\none two")


def test_pieces_of_unknown_length_are_chunked(port: int) -> None:
    answer = _talk(port, b"GET /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"transfer-encoding: chunked\r\n" in answer
    assert answer.endswith(b"\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")


def test_who_waits_to_send_a_body_is_told_to_or_let_go(port: int) -> None:
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(head % b"/echo")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abcd")
        assert b"POST /echo 4" in _until(client, b"]")

    answer = _talk(port, head % b"/unread")

    assert b"100 Continue" not in answer
    assert b"connection: close" in answer


def test_a_connection_lives_on_where_a_body_was_sent_and_not_read(port: int) -> None:
    answer = _talk(port, b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd" + _SECOND)

    assert answer.count(b"200 OK") == 2


def test_a_body_that_drips_in_unread_does_not_keep_the_connection(port: int) -> None:
    answer = _talk(port, b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n", b"a")

    assert answer.endswith(b"answered")


def test_an_answers_headers_cannot_be_split(port: int) -> None:
    answer = _talk(port, b"GET /split HTTP/1.1\r\nHost: x\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 500")
    assert b"c: d" not in answer


def test_a_websocket_passes_and_outlives_the_patience_with_heads(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/ws") as client:
        client.send("hello")
        assert client.recv(timeout=60) == "hello"
        # As long as a head would have had, twice.
        with pytest.raises(TimeoutError):
            client.recv(timeout=2 * _HEAD_S)
        client.send("still there")

        assert client.recv(timeout=60) == "still there"
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


def test_a_long_message_ends_a_websocket(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/ws", max_size=None) as client:
        client.send("x" * (1 << 20))
        assert client.recv(timeout=60) == "x" * (1 << 20)
        client.send("x" * ((1 << 20) + 1))

        with pytest.raises(ConnectionClosed) as ended:
            client.recv(timeout=60)

    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1009


def test_a_websocket_where_none_is_spoken_is_refused(port: int) -> None:
    with pytest.raises(InvalidStatus), connect(f"ws://127.0.0.1:{port}/echo"):
        pass


def test_a_websocket_can_follow_a_request_but_not_overtake_it(port: int) -> None:
    upgrade = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(_GET + b"\r\n")
        assert b"GET /echo 0" in _until(client, b"]")
        client.sendall(upgrade)
        assert _until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")

    answer = _talk(port, _GET + b"\r\n" + upgrade)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"GET /echo 0 [host]")


def test_who_waits_behind_another_hears_of_the_clients_going(port: int) -> None:
    # Two at once on one connection, which ends before the first is answered: nobody may wait for ever.
    begun, gone = threading.Event(), threading.Event()

    async def waiting(scope: Scope, receive: Receive, _send: Send) -> None:
        if scope["type"] == "http":
            begun.set()
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

    with served_asgi(waiting) as url:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as client:
            client.sendall(_GET + b"\r\n" + _GET + b"\r\n")
            assert begun.wait(60)
        assert gone.wait(60)
