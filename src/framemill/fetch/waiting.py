"""Waiting for a socket without losing sight of the clock and of who wants to stop."""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from framemill.errors import Cancelled, DownloadInterrupted

Stopped = Callable[[], bool]
_LOOK_S = 0.25
READ, WRITE = select.POLLIN, select.POLLOUT


def never() -> bool:
    """Nobody stops this."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long one thing may take, and who may end it earlier."""

    seconds: float
    what: str  # for the message: "the server's answer"
    stopped: Stopped = never

    def started(self) -> "Until":
        """The clock runs from now on."""
        return Until(time.monotonic() + self.seconds, self)


@dataclass(frozen=True, slots=True)
class Until:
    """A running clock."""

    at: float
    waiting: Waiting

    def look(self) -> float:
        """Seconds that are left; Cancelled, or DownloadInterrupted where there are none."""
        if self.waiting.stopped():
            raise Cancelled
        left = self.at - time.monotonic()
        if left <= 0:
            raise DownloadInterrupted(
                f"{self.waiting.what} took longer than {self.waiting.seconds:g} s", reason="timeout"
            )
        return left

    def wait(self, sock: socket.socket, events: int) -> None:
        """Return when `sock` is ready for `events`; what `look` raises."""
        poll = select.poll()
        poll.register(sock, events)
        while not poll.poll(1000 * min(_LOOK_S, self.look())):
            pass
