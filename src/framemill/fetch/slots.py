"""How many connections go to one host at a time, over all threads and processes of this machine.

A slot is a locked file: the system gives it back however its holder ends.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from framemill.errors import Cancelled
from framemill.fetch.waiting import Stopped

_LOOK_S = 0.2


class Slots:
    """So many for each host."""

    def __init__(self, folder: Path, *, per_host: int, pause: Callable[[float], object] = time.sleep) -> None:
        self._folder = folder
        self._per_host = per_host
        self._pause = pause

    @contextmanager
    def one(self, host: str, *, stopped: Stopped) -> Iterator[None]:
        """Hold a slot for `host`, as soon as there is one; Cancelled where it is not waited for any more."""
        self._folder.mkdir(parents=True, exist_ok=True)
        held = self._take(host)
        while held is None:
            if stopped():
                raise Cancelled
            self._pause(_LOOK_S)
            held = self._take(host)
        try:
            yield
        finally:
            os.close(held)

    def _take(self, host: str) -> int | None:
        name = hashlib.sha256(host.encode()).hexdigest()[:32]
        for number in range(self._per_host):
            # Never removed: a file that goes while another process locks it would count twice.
            fd = os.open(self._folder / f"{name}-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(fd)
                continue
            return fd
        return None
