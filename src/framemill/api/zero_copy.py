"""One answer on uvicorn's HTTP/1, with ASGI's zero-copy send: the kernel moves a file's bytes to the client.

The extension is ASGI's own; uvicorn does not have it. Offered where it works:
asyncio's own loop, no TLS in this process. Whoever sends looks for it and reads
the file itself where it is missing. What a client may say, `strict_http` knows.
"""

import asyncio
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from io import FileIO
from typing import Any, Final

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

ZERO_COPY: Final = "http.response.zerocopysend"
# Their answers have no body, whatever their headers say.
_EMPTY: Final = frozenset({204, 304})


class Exchange(RequestResponseCycle):
    """A request and its answer.

    A start message that holds the extension's name as a key says that a stretch
    of a file follows at once. To HTTP/1.0 an answer of unknown length goes out
    until its end.
    """

    _left: int | None = None  # of the bytes that the answer's head announced
    _chunked = False
    _empty = False

    def __init__(self, *, loop: asyncio.AbstractEventLoop, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**kwargs)
        self._loop = loop

    @staticmethod
    def can_copy(loop: asyncio.AbstractEventLoop, scheme: str | None) -> bool:
        """Whether the kernel can move files to the clients of this loop."""
        return isinstance(loop, asyncio.SelectorEventLoop) and scheme == "http"

    async def send(self, message: Message) -> None:  # type: ignore[override]  # Starlette's word for the same
        """One message of the application.

        Raises ConnectionError where a file is to be copied to a client that has gone,
        RuntimeError for what does not fit to what was sent before.
        """
        kind = message["type"]
        # The head of an answer is little, and waits for nobody.
        if self.flow.write_paused and kind != "http.response.start" and not self.disconnected:
            await self.flow.drain()
        if kind == ZERO_COPY:
            await self._copy(message["file"], message["offset"], message["count"])
        elif self.disconnected:
            return
        elif kind == "http.response.start" and not self.response_started:
            self._start(message["status"], message.get("headers", ()), copied=bool(message.get(ZERO_COPY)))
            return
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._write(message.get("body", b""))
        else:
            raise RuntimeError(f"{kind!r} is not what has to be sent now")
        if not message.get("more_body", False):
            self._finish()

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]], *, copied: bool) -> None:
        empty = self.scope["method"] == "HEAD" or status in _EMPTY
        # Where the client still waits to send its body, nobody can know whether that comes.
        keep_alive = self.keep_alive and not self.waiting_for_100_continue
        left, chunked, closes = None, False, False
        lines = [STATUS_LINE[status].removesuffix(b"\r\n")]
        for name, value in (*self.default_headers, *headers):
            lines.append(b"%b: %b" % (name, value))
            lowered = name.lower()
            if lowered == b"content-length":
                left = int(value)
            elif lowered == b"connection" and value.lower() == b"close":
                keep_alive, closes = False, True
        if left is None and not empty:
            if chunked := self.scope["http_version"] == "1.1":
                lines.append(b"transfer-encoding: chunked")
            else:
                keep_alive = False
        if not (keep_alive or closes):
            lines.append(b"connection: close")
        head = b"\r\n".join((*lines, b"", b""))
        if not head.count(b"\r") == head.count(b"\n") == len(lines) + 1 or b"\0" in head:
            raise RuntimeError("a header of an answer has the end of a line in it")
        self.waiting_for_100_continue = False
        self.keep_alive, self._empty, self._left, self._chunked = keep_alive, empty, left, chunked
        self.response_started = True
        if copied:
            self._cork(on=True)
        self.transport.write(head)

    def _write(self, body: bytes) -> None:
        if self._empty or not body:
            return
        if self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        else:
            self._count(len(body))
        self.transport.write(body)

    def _finish(self) -> None:
        if self._chunked:
            self.transport.write(b"0\r\n\r\n")
        if self._left and not self._empty:
            raise RuntimeError("the answer is shorter than was announced")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _count(self, sent: int) -> None:
        if self._left is not None:
            if sent > self._left:
                raise RuntimeError("the answer is longer than was announced")
            self._left -= sent

    async def _copy(self, file: FileIO, offset: int, count: int) -> None:
        """A stretch of a file, as a part of the body; returns when the kernel has taken all of it."""
        if self.disconnected or self.transport.is_closing():
            raise ConnectionResetError
        if not self.response_started or self._left is None or self._empty:
            raise RuntimeError("a file can be sent only where Content-Length was")
        self._count(count)
        sent = self._at_once(file, offset, count)
        self._cork(on=False)
        if sent < count:
            try:
                sent += await self._loop.sendfile(self.transport, file, offset + sent, count - sent)
            except ConnectionError:
                # Else uvicorn would complain of half an answer before it hears of the end.
                self.disconnected = True
                self.transport.abort()
                raise
        if sent < count:
            raise RuntimeError("the file is shorter than it was")

    def _cork(self, *, on: bool) -> None:
        """Hold back the head of an answer: it leaves with the first bytes and wakes the client once."""
        if hasattr(socket, "TCP_CORK"):
            with suppress(OSError):  # no TCP, or gone
                self.transport.get_extra_info("socket").setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_CORK, int(on)
                )

    def _at_once(self, file: FileIO, offset: int, count: int) -> int:
        """What the connection takes without waiting: often all of it, and no wait need be arranged."""
        if self.transport.get_write_buffer_size():
            return 0
        try:
            return os.sendfile(self.transport.get_extra_info("socket").fileno(), file.fileno(), offset, count)
        except OSError:
            return 0  # the one who waits meets it again
