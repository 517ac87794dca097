"""Sending a message to an address, and what came back: a status and how the answer begins.

One POST over the outbound guard, with one limit for all of it. Nothing is
followed and nothing tried again; that is the sender's.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from framemill.errors import AddressRefused, Cancelled, DownloadFailed
from framemill.fetch.addresses import parse
from framemill.fetch.exchange import Answer, post
from framemill.fetch.guard import Guard
from framemill.fetch.refusals import asked_to_wait_s
from framemill.fetch.waiting import Stopped, never

_MOST_READ: Final = 4096
_MOST_KEPT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of one message."""

    status: int | None = None  # HTTP's; None: there was no answer
    excerpt: str = ""  # how its body begins, printable
    error: str | None = None  # why there was none
    forbidden: bool = False  # the address may not be connected to
    asked_s: float = 0.0  # how long Retry-After asks for

    @property
    def good(self) -> bool:
        """True where the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


class Poster:
    """Sends messages to where it may."""

    def __init__(self, guard: Guard, *, timeout_s: float, agent: str) -> None:
        self._guard = guard
        self._timeout_s = timeout_s
        self._agent = agent

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str], stopped: Stopped = never) -> Reply:
        """Send it once; Cancelled where `stopped` says so before the answer is there."""
        until = time.monotonic() + self._timeout_s

        def over() -> bool:
            return stopped() or time.monotonic() >= until

        try:
            target = parse(url)
            sent = post(self._guard, target, body, headers=headers, agent=self._agent, stopped=over)
            with sent as answer:
                return Reply(
                    status=answer.status, excerpt=_beginning(answer), asked_s=asked_to_wait_s(answer)
                )
        except AddressRefused as error:
            return Reply(error=str(error), forbidden=True)
        except Cancelled:
            if stopped():
                raise
            return Reply(error=f"there was no answer within {self._timeout_s:g} s")
        except DownloadFailed as error:
            return Reply(error=error.message)


def _beginning(answer: Answer) -> str:
    """Some of the body, where it comes; a status that came counts whatever follows it."""
    found = bytearray()
    try:
        while len(found) < _MOST_READ and (block := answer.read()):
            found += block
    except (Cancelled, DownloadFailed):
        pass
    text = bytes(found[:_MOST_READ]).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in text)[:_MOST_KEPT].strip()
