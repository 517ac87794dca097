"""Making programs stand still and go on: a paused job's keep their place, and what starts later waits too.

Whoever runs programs on behalf of a job does so under its reins; `tools.process`
puts each program that it starts into the hands of these.
"""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from framemill.tools import children

_held_by: ContextVar["Reins | None"] = ContextVar("reins", default=None)


class Reins:
    """A hold on every program that is started under it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._pulled = False

    @property
    def pulled(self) -> bool:
        """True while everything must stand still."""
        return self._pulled

    def pull(self) -> None:
        """Stop every program, with its whole group; those that start now stop at once."""
        with self._lock:
            self._pulled = True
            self._signal(signal.SIGSTOP)

    def loosen(self) -> None:
        """Let them go on."""
        with self._lock:
            if self._pulled:
                self._pulled = False
                self._signal(signal.SIGCONT)

    @contextmanager
    def over(self, process: "subprocess.Popen[bytes]") -> Iterator[None]:
        """While this holds, `process` obeys. It must not be reaped before the block ends."""
        with self._lock:
            self._running.add(process)
            if self._pulled:
                children.signal_group(process, signal.SIGSTOP)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While this holds, programs that this thread starts obey."""
        token = _held_by.set(self)
        try:
            yield
        finally:
            _held_by.reset(token)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._running:
            children.signal_group(process, number)


def current() -> Reins:
    """Those that this thread works under; loose ones of its own where there are none."""
    return _held_by.get() or Reins()
