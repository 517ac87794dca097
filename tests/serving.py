"""The real HTTP server on a free loopback port, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.types import ASGIApp

from framemill.api.server import Server, address, listen


class Serving:
    """A server in a thread; `url` is how it is reached. What it serves may be said later."""

    def __init__(self) -> None:
        self._listener = listen("127.0.0.1", 0)
        self.url = address(self._listener)

    @contextmanager
    def serve(self, api: Any) -> Iterator[str]:  # noqa: ANN401 - the application, or what stands in for it
        """Serve `api` until the block ends."""
        # What stands in for the application has nobody at its door.
        doorkeeper = getattr(getattr(api, "state", None), "doorkeeper", None)
        server = Server(api, self._listener, doorkeeper=doorkeeper)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield self.url
        finally:
            server.stop()
            thread.join(timeout=60)
            assert not thread.is_alive()


@contextmanager
def served_asgi(api: ASGIApp) -> Iterator[str]:
    """The base URL of an ASGI application."""
    with Serving().serve(api) as url:
        yield url
