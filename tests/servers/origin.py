"""A web server on loopback that gives files as servers do, and as they should not."""

import hashlib
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

_BLOCK = 256 * 1024
_HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"


class Content:
    """Bytes that are made when they are read: as large as wanted, the same every time."""

    def __init__(self, size: int, *, seed: str = "film") -> None:
        self.size = size
        self._block = hashlib.shake_256(seed.encode()).digest(1 << 20)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`."""
        stop, made = min(stop, self.size), bytearray()
        while start < stop:
            number, at = divmod(start, len(self._block))
            here = min(stop - start, len(self._block) - at)
            # Each block begins with its number, so that a block in the wrong place shows.
            block = number.to_bytes(8, "big") + self._block[8:]
            made += block[at : at + here]
            start += here
        return bytes(made)

    def sha256(self) -> str:
        """The digest of all of it."""
        total = hashlib.sha256()
        for start in range(0, self.size, 1 << 20):
            total.update(self.read(start, start + (1 << 20)))
        return total.hexdigest()


class Footage(Content):
    """What begins like an MP4."""

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`."""
        return _HEAD[start:stop] + super().read(max(start, len(_HEAD)), max(stop, len(_HEAD)))

    @property
    def whole(self) -> bytes:
        """All of it."""
        return self.read(0, self.size)


@dataclass(kw_only=True)
class Film:
    """What is under one path."""

    content: Content
    etag: str | None = '"one"'
    modified: str | None = None
    ranges: bool = True
    heeds_if_range: bool = True
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    # Bytes of its body after which the answer with this number is cut; None: never.
    cut: Callable[[int], int | None] = lambda _number: None
    # Called with each answer's number before it is given; may change this film.
    before: Callable[[int], object] = lambda _number: None
    pause_s: float = 0.0  # between two blocks
    block: int = _BLOCK
    announced: int | None = None  # a length that is not true
    chunked: bool = False
    endless: bool = False
    raw: bytes | None = None  # sent as it is, instead of an answer
    silent_parts: bool = False  # parts do not say which version they are of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]


class Origin:
    """The server; a context manager."""

    def __init__(self, films: Mapping[str, Film] | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.films = dict(films or {})
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.sent = 0  # bytes of films
        self.at_once = 0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_address[1]

    @property
    def allow(self) -> str:
        """The entry of an allow-list that permits it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        """The address of a film."""
        return f"{self._scheme}://{host}:{self.port}{path}"

    def __enter__(self) -> "Origin":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Give what is asked for."""
        with self._lock:
            self.asked.append(Asked(path=request.path, headers=dict(request.headers)))
            number = next(self._numbers)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        leave = _Once(self._left)
        try:
            film = self.films.get(request.path.partition("?")[0])
            if film is None:
                request.send_error(404)
                return
            film.before(number)
            _give(request, film, number, self._ending, leave, self._count)
        finally:
            leave()

    def _count(self, sent: int) -> None:
        with self._lock:
            self.sent += sent

    def _left(self) -> None:
        with self._lock:
            self.at_once -= 1


class _Once:
    """Does a thing once, however often it is called."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act: Callable[[], None] | None = act

    def __call__(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are ordinary here."""


def _handler(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            origin.answer(self)

        def log_message(self, *_said: object) -> None:
            """Nobody reads it."""

    return Handler


def _give(
    request: BaseHTTPRequestHandler,
    film: Film,
    number: int,
    ending: threading.Event,
    leave: Callable[[], None],
    count: Callable[[int], None],
) -> None:
    request.close_connection = True
    if film.raw is not None:
        request.wfile.write(film.raw)
        return
    start, stop, status = 0, film.content.size, film.status
    wanted = _range(request, film) if status == 200 else None
    if wanted is not None:
        start, stop, status = wanted[0], min(wanted[1], stop), 206
    if status == 206 and start >= film.content.size:
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{film.content.size}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    request.send_response(status)
    if status == 206:
        request.send_header("Content-Range", f"bytes {start}-{stop - 1}/{film.content.size}")
    for name, value in (("ETag", film.etag), ("Last-Modified", film.modified)):
        if value is not None and not (film.silent_parts and start > 0):
            request.send_header(name, value)
    for name, value in film.headers.items():
        request.send_header(name, value)
    if film.chunked:
        request.send_header("Transfer-Encoding", "chunked")
    elif not film.endless:
        request.send_header("Content-Length", str(film.announced or (stop - start)))
    request.end_headers()
    cut = film.cut(number)
    end, at = stop if cut is None else min(stop, start + cut), start
    for block in _body(film, start, end):
        if film.pause_s and ending.wait(film.pause_s):
            return
        at += len(block)
        if at >= end and not film.endless:
            leave()  # before the client can know that it has all, and come back
        request.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if film.chunked else block)
        count(len(block))
    if cut is not None and start + cut < stop:
        with suppress(OSError):
            request.connection.shutdown(socket.SHUT_RDWR)
    elif film.chunked:
        request.wfile.write(b"0\r\n\r\n")


def _body(film: Film, start: int, stop: int) -> Iterator[bytes]:
    while film.endless or start < stop:
        yield film.content.read(start, min(start + film.block, stop)) or bytes(film.block)
        start += film.block


def _range(request: BaseHTTPRequestHandler, film: Film) -> tuple[int, int] | None:
    said = request.headers.get("Range")
    if said is None or not film.ranges:
        return None
    condition = request.headers.get("If-Range")
    if film.heeds_if_range and condition not in {None, film.etag, film.modified}:
        return None
    first, _, last = said.removeprefix("bytes=").partition("-")
    return int(first), int(last) + 1


def long_ago() -> str:
    """A Last-Modified that proves something."""
    return formatdate(time.time() - 86_400, usegmt=True)
