from collections.abc import Sequence
from email.parser import BytesParser
from pathlib import Path

import anyio
import httpx2
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from framemill.api.ranges import BlobResponse, Offer
from framemill.api.sending import PIECE
from framemill.api.zero_copy import ZERO_COPY
from framemill.errors import BlobNotFound, StorageUnavailable
from tests.unit.api.shelf import Shelf

_CONTENT = bytes(range(256)) * 40
_LENGTH = len(_CONTENT)
_DATE = "Mon, 04 May 2026 12:30:15 GMT"


@pytest.fixture(params=["plain", "stored"], name="shelf")
def _shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return Shelf(_CONTENT, plain=tmp_path / "file" if request.param == "plain" else None, piece=1000)


def _client(shelf: Shelf, key: str = "a/b.mp4", filename: str | None = None) -> TestClient:
    def read(request: Request) -> BlobResponse:
        store = shelf.as_store()
        return BlobResponse(
            request, store, Offer(blob=store.stat(key), filename=filename, cache_control="private")
        )

    return TestClient(Starlette(routes=[Route("/f", read, methods=["GET", "HEAD"])]))


def test_the_whole_file_comes_with_all_that_describes_it(shelf: Shelf) -> None:
    answer = _client(shelf).get("/f")

    assert answer.status_code == 200
    assert answer.content == _CONTENT
    assert dict(answer.headers) == {
        "accept-ranges": "bytes",
        "cache-control": "private",
        "content-length": str(_LENGTH),
        "content-security-policy": "sandbox",
        "content-type": "video/mp4",
        "etag": f'"{_etag(shelf)}"',
        "last-modified": _DATE,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def test_head_says_what_get_would_and_reads_nothing(shelf: Shelf) -> None:
    client = _client(shelf)

    head, got = client.head("/f"), client.get("/f")

    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)
    assert shelf.opened == (0 if shelf.plain else 1)


def test_head_knows_no_ranges(shelf: Shelf) -> None:
    answer = _client(shelf).head("/f", headers={"range": "bytes=0-1"})

    assert (answer.status_code, answer.headers["content-length"]) == (200, str(_LENGTH))


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-4999", 100, 5000),
        ("bytes=100-", 100, _LENGTH),
        ("bytes=-100", _LENGTH - 100, _LENGTH),
        ("bytes=-99999999", 0, _LENGTH),
        ("bytes=0-", 0, _LENGTH),
        ("bytes=10000-99999", 10000, _LENGTH),
        ("bytes=5-10,8-20", 5, 21),
    ],
)
def test_one_range_comes_as_it_is(shelf: Shelf, asked: str, start: int, stop: int) -> None:
    answer = _client(shelf).get("/f", headers={"range": asked})

    assert answer.status_code == 206
    assert answer.content == _CONTENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{_LENGTH}"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["content-type"] == "video/mp4"


def test_several_ranges_come_as_parts_in_the_order_of_asking(shelf: Shelf) -> None:
    answer = _client(shelf).get("/f", headers={"range": "bytes=5000-5999,0-9,-1"})

    assert answer.status_code == 206
    assert "content-range" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))
    assert _parts(answer) == [
        ("video/mp4", f"bytes 5000-5999/{_LENGTH}", _CONTENT[5000:6000]),
        ("video/mp4", f"bytes 0-9/{_LENGTH}", _CONTENT[:10]),
        ("video/mp4", f"bytes {_LENGTH - 1}-{_LENGTH - 1}/{_LENGTH}", _CONTENT[-1:]),
    ]


def test_what_is_beyond_the_file_is_refused_with_its_length(shelf: Shelf) -> None:
    answer = _client(shelf).get("/f", headers={"range": f"bytes={_LENGTH}-"})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{_LENGTH}"
    assert answer.headers["content-length"] == "0"
    assert answer.content == b""
    assert shelf.given == 0


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=x", "pages=1-2", "bytes=" + "0-0," * 400])
def test_a_range_that_cannot_be_understood_is_not_there(shelf: Shelf, asked: str) -> None:
    answer = _client(shelf).get("/f", headers={"range": asked})

    assert (answer.status_code, answer.content) == (200, _CONTENT)


