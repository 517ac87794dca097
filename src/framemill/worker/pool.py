"""A pool: worker processes of this machine, watched by one that does no work itself."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from framemill.app import App
from framemill.engine.failures import as_error
from framemill.worker import process

# A worker that dies at once, again and again, must not eat the machine.
_SHORT_LIFE_S, _LONGEST_PAUSE_S = 5.0, 60.0
# How often, and how long apart, workers are told to hand back what they run before they are killed.
_ROUNDS, _AFTER_GRACE_S = 2, 15.0


class Pool:
    """N worker processes; dead ones are replaced and what they held is put back."""

    def __init__(
        self,
        app: App,
        *,
        size: int,
        each: int = 1,
        tell: Callable[[str], object],
        work: Callable[[], object] = process.main,
        stop_now: signal.Signals = signal.SIGTERM,
        tick: Callable[[], float] | None = None,
        stays: bool = False,
    ) -> None:
        self._app = app
        self._size = size
        self._each = each  # how many workers each process is
        self._tell = tell
        self._work = work  # what a worker process does
        self._stop_now = stop_now  # tells one that is stopping already to hand back what it runs
        self._tick = tick or self._watch_now_and_then  # does what is due; seconds until the next time
        self._stays = stays  # goes on watching when its last worker has drained
        self._due = 0.0
        # A server that forks: workers share its memory and none inherits our threads or connections.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["framemill.worker.process"])
        self._workers: dict[BaseProcess, float] = {}  # and when each began
        self._pause = 0.0
        self._told = 0  # times that we were told to stop
        self._asleep, self._alarm = os.pipe()
        os.set_blocking(self._alarm, False)

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C. The first lets running tasks finish, the second hands them back."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        self.watch()
        for _ in range(self._size):
            self._start()
        workers = self._size * self._each
        self._tell(f"{workers} {'worker' if workers == 1 else 'workers'} at work")
        self._due = time.monotonic() + self._app.settings.watchdog_interval.total_seconds()
        try:
            while not self._told:
                self._sleep(self._tick())
                self._replace_dead()
        finally:
            # After an error too: at its exit a process waits for its children, and these would work on.
            self._stop()

    def watch(self) -> None:
        """What the watchdog does each time. A database that is away for a while must not end the pool."""
        reaper = self._app.reaper
        try:
            if reaped := reaper.reap():
                self._tell(f"put back {reaped} tasks whose worker is gone")
            reaper.ring_again()
            if done := self._app.janitor.tidy():
                said = "".join(f"; {name}: {count}" for name, count in done.chores.items())
                self._tell(
                    f"set going or ended {done.stuck} stuck jobs; forgot {done.jobs} old jobs and "
                    f"{done.workers} old workers; removed {done.folders} folders that were left behind{said}"
                )
        except Exception as problem:  # noqa: BLE001 - it is tried again soon, and said
            error = as_error(problem)
            self._tell(f"the watchdog failed: {error.message} (code: {error.code})")

    def _watch_now_and_then(self) -> float:
        if time.monotonic() >= self._due:
            self.watch()
            self._due = time.monotonic() + self._app.settings.watchdog_interval.total_seconds()
        return max(0.0, self._due - time.monotonic())

    def _start(self) -> None:
        worker = self._context.Process(target=self._work, name="framemill worker")
        worker.start()
        self._workers[worker] = time.monotonic()

    def _replace_dead(self) -> None:
        dead = [worker for worker in self._workers if not worker.is_alive()]
        for worker in dead:
            began = self._workers.pop(worker)
            if self._told:
                continue
            # One that was asked to drain ends by itself and is not replaced.
            if worker.exitcode == 0:
                self._size -= 1
                if not self._size and self._stays:
                    self._tell("all workers have drained; jobs wait until some are started again")
                continue
            self._tell(f"worker {worker.pid} ended ({worker.exitcode}); another takes its place")
            short = time.monotonic() - began < _SHORT_LIFE_S
            self._pause = min(_LONGEST_PAUSE_S, max(0.5, 2 * self._pause)) if short else 0.0
            # The other workers' ends do not cut this short.
            if not (self._pause and self._called_within(self._pause)):
                self._start()
        if dead and not self._told:
            self.watch()
        if not self._size and not self._stays:
            self._told = 1

    def _stop(self) -> None:
        self._signal_workers(signal.SIGTERM)
        limit = time.monotonic() + self._app.settings.drain_grace.total_seconds()
        self._told = max(1, self._told)
        told, rounds = 1, 0  # how often we were told and have done so; the next time may have come already
        while self._workers:
            if self._told > told or time.monotonic() >= limit:
                told, rounds = self._told, rounds + 1
                if rounds > _ROUNDS:
                    break
                self._signal_workers(self._stop_now)
                limit = time.monotonic() + _AFTER_GRACE_S
            self._sleep(max(0.0, limit - time.monotonic()))
            self._replace_dead()
        for worker in self._workers:
            worker.kill()
            worker.join()
        self.watch()

    def _signal_workers(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid is not None and worker.is_alive():
                os.kill(worker.pid, number)

    def _sleep(self, seconds: float) -> None:
        if wait([self._asleep, *(worker.sentinel for worker in self._workers)], timeout=seconds):
            self._called_within(0)

    def _called_within(self, seconds: float) -> bool:
        """Wait until we are told something; False where it was quiet for so long."""
        if not wait([self._asleep], timeout=seconds):
            return False
        os.read(self._asleep, 64)
        return True

    def _signalled(self, _number: int, _frame: object) -> None:
        self._told += 1
        with suppress(BlockingIOError):
            os.write(self._alarm, b"!")
