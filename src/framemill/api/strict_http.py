"""What clients may say in HTTP/1: uvicorn's httptools protocol, with measures and strictness of our own.

A head has a most of bytes. What two readers could take for different requests
is refused rather than guessed at. How long may be waited, `server` says.
"""

import asyncio
from typing import Any, Final, NoReturn
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from framemill.api.zero_copy import ZERO_COPY, Exchange

MOST_HEAD: Final = 64 * 1024  # bytes
# Requests that were sent before the first of them was answered.
_MOST_QUEUED: Final = 16
_Refusal = tuple[int, str]
_MALFORMED: Final[_Refusal] = (400, "The request is no HTTP that can be understood in one way only.")
_TOO_LONG: Final[_Refusal] = (431, f"The head of the request is longer than {MOST_HEAD} bytes.")
_UNKNOWN_CODING: Final[_Refusal] = (501, "Of transfer codings only chunked is known.")
_UNKNOWN_VERSION: Final[_Refusal] = (505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
_BUSY: Final[_Refusal] = (503, "There are too many connections.")


class StrictProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=...)`."""

    _head_open = False  # a request began, and its head has not ended
    _request_open = False  # nor the whole of it
    _upgraded = False
    _deaf = False  # what comes is read by nobody
    _upgrading = False
    _moved = False  # the bytes of this moment ended a head or a request, or held some of a body
    _unmoved = 0  # bytes since
    _refusal: _Refusal | None = None
    _answering: Exchange | None = None
    _asked: Exchange | None = None  # the last one

    def data_received(self, data: bytes) -> None:
        """The client said something."""
        self._unset_keepalive_if_required()
        if self._deaf:
            return
        self._moved = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Its answer is the last one: what follows could be any protocol.
            self._deaf = True
            if self._upgrading:
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            self._refuse(self._refusal or _MALFORMED)
        else:
            self._unmoved = 0 if self._moved else self._unmoved + len(data)
            if self._unmoved > MOST_HEAD:
                self._refuse(_TOO_LONG if self._head_open else _MALFORMED)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone: whoever answers it or will is told."""
        for exchange in (self._answering, *(exchange for exchange, _ in self.pipeline)):
            if exchange is not None and not exchange.response_complete:
                exchange.disconnected = True
                exchange.message_event.set()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From now on another protocol has the connection."""
        self._upgraded = True
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_open = self._request_open = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers; those behind a body are nobody's wish here."""
        if self._head_open:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its head is there: answered in its turn."""
        self._head_open, self._moved = False, True
        version = self.parser.get_http_version()
        bodied = self._check(version)
        self.scope["method"] = self.parser.get_method().decode("ascii")
        keep_alive = version == "1.1" and self.parser.should_keep_alive()
        if self.parser.should_upgrade():
            if self._may_upgrade(version, bodied=bodied):
                self._upgrading = True
                return
            keep_alive = False
        exchange = self._exchange(version, keep_alive=keep_alive)
        app = service_unavailable if self._full() else self.app
        waits = self._owing
        self.cycle = self._asked = exchange
        if waits:
            self.flow.pause_reading()
            self.pipeline.appendleft((exchange, app))
        else:
            self._start_asgi_task(exchange, app)

    def on_body(self, body: bytes) -> None:
        """Some of its body."""
        self._moved = True
        if not self._upgrading:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._request_open, self._moved = False, True
        if not self._upgrading:
            super().on_message_complete()

    @property
    def _owing(self) -> bool:
        """Whether something was asked that is not answered to the end."""
        return self._asked is not None and not self._asked.response_complete

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - as uvicorn has it
        self._answering = cycle
        self.tasks.add(self.loop.create_task(self._answer(cycle, app)))

    async def _answer(self, exchange: Exchange, app: Any) -> None:  # noqa: ANN401 - the same
        try:
            await exchange.run_asgi(app)
        finally:
            # Not by a callback: the next request would wait one turn of the loop longer.
            if (task := asyncio.current_task()) is not None:
                self.tasks.discard(task)

    def _check(self, version: str) -> bool:
        """Refuse what others could read differently; returns whether a body is announced."""
        size, hosts, lengths = len(self.url), 0, 0
        codings = []
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name == b"host":
                hosts += 1
            elif name == b"content-length":
                lengths += 1
            elif name == b"transfer-encoding":
                codings.append(value.lower())
        if size > MOST_HEAD:
            self._stop(_TOO_LONG)
        if version not in {"1.0", "1.1"}:
            self._stop(_UNKNOWN_VERSION)
        if hosts > 1 or (hosts == 0 and version == "1.1") or lengths + len(codings) > 1:
            self._stop(_MALFORMED)
        if codings and version == "1.0":
            self._stop(_MALFORMED)
        if codings and codings != [b"chunked"]:
            self._stop(_UNKNOWN_CODING)
        if not (self.url.isascii() and self.url.startswith((b"/", b"*"))):
            self._stop(_MALFORMED)
        if len(self.pipeline) >= _MOST_QUEUED:
            self._stop(_BUSY)
        return bool(lengths or codings)

    def _may_upgrade(self, version: str, *, bodied: bool) -> bool:
        if not self._should_upgrade() or version != "1.1" or bodied:
            return False
        if self._owing:
            self._stop(_MALFORMED)
        if self._full():
            self._stop(_BUSY)
        return True

    def _full(self) -> bool:
        most = self.limit_concurrency
        return most is not None and (len(self.connections) >= most or len(self.tasks) >= most)

    def _exchange(self, version: str, *, keep_alive: bool) -> Exchange:
        raw_path, _, query = self.url.partition(b"?")
        path = raw_path.decode("ascii")
        scope = self.scope
        scope["http_version"] = version
        scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + raw_path
        scope["query_string"] = query
        if Exchange.can_copy(self.loop, self.scheme):
            scope["extensions"] = {ZERO_COPY: {}}
        return Exchange(
            loop=self.loop,
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue and version == "1.1",
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )

    def _stop(self, refusal: _Refusal) -> NoReturn:
        """Out of the parser, which calls this a fault of the client's."""
        self._refusal = refusal
        raise ValueError(refusal[1])

    def _refuse(self, refusal: _Refusal) -> None:
        """Hear nothing more; say why, where nothing else is being said."""
        self._deaf = True
        last = self._asked
        if last is None or last.response_complete:
            self._say(*refusal)
        elif not self._request_open or self._head_open or self._refusal:
            # What was asked before is answered yet.
            last.keep_alive = False
        elif self.pipeline or last.response_started:
            self.transport.abort()
        else:
            # The fault is in the body of what is being answered.
            last.disconnected = True
            last.message_event.set()
            self._say(*refusal)

    def _say(self, status: int, why: str) -> None:
        text = why.encode("ascii") + b"\n"
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
            + b"cache-control: no-store\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(text)
            + text
        )
        self.transport.close()