def test_ranges_in_two_header_lines_are_not_there(shelf: Shelf) -> None:
    answer = _client(shelf).get("/f", headers=[("range", "bytes=0-1"), ("range", "bytes=4-5")])

    assert (answer.status_code, answer.content) == (200, _CONTENT)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [("same", 206), ("other", 200), ("weak", 200), (_DATE, 206), ("Mon, 04 May 2026 12:30:14 GMT", 200)],
)
def test_a_range_of_a_file_that_has_changed_is_the_whole_file(
    shelf: Shelf, if_range: str, status: int
) -> None:
    tag = _etag(shelf)
    said = {"same": f'"{tag}"', "other": '"x"', "weak": f'W/"{tag}"'}.get(if_range, if_range)

    answer = _client(shelf).get("/f", headers={"range": "bytes=0-4", "if-range": said})

    assert answer.status_code == status
    assert answer.content == (_CONTENT[:5] if status == 206 else _CONTENT)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_the_client_has_is_not_sent_again(shelf: Shelf, method: str) -> None:
    asked = {"if-none-match": f'"{_etag(shelf)}"', "range": "bytes=0-4"}

    answer = _client(shelf).request(method, "/f", headers=asked)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{_etag(shelf)}"'
    assert answer.headers["last-modified"] == _DATE
    assert answer.headers["cache-control"] == "private"
    assert "content-length" not in answer.headers
    assert "content-type" not in answer.headers


def test_a_precondition_that_fails_outweighs_a_range_beyond_the_file(shelf: Shelf) -> None:
    answer = _client(shelf).get("/f", headers={"if-match": '"x"', "range": f"bytes={_LENGTH}-"})

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (412, "0", b"")


def test_a_file_of_no_known_type_is_saved_not_shown(shelf: Shelf) -> None:
    answer = _client(shelf, key="a/page.html").get("/f")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"


def test_a_name_makes_it_a_download(shelf: Shelf) -> None:
    answer = _client(shelf, filename="My film.mp4").get("/f")

    assert answer.headers["content-disposition"] == 'attachment; filename="My film.mp4"'


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(("asked", "status"), [(None, 200), ("bytes=-5", 200), ("bytes=0-", 416)])
def test_an_empty_file_is_served(tmp_path: Path, plain: bool, asked: str | None, status: int) -> None:
    shelf = Shelf(b"", plain=tmp_path / "file" if plain else None)

    answer = _client(shelf).get("/f", headers={"range": asked} if asked else {})

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (status, b"", "0")


_HEADER = st.from_regex(r"\Abytes=([0-9]{0,2}-[0-9]{0,2}, ?){0,6}[0-9]{0,2}-[0-9]{0,2}\Z", fullmatch=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=_HEADER, length=st.integers(0, 80))
def test_every_answer_is_slices_of_the_file(tmp_path: Path, header: str, length: int) -> None:
    content = _CONTENT[:length]

    for plain in (tmp_path / "file", None):
        shelf = Shelf(content, plain=plain)
        answer = _client(shelf).get("/f", headers={"range": header})

        assert answer.headers["content-length"] == str(len(answer.content))
        if answer.status_code == 416:
            continue
        pieces = [_whole_or_range(answer, length)] if "boundary" not in _type(answer) else _parts(answer)
        assert all(content[_bounds(shown, length)] == body for _, shown, body in pieces)
        assert sum(len(body) for *_, body in pieces) <= length
        assert (shelf.opened, shelf.given) == (shelf.closed, 0 if plain else sum(len(b) for *_, b in pieces))


def test_a_file_that_went_is_said_before_anything_is_sent(shelf: Shelf) -> None:
    offer = _offer(shelf)
    shelf.missing.add("a/b.mp4")
    client = _Client()

    with pytest.raises(BlobNotFound):
        client.get(shelf, offer)

    assert client.sent == []


def test_a_file_that_was_replaced_is_never_mixed_with_another(shelf: Shelf) -> None:
    offer = _offer(shelf)
    shelf.content = b"short"
    client = _Client()

    with pytest.raises((StorageUnavailable, ExceptionGroup)):
        client.get(shelf, offer)

    assert not any(message.get("more_body") is False for message in client.sent)


