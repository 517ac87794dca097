"""Collecting the process inside a sandbox, so that its processor time is counted.

bwrap's outer process does not wait for the inner one: without this a
sandboxed encode would seem to have cost nothing.
"""

import contextlib
import ctypes
import json
import os
import sys
import threading
import time

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_S = 1.0
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_lock = threading.Lock()
_running = 0


class Inmate:
    """The process inside one bwrap. While any is running, orphans below us become our children."""

    def __init__(self) -> None:
        self._reader, self.status_fd = os.pipe()
        _adopt_orphans(+1)

    def started(self) -> None:
        """bwrap has the descriptor that it reports to; ours is closed."""
        os.close(self.status_fd)

    def collect(self) -> tuple[float, int]:
        """Processor seconds and peak bytes of the process inside, once bwrap itself was reaped."""
        try:
            with os.fdopen(self._reader, "rb", closefd=True) as reader:
                os.set_blocking(reader.fileno(), False)
                said = reader.read() or b""
            return _wait(_child(said))
        finally:
            _adopt_orphans(-1)


def _child(said: bytes) -> int | None:
    for line in said.splitlines():
        with contextlib.suppress(ValueError, TypeError, KeyError):
            return int(json.loads(line)["child-pid"])
    return None


def _wait(pid: int | None) -> tuple[float, int]:
    until = time.monotonic() + _PATIENCE_S
    while pid is not None and time.monotonic() < until:
        try:
            done, _, usage = os.wait4(pid, os.WNOHANG)
        except ChildProcessError:
            break  # somebody else collected it
        if done:
            return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        time.sleep(0.001)
    return 0.0, 0


def _adopt_orphans(change: int) -> None:
    global _running  # noqa: PLW0603 - the kernel keeps this per process, so must we
    with _lock:
        _running += change
        if _libc is not None:
            _libc.prctl(_PR_SET_CHILD_SUBREAPER, int(_running > 0), 0, 0, 0)
