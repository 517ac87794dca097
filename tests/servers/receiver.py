"""A web server on loopback that is told things by POST, keeps them, and answers as a test says."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True, kw_only=True)
class Told:
    """One request that came."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(kw_only=True)
class Says:
    """What is answered."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None  # the answer waits for it


class Receiver:
    """Listens while it is entered."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.says = Says()
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def allow(self) -> str:
        """What an operator allows to let it be reached."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.allow}/hook"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        told = Told(path=self.path, headers=headers, body=self.rfile.read(length))
        says = self.receiver.says
        self.receiver.told.append(told)
        if says.hold is not None:
            says.hold.wait(20)
        self.send_response(says.status)
        for name, value in {"Content-Length": str(len(says.body)), **says.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # who asked may be gone
            self.wfile.write(says.body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""
