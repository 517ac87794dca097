"""uvicorn's WebSockets, without lines in the log that hold addresses, and without waiting for ever.

A client that reads nothing leaves what was written to it unsent, and uvicorn
would keep such a connection until the client ends it.
"""

import logging
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_LINGER_S: Final = 5.0

_quiet = logging.getLogger("framemill.api.socket_protocol")
_quiet.setLevel(logging.WARNING)


class Sockets(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=...)`."""

    linger_s = _LINGER_S

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's own, passed on
        super().__init__(*args, **kwargs)
        self.logger = _quiet

    async def run_asgi(self) -> None:
        """One WebSocket; when the application is done with it, the connection ends within five seconds."""
        try:
            await super().run_asgi()
        finally:
            if not self.disconnected:
                self.loop.call_later(self.linger_s, self.transport.abort)
