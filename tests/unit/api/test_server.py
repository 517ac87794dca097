"""The server on a real socket: clients that send half of something, and ends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from anyio import to_thread
from fastapi import FastAPI

from framemill.api.server import Impatient, Server, address, listen
from framemill.errors import InvalidSettings


@pytest.fixture(name="port")
def _port(api: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(Impatient, "head_s", 0.2)
    listener = listen("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    server = Server(api, listener)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield port
    server.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


def _talk(port: int, text: bytes) -> bytes:
    """Everything that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(text)
        answer = b""
        with suppress(ConnectionResetError):  # it hung up with something unread
            while piece := client.recv(4096):
                answer += piece
        return answer


def test_half_a_head_is_not_waited_for(port: int) -> None:
    assert _talk(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Never: ") == b""


def test_who_says_nothing_is_not_waited_for(port: int) -> None:
    assert _talk(port, b"") == b""


def test_half_a_second_head_is_not_waited_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in client.recv(4096)
        client.sendall(b"GET /health/live HTTP/1.1\r\nHo")

        assert client.makefile("rb").read() in {b"", b'{"status":"ok"}'}  # what of the first came late


def test_a_body_that_nobody_wants_does_not_keep_the_connection(port: int) -> None:
    head = b"POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"

    assert b"405 Method Not Allowed" in _talk(port, head + b"{")


def test_a_head_that_is_too_long_is_refused(port: int) -> None:
    answer = _talk(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000)

    assert b"200 OK" not in answer


def test_it_does_not_say_what_it_is(port: int) -> None:
    answer = _talk(port, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"200 OK" in answer
    assert b"uvicorn" not in answer.lower()


def test_few_threads_answer_requests(api: FastAPI, port: int) -> None:
    @api.get("/threads")
    async def threads() -> int:
        return int(to_thread.current_default_thread_limiter().total_tokens)

    answer = _talk(port, b"GET /threads HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answer.endswith(b"\r\n\r\n8")


def test_a_port_that_is_taken_is_a_wrong_setting() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(InvalidSettings, match="listen"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_an_address_can_be_typed_into_a_browser() -> None:
    with listen("0.0.0.0", 0) as everywhere:  # noqa: S104 - for a moment
        assert address(everywhere) == f"http://127.0.0.1:{everywhere.getsockname()[1]}"