@pytest.mark.parametrize("lent", [True, False])
def test_when_the_client_goes_reading_stops_and_all_is_closed(shelf: Shelf, lent: bool) -> None:
    shelf.content, shelf.piece = b"x" * 100 * PIECE, PIECE
    before = psutil.Process().num_fds()
    client = _Client(leaves_after=3, copies=lent)

    client.get(shelf, _offer(shelf))

    assert (shelf.opened, psutil.Process().num_fds()) == (shelf.closed, before)
    assert shelf.given <= 6 * PIECE
    assert len(client.sent) <= 5


def test_a_slow_reader_holds_one_piece() -> None:
    """The next piece is not read before the one before it was taken."""
    shelf = Shelf(b"x" * 20 * PIECE, piece=PIECE)
    client = _Client(watching=shelf)

    client.get(shelf, _offer(shelf))

    assert max(client.ahead) <= PIECE


def test_a_server_that_copies_is_lent_the_file(tmp_path: Path) -> None:
    shelf = Shelf(_CONTENT, plain=tmp_path / "file")
    client = _Client(copies=True, asks=[(b"range", b"bytes=0-9,100-199")])

    client.get(shelf, _offer(shelf))

    lent = [message for message in client.sent if message["type"] == ZERO_COPY]
    assert [(message["offset"], message["count"]) for message in lent] == [(0, 10), (100, 100)]
    assert all(message["file"].closed for message in lent)
    said = sum(len(message.get("body", b"")) for message in client.sent) + 110
    assert dict(client.sent[0]["headers"])[b"content-length"] == str(said).encode()


class _Client:
    """An ASGI server and the client behind it."""

    def __init__(
        self,
        *,
        leaves_after: int | None = None,
        copies: bool = False,
        asks: Sequence[tuple[bytes, bytes]] = (),
        watching: Shelf | None = None,
    ) -> None:
        self.sent: list[Message] = []
        self.ahead: list[int] = []
        self._leaves_after = leaves_after
        self._watching = watching
        self._scope: Scope = {"type": "http", "method": "GET", "path": "/f", "headers": list(asks)}
        self._scope["extensions"] = {ZERO_COPY: {}} if copies else {}

    def get(self, shelf: Shelf, offer: Offer) -> None:
        """The response's every message into `sent`."""
        anyio.run(self._get, shelf, offer)

    async def _get(self, shelf: Shelf, offer: Offer) -> None:
        gone = anyio.Event()
        began = False

        async def receive() -> Message:
            nonlocal began
            if not began:
                began = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if gone.is_set() and self._scope["extensions"]:
                raise ConnectionResetError
            if self._watching is not None:
                self.ahead.append(self._watching.given - sum(len(one.get("body", b"")) for one in self.sent))
            self.sent.append(message)
            if len(self.sent) == self._leaves_after:
                gone.set()
            await anyio.lowlevel.checkpoint()

        response = BlobResponse(Request(self._scope), shelf.as_store(), offer)
        await response(self._scope, receive, send)


def _offer(shelf: Shelf) -> Offer:
    return Offer(blob=shelf.as_store().stat("a/b.mp4"))


def _etag(shelf: Shelf) -> str:
    return shelf.stat("a/b.mp4").etag


def _type(answer: httpx2.Response) -> str:
    return str(answer.headers["content-type"])


def _whole_or_range(answer: httpx2.Response, length: int) -> tuple[str, str, bytes]:
    whole = f"bytes 0-{length - 1}/{length}"
    return _type(answer), answer.headers.get("content-range", whole), answer.content


def _parts(answer: httpx2.Response) -> list[tuple[str, str, bytes]]:
    """Type, Content-Range and content of each part, as another program reads them."""
    raw = b"Content-Type: " + _type(answer).encode() + b"\r\n\r\n" + answer.content
    message = BytesParser().parsebytes(raw)
    assert message.is_multipart()
    parts = [part for part in message.walk() if not part.is_multipart()]
    return [
        (part.get_content_type(), str(part["content-range"]), _payload(answer, place))
        for place, part in enumerate(parts)
    ]


def _payload(answer: httpx2.Response, place: int) -> bytes:
    """The content between the boundaries; mail's parser would change line ends in it."""
    boundary = _type(answer).partition("boundary=")[2].encode()
    part = answer.content.split(b"--" + boundary)[place + 1]
    return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _bounds(shown: str, length: int) -> slice:
    first, _, rest = shown.removeprefix("bytes ").partition("-")
    last, _, total = rest.partition("/")
    assert int(total) == length
    return slice(int(first), int(last) + 1)
