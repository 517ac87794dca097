"""Waking idle workers of this machine: a named pipe each, in a folder that all of them know.

An idle worker sleeps in the kernel until somebody writes a byte, so it costs
nothing and still starts at once. Unlike sockets, pipes work under any long path.
"""

import errno
import os
import select
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from framemill.engine.dispatch import Wake


class PipeBell:
    """An idle worker's own bell."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / f"{os.getpid()}.bell"
        # Under another name until somebody holds it: ringers take down bells that nobody holds.
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        os.mkfifo(new, 0o600)
        # Open for writing too: so it never ends, however often ringers come and go.
        self._pipe = os.open(new, os.O_RDWR | os.O_NONBLOCK)
        new.rename(self._path)

    def wait(self, seconds: float) -> None:
        """Return when it rings, or after `seconds`."""
        ready, _, _ = select.select([self._pipe], [], [], seconds)
        if ready:
            with suppress(BlockingIOError):
                os.read(self._pipe, 4096)

    def fileno(self) -> int:
        """What becomes readable when it rings."""
        return self._pipe

    def ring(self) -> None:
        """Ring it from within: from a signal handler, say."""
        with suppress(BlockingIOError):
            os.write(self._pipe, b"!")

    def close(self) -> None:
        """Take it down."""
        os.close(self._pipe)
        self._path.unlink(missing_ok=True)


class Bells:
    """The dispatcher of workers on this machine: rings every bell in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def nudge(self, wakes: Sequence[Wake]) -> None:
        """As Dispatcher says. What is to be tried later is found by looking, not by ringing."""
        if not any(wake.not_before is None for wake in wakes):
            return
        for path in self._folder.glob("*.bell"):
            try:
                pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nobody holds it any more
                    path.unlink(missing_ok=True)
                continue
            try:
                os.write(pipe, b"!")
            except OSError:
                pass  # full of rings already, or its worker was killed just now
            finally:
                os.close(pipe)
