"""Threads that run whatever is ready in this process's own lane, until they are told to stop."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

from framemill.engine.worker import Worker
from framemill.store.claiming import Wanted

_POLL_S = 1.0


class Hands:
    """`size` hands of one worker. What they have when they stop is handed back and begins anew later."""

    def __init__(self, worker: Worker, *, size: int) -> None:
        self._worker = worker
        self._over = threading.Event()
        self._bell = _Bell()
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="hand")
        self._at_work = [self._pool.submit(self._work) for _ in range(size)]

    def ring(self) -> None:
        """There may be work. Raises what ended a hand."""
        for hand in self._at_work:
            if hand.done():
                hand.result()
        self._bell.rung.set()

    def stop(self) -> None:
        """End what is run; returns when all has ended."""
        self._over.set()
        self._bell.rung.set()
        # A task that was claimed a moment ago may have missed the first call.
        while True:
            self._worker.stop(hand_back=True)
            if not wait(self._at_work, timeout=0.5).not_done:
                break
        self._pool.shutdown()

    def _work(self) -> None:
        mine = Wanted(lanes=(self._worker.name,))
        self._worker.serve(
            wanted=lambda: None if self._over.is_set() else mine,
            bell=self._bell,
            poll_s=_POLL_S,
            count=lambda _done: None,
        )


class _Bell:
    def __init__(self) -> None:
        self.rung = threading.Event()

    def wait(self, seconds: float) -> None:
        self.rung.wait(seconds)
        self.rung.clear()
