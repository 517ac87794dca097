"""Waking idle workers on every machine through the PostgreSQL that they share.

A notice costs a round trip, so it is for jobs, not for events. Every idle
worker wakes and looks; thousands of workers are better served by a broker.
"""

import select
import time
from collections.abc import Sequence
from contextlib import suppress

from framemill.engine.bells import PipeBell
from framemill.engine.dispatch import Wake
from framemill.errors import DatabaseUnavailable
from framemill.store.database import Database
from framemill.store.notices import Listener, notify

# Between two attempts to listen again; meanwhile workers look by themselves.
_AGAIN_S = 5.0


class Notices:
    """The dispatcher of workers that share a PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def nudge(self, wakes: Sequence[Wake]) -> None:
        """As Dispatcher says. What is to be tried later is found by looking, not by ringing."""
        if any(wake.not_before is None for wake in wakes):
            with suppress(DatabaseUnavailable):
                notify(self._database)


class NoticeBell:
    """An idle worker's bell that hears the server, and its own process as PipeBell does."""

    def __init__(self, pipe: PipeBell, database: Database) -> None:
        self._pipe = pipe
        self._database = database
        self._listener: Listener | None = None
        self._next_try = 0.0

    def wait(self, seconds: float) -> None:
        """Return when it rings, or after `seconds`; at once where it has just begun to listen."""
        if self._listener is None and time.monotonic() >= self._next_try:
            self._next_try = time.monotonic() + _AGAIN_S
            with suppress(DatabaseUnavailable):
                self._listener = Listener(self._database)
                return  # something may have come while nobody listened
        if self._listener is None:
            self._pipe.wait(seconds)
            return
        sources: list[PipeBell | Listener] = [self._pipe, self._listener]
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._pipe in ready:
            self._pipe.wait(0)
        if self._listener in ready and not self._listener.heard():
            self._listener.close()
            self._listener = None

    def ring(self) -> None:
        """As PipeBell does."""
        self._pipe.ring()

    def close(self) -> None:
        """Take it down."""
        if self._listener is not None:
            self._listener.close()
        self._pipe.close()
