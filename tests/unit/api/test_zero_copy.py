"""Files through the real server, whose kernel copies them: the same bytes, over connections that last."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from framemill.api.ranges import BlobResponse, Offer
from framemill.api.zero_copy import ZERO_COPY
from tests.serving import served_asgi
from tests.unit.api.shelf import Shelf

# More than connections hold, so that the server has to wait for its clients.
_CONTENT = b"".join(number.to_bytes(4) for number in range(4_000_000))


class _Served:
    """One file over real connections."""

    def __init__(self, folder: Path, *, plain: bool) -> None:
        self.shelf = Shelf(_CONTENT, plain=folder / "file" if plain else None, piece=1 << 20)
        self.blob = self.shelf.stat("a/b.mp4")
        self.shelf.local_path("a/b.mp4")  # written before anybody reads
        self.copies: list[bool] = []
        self.ended = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        self.copies.append(ZERO_COPY in scope.get("extensions", {}))
        response = BlobResponse(Request(scope), self.shelf.as_store(), Offer(blob=self.blob))
        try:
            await response(scope, receive, send)
        finally:
            self.ended.release()


@pytest.fixture(params=["plain", "stored"], name="served")
def _served(request: pytest.FixtureRequest, tmp_path: Path) -> _Served:
    return _Served(tmp_path, plain=request.param == "plain")


@pytest.fixture(name="connection")
def _connection(served: _Served) -> Iterator[http.client.HTTPConnection]:
    with served_asgi(served) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        yield connection
        connection.close()


def test_whole_and_part_come_over_one_connection(
    served: _Served, connection: http.client.HTTPConnection
) -> None:
    def get(asked: str | None, method: str = "GET") -> tuple[int, bytes]:
        connection.request(method, "/f", headers={"Range": asked} if asked else {})
        answer = connection.getresponse()
        return answer.status, answer.read()

    assert get(None) == (200, _CONTENT)
    assert get("bytes=5-3000004") == (206, _CONTENT[5:3000005])
    assert get(None, "HEAD") == (200, b"")
    assert get("bytes=-1") == (206, _CONTENT[-1:])
    status, body = get("bytes=0-9,3000000-5999999")
    assert status == 206
    assert _CONTENT[:10] in body
    assert _CONTENT[3000000:6000000] in body
    assert get(f"bytes={len(_CONTENT)}-") == (416, b"")
    assert get("bytes=7-7") == (206, _CONTENT[7:8])
    assert all(served.copies)


def test_many_read_at_once(served: _Served, connection: http.client.HTTPConnection) -> None:
    host, port = connection.host, connection.port
    wrong = []

    def read(number: int) -> None:
        own = http.client.HTTPConnection(host, port, timeout=60)
        start, stop = number * 1000, 4_000_000 + number
        own.request("GET", "/f", headers={"Range": f"bytes={start}-{stop - 1}"})
        if own.getresponse().read() != _CONTENT[start:stop]:
            wrong.append(number)
        own.close()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize("reset", [True, False])
def test_a_client_that_goes_ends_its_answer(
    served: _Served, connection: http.client.HTTPConnection, reset: bool
) -> None:
    before = _held(served)
    client = socket.create_connection((connection.host, connection.port))
    client.sendall(b"GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
    client.recv(1000)
    if reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    client.close()

    assert served.ended.acquire(timeout=60)
    assert _held(served) == before
    assert served.shelf.opened == served.shelf.closed
    connection.request("GET", "/f", headers={"Range": "bytes=0-3"})
    assert connection.getresponse().read() == _CONTENT[:4]


def test_a_file_that_shrinks_meanwhile_breaks_the_connection(tmp_path: Path) -> None:
    served = _Served(tmp_path, plain=True)
    plain = served.shelf.plain
    assert plain is not None
    with served_asgi(served) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        connection.request("GET", "/f")
        answer = connection.getresponse()
        answer.read(10)
        with plain.open("r+b") as file:
            file.truncate(9_000_000)

        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        connection.close()


def _held(served: _Served) -> int:
    """How often this process has the file open."""
    return sum(one.path == str(served.shelf.plain) for one in psutil.Process().open_files())
