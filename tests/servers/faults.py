"""A server in front of another that fails as told: refuses, resets, loses, cuts, drips, garbles and hangs.

One thread per connection, loopback only. What goes wrong with a request is decided by a function
of its method and path, so a test can fail just one kind, or any by chance.
"""

import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Answer with an error; the server behind hears nothing."""

    status: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Break the connection before the server behind hears anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose:
    """Let the server behind do it, and break the connection instead of saying so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Break the connection after so many bytes of the answer's body."""

    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip:
    """Send the answer's body so many bytes at a time, with a pause after each."""

    bytes: int
    pause_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Say nothing until the other side goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garble:
    """Change the first byte of the request's body."""


Fault = Refuse | Reset | Lose | Cut | Drip | Hang | Garble
# What goes wrong with a request of this method and path; None: nothing.
Script = Callable[[str, str], Fault | None]


class Once:
    """The faults in their order, one for each request that `concerns` says; then nothing."""

    def __init__(
        self, *faults: Fault, concerns: Callable[[str, str], bool] = lambda _method, _path: True
    ) -> None:
        self._left = list(faults)
        self._concerns = concerns
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return self._left.pop(0) if self._left and self._concerns(method, path) else None

    @property
    def over(self) -> bool:
        """Whether all of them happened."""
        return not self._left


class Chance:
    """Each fault with its probability, by a seeded random; counts what it did."""

    def __init__(self, seed: int, faults: Mapping[Fault, float]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self._faults = dict(faults)
        self._lock = threading.Lock()
        self.done: dict[type, int] = {}

    def __call__(self, _method: str, _path: str) -> Fault | None:
        with self._lock:
            left = self._random.random()
            for fault, probability in self._faults.items():
                left -= probability
                if left < 0:
                    self.done[type(fault)] = self.done.get(type(fault), 0) + 1
                    return fault
        return None


class Faults(ThreadingHTTPServer):
    """The server in front. `script` may be changed while it runs; `seen` has each method and path."""

    daemon_threads = True

    def __init__(self, behind: int, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.script = script
        self.seen: list[tuple[str, str]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close at once: an orderly end first would take a reset its surprise."""
        self.close_request(request)

    # A client that goes away in the middle is what this is for.
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def in_front_of(port: int, script: Script = lambda _method, _path: None) -> Iterator[Faults]:
    """Such a server in front of a port of this machine."""
    with Faults(port, script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Faults

    def _serve(self) -> None:
        self.server.seen.append((self.command, self.path))
        fault = self.server.script(self.command, self.path)
        if isinstance(fault, Reset):
            self._reset()
            return
        if isinstance(fault, Hang):
            self._hang()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if isinstance(fault, Refuse):
            self._refuse(fault.status)
            return
        if isinstance(fault, Garble):
            body = bytes([body[0] ^ 1]) + body[1:]
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=120)
        try:
            self._forward(behind, body)
            with behind.getresponse() as answer:
                if isinstance(fault, Lose):
                    answer.read()
                    self._reset()
                else:
                    self._answer(answer, fault)
        finally:
            behind.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - the base class looks for these

    def _forward(self, behind: http.client.HTTPConnection, body: bytes) -> None:
        # The host's name is signed, so it stays that of the one in front.
        behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"expect", "connection"}:
                behind.putheader(name, value)
        behind.endheaders(body)

    def _answer(self, answer: http.client.HTTPResponse, fault: Fault | None) -> None:
        length = answer.headers.get("Content-Length")
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in {"connection", "transfer-encoding", "content-length", "keep-alive"}:
                self.send_header(name, value)
        if length is None:
            whole = answer.read()
            self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            self._pieces(iter((whole,)), fault)
            return
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self._pieces(iter(lambda: answer.read(_PIECE), b""), fault)

    def _pieces(self, pieces: Iterator[bytes], fault: Fault | None) -> None:
        sent = 0
        for piece in pieces:
            if isinstance(fault, Cut) and sent + len(piece) > fault.after:
                self.wfile.write(piece[: fault.after - sent])
                self.wfile.flush()
                self.close_connection = True
                return
            if isinstance(fault, Drip):
                for at in range(0, len(piece), fault.bytes):
                    self.wfile.write(piece[at : at + fault.bytes])
                    self.wfile.flush()
                    time.sleep(fault.pause_s)
            else:
                self.wfile.write(piece)
            sent += len(piece)

    def _refuse(self, status: int) -> None:
        body = b"<Error><Code>InternalError</Code><Message>as the test wants it</Message></Error>"
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reset(self) -> None:
        # Closing with a linger of nothing sends a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _hang(self) -> None:
        self.close_connection = True
        self.connection.settimeout(0.2)
        while not self.server.closing.is_set():
            try:
                if not self.connection.recv(_PIECE):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""
