"""A way out for a child process: an HTTP proxy on loopback, with a password, that connects by the guard.

It speaks CONNECT and plain requests, counts what comes in, and ends with its
`with` block. What it refuses it remembers, so that the reason can be told.
"""

import base64
import hmac
import itertools
import re
import secrets
import socket
import threading
from contextlib import suppress
from types import TracebackType

from framemill.errors import AddressRefused, FramemillError
from framemill.fetch.addresses import Target, parse
from framemill.fetch.guard import Guard

_HEAD_BYTES = 64 * 1024
_HEAD_S = 15
_SILENCE_S = 60
_AT_ONCE = 32
_BLOCK = 64 * 1024
_REQUEST = re.compile(r"([A-Z]{1,20}) (\S{1,8192}) HTTP/1\.[01]")
_HOP = frozenset({"proxy-authorization", "proxy-connection", "connection", "keep-alive", "host"})


class _Refused(Exception):
    """What is asked is answered with this status."""


class Proxy:
    """The proxy; a context manager."""

    def __init__(self, guard: Guard, *, max_bytes: int | None = None) -> None:
        self._guard = guard
        self._max_bytes = max_bytes
        self._password = secrets.token_urlsafe(24)
        self._server = socket.create_server(("127.0.0.1", 0), backlog=_AT_ONCE)
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._over = threading.Event()
        self._names = itertools.count()
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self.received = 0
        self.refused: list[FramemillError] = []

    @property
    def url(self) -> str:
        """What a client is told; it holds the password."""
        return f"http://framemill:{self._password}@127.0.0.1:{self._server.getsockname()[1]}"

    @property
    def exceeded(self) -> bool:
        """True where more came in than may."""
        return self._max_bytes is not None and self.received > self._max_bytes

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        # First, for who accepts may be waiting until one of those ends.
        self._hang_up()
        self._thread.join()
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._room.acquire()
            # Before its thread begins: whoever ends the proxy has to find it.
            self._keep(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(_HEAD_S)
                with suppress(OSError):
                    self._answer(client)
        finally:
            self._forget(client)
            self._room.release()

    def _answer(self, client: socket.socket) -> None:
        try:
            method, target, head, rest = self._asked(client)
            upstream = self._guard.connect(target.host, target.port, stopped=self._over.is_set)
        except _Refused as refused:
            client.sendall(f"HTTP/1.1 {refused}\r\nConnection: close\r\nContent-Length: 0\r\n".encode())
            client.sendall(b'Proxy-Authenticate: Basic realm="framemill"\r\n\r\n')
            return
        except FramemillError as error:
            if isinstance(error, AddressRefused):
                self.refused.append(error)
            status = "403 Forbidden" if isinstance(error, AddressRefused) else "502 Bad Gateway"
            client.sendall(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with upstream:
            self._keep(upstream)
            try:
                upstream.settimeout(_SILENCE_S)
                client.settimeout(_SILENCE_S)
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    upstream.sendall(head)
                upstream.sendall(rest)
                self._relay(client, upstream)
            finally:
                self._forget(upstream)

    def _asked(self, client: socket.socket) -> tuple[str, Target, bytes, bytes]:
        """The method, where to, the head to pass on, and what came behind it."""
        data = b""
        while b"\r\n\r\n" not in data:
            if len(data) > _HEAD_BYTES or not (more := client.recv(_BLOCK)):
                raise _Refused("400 Bad Request")
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        found = _REQUEST.fullmatch(first)
        if found is None:
            raise _Refused("400 Bad Request")
        fields = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        if not self._is_ours({name.lower(): value for name, value in fields}):
            raise _Refused("407 Proxy Authentication Required")
        method, what = found.groups()
        target = parse(f"https://{what}/" if method == "CONNECT" else what)
        if method == "CONNECT":
            if not re.search(r":\d+$", what):
                raise _Refused("400 Bad Request")
            return method, target, b"", rest
        if target.scheme != "http":
            raise _Refused("400 Bad Request")
        kept = [f"{name}: {value}" for name, value in fields if name.lower() not in _HOP]
        passed = [f"{method} {target.path} HTTP/1.1", f"Host: {target.authority}", *kept, "Connection: close"]
        return method, target, ("\r\n".join(passed) + "\r\n\r\n").encode("latin-1"), rest

    def _is_ours(self, fields: dict[str, str]) -> bool:
        expected = base64.b64encode(f"framemill:{self._password}".encode()).decode()
        given = fields.get("proxy-authorization", "")
        return hmac.compare_digest(given.encode(), f"Basic {expected}".encode())

    def _relay(self, client: socket.socket, upstream: socket.socket) -> None:
        up = threading.Thread(target=_copy, args=(client, upstream), daemon=True)
        up.start()
        try:
            with suppress(OSError):
                while (data := upstream.recv(_BLOCK)) and not self._over.is_set():
                    with self._lock:
                        self.received += len(data)
                    if self.exceeded:
                        return
                    client.sendall(data)
        finally:
            for sock in (client, upstream):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            up.join()

    def _keep(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.add(sock)

    def _forget(self, sock: socket.socket) -> None:
        with self._lock:
            self._open.discard(sock)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_BLOCK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
