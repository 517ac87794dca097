"""uvicorn's HTTP/1.1 with ASGI's zero-copy send: the kernel moves a file's bytes to the client.

Offered where it works: asyncio's own loop, no TLS in this process. Whoever
sends looks for the extension and reads the file itself where it is missing.
"""

import asyncio
import os
import socket
from contextlib import suppress
from io import FileIO
from typing import Any, Final, cast

import h11
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

ZERO_COPY: Final = "http.response.zerocopysend"


class ZeroCopyProtocol(H11Protocol):
    """For `uvicorn.Config(http=...)`. The extension is ASGI's own; uvicorn does not have it.

    A start message that holds its name as a key says that a stretch of a file follows at once.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own, passed on
        super().__init__(*args, **kwargs)
        app: ASGIApp = self.app

        async def offering(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not self._can_copy():
                await app(scope, receive, send)
                return

            async def sending(message: Message) -> None:
                if message.get(ZERO_COPY):
                    self._cork(on=True)
                if message["type"] != ZERO_COPY:
                    await send(message)
                    return
                await self._copy(message)
                if not message.get("more_body", False):
                    await send({"type": "http.response.body", "body": b""})

            extensions = {**scope.get("extensions", {}), ZERO_COPY: {}}
            await app({**scope, "extensions": extensions}, receive, sending)

        self.app = offering

    def _can_copy(self) -> bool:
        return isinstance(self.loop, asyncio.SelectorEventLoop) and self.scheme == "http"

    async def _copy(self, message: Message) -> None:
        """A stretch of a file, as a part of the body; returns when the kernel has taken all of it.

        Raises ConnectionError where the client has gone.
        """
        if self.flow.write_paused and not self.cycle.disconnected:
            await self.flow.drain()
        if self.cycle.disconnected or self.transport.is_closing():
            raise ConnectionResetError
        file, offset, count = message["file"], message["offset"], message["count"]
        # h11 counts what stands for the bytes; nothing but them goes out, for the length was announced.
        counted = self.conn.send_with_data_passthrough(h11.Data(data=cast(bytes, _Absent(count))))
        if counted is None or len(counted) != 1:
            raise RuntimeError("a file can be sent only where Content-Length was")
        sent = self._at_once(file, offset, count)
        self._cork(on=False)
        if sent < count:
            try:
                sent += await self.loop.sendfile(self.transport, file, offset + sent, count - sent)
            except ConnectionError:
                # Else uvicorn would complain of half an answer before it hears of the end.
                self.cycle.disconnected = True
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


class _Absent:
    """So many bytes that are not here."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count
