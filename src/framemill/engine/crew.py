"""Jobs of this process side by side, each to its end. One job alone is `engine.worker`'s."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

from framemill.engine.worker import Worker
from framemill.errors import FramemillError, IllegalTransition
from framemill.interrupts import heeded


class Crew:
    """Takes jobs from an iterator, `size` at a time, and runs each to its end.

    A job is asked for only when there is a hand free for it, so the iterator
    may submit them one by one.
    """

    def __init__(self, worker: Worker, *, size: int, cancel: Callable[[str], None]) -> None:
        self._worker = worker
        self._size = size
        self._cancel = cancel
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._over = False

    def run(self, jobs: Iterator[str], ended: Callable[[str, FramemillError | None], None]) -> None:
        """Run them all; `ended` is called once for each, with what kept it from running here.

        Ctrl-C and SIGTERM cancel those that run and raise KeyboardInterrupt;
        no more are asked for. What the iterator raises is raised.
        """
        with (
            heeded(signal.SIGINT, signal.SIGTERM),
            ThreadPoolExecutor(self._size, thread_name_prefix="job") as pool,
        ):
            try:
                hands = [pool.submit(self._work, jobs, ended) for _ in range(self._size)]
                # In short waits: a signal is seen between them.
                while wait(hands, timeout=0.5).not_done:
                    if failed := next((h for h in hands if h.done() and h.exception()), None):
                        failed.result()
                for hand in hands:
                    hand.result()
            except BaseException:
                self._stop()
                raise

    def _work(self, jobs: Iterator[str], ended: Callable[[str, FramemillError | None], None]) -> None:
        while (job_id := self._next(jobs)) is not None:
            problem = None
            try:
                self._worker.run_job(job_id)
            except IllegalTransition as error:
                problem = error  # another living worker has it
            finally:
                with self._lock:
                    self._running.discard(job_id)
            ended(job_id, problem)

    def _next(self, jobs: Iterator[str]) -> str | None:
        with self._lock:
            if self._over or (job_id := next(jobs, None)) is None:
                return None
            self._running.add(job_id)
            return job_id

    def _stop(self) -> None:
        with self._lock:
            self._over = True
            running = tuple(self._running)
        for job_id in running:
            with suppress(FramemillError):  # it ended a moment before
                self._cancel(job_id)
        self._worker.stop(hand_back=False)
