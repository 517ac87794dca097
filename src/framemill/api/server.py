"""The HTTP server around the application: its limits, and patience with slow heads of requests."""

import asyncio
import socket
from typing import Any

import uvicorn
from anyio import to_thread
from fastapi import FastAPI

from framemill.api.doorkeeper import Doorkeeper
from framemill.api.socket_protocol import Sockets
from framemill.api.strict_http import StrictProtocol
from framemill.errors import InvalidSettings

# Connections at once; what comes above that is told to come back.
_CONNECTIONS = 3000
_LARGEST_MESSAGE = 1024 * 1024  # bytes, of a WebSocket
_PING_S = 20.0
_HEAD_S = 15.0
_KEEP_ALIVE_S = 20
_GRACE_S = 10
_GOODBYE_S = 0.1
# They share one processor at a time, and the more of them want it, the more of it goes into taking turns:
# with AnyIO's 40 a request cost nearly twice as much (docs/decisions/0028-few-threads.md).
_THREADS = 8


class Server:
    """Serves an application on a socket that listens already; `doorkeeper` sends away who stays for long."""

    def __init__(
        self, api: FastAPI, listener: socket.socket, *, doorkeeper: Doorkeeper | None = None
    ) -> None:
        config = uvicorn.Config(
            api,
            http=Impatient,
            ws=Sockets,
            ws_max_size=_LARGEST_MESSAGE,
            ws_ping_interval=_PING_S,
            ws_ping_timeout=_PING_S,
            # Small messages gain nothing by it, and each connection would hold the memory for it.
            ws_per_message_deflate=False,
            lifespan="off",
            # Lines of access would hold signed addresses.
            access_log=False,
            log_config=None,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Polite(config, doorkeeper)
        self._listener = listener

    def run(self) -> None:
        """Serve until `stop`; not in the main thread, which hears the signals."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Take no new connections, and give what is being answered ten seconds."""
        self._server.should_exit = True


class _Polite(uvicorn.Server):
    """Tells those who stay for long that it ends, and does not wait for them."""

    def __init__(self, config: uvicorn.Config, doorkeeper: Doorkeeper | None) -> None:
        super().__init__(config)
        self._doorkeeper = doorkeeper

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Endpoints that use the database run in threads: a few."""
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye first."""
        if self._doorkeeper is not None:
            self._doorkeeper.shut()
            await asyncio.sleep(_GOODBYE_S)
        await super().shutdown(sockets)


class Impatient(StrictProtocol):
    """HTTP/1.1 that ends connections whose request's head does not arrive; uvicorn would wait for ever.

    The same where a request was answered before its body was read to the end:
    what still drips in must not keep the connection.
    """

    head_s = _HEAD_S
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """It said something."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """It has its answer."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        # Between two requests the time to keep alive counts, and nothing of a head is there.
        waiting = self._request_open or self.timeout_keep_alive_task is None
        if self._owing or self._upgraded or not waiting:
            self._unwatch()
        elif self._limit is None:
            self._limit = self.loop.call_later(self.head_s, self._end)

    def _unwatch(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _end(self) -> None:
        self._limit = None
        if not self.transport.is_closing():
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. InvalidSettings where that cannot be."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=512)
        # Passed on to its connections. asyncio sets it only where a socket names its protocol, and
        # without it the second piece of each answer waits for the first one's receipt: 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise InvalidSettings(
            f"nothing can listen at {host}, port {port}: {error.strerror or error}",
            hint="choose another --port, or end what listens there",
        ) from error


def address(listener: socket.socket) -> str:
    """`http://127.0.0.1:8000`: where a client on this machine reaches it."""
    host, port = _host_and_port(listener.getsockname())
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _host_and_port(name: Any) -> tuple[str, int]:  # noqa: ANN401 - a socket's name depends on its family
    return str(name[0]), int(name[1])
