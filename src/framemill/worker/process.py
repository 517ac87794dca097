"""One worker process of a pool: takes tasks until it is told to stop."""

import multiprocessing
import os
import signal
import threading
from importlib.metadata import version
from multiprocessing.connection import wait

from framemill.app import App, open_app
from framemill.engine.bells import PipeBell
from framemill.engine.identity import host, worker_id
from framemill.store.tables import Worker as Row
from framemill.store.tasks import Wanted
from framemill.store.workers import ACTIVE, DRAINING, GONE, register, report


def main() -> None:
    """Work until SIGTERM, or until the pool's own process is gone.

    The first SIGTERM lets what runs finish; the second hands it back.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the pool, which tells its workers
    app = open_app()
    try:
        _Process(app).run()
    finally:
        app.close()


class _Process:
    def __init__(self, app: App) -> None:
        self._app = app
        self._worker = app.worker()
        self._bell = PipeBell(app.bells)
        self._draining = threading.Event()
        self._over = threading.Event()
        self._counts = {"done": 0, "failed": 0}

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._told_to_stop())
        self._register()
        presence = threading.Thread(target=self._stay_present, name="presence", daemon=True)
        presence.start()
        try:
            self._worker.serve(
                wanted=lambda: None if self._draining.is_set() else Wanted(),
                bell=self._bell,
                poll_s=self._app.settings.poll_interval.total_seconds(),
                count=self._count,
            )
        finally:
            self._over.set()
            presence.join()
            self._report(state=GONE)
            self._bell.close()

    def _told_to_stop(self) -> None:
        if self._draining.is_set():
            self._worker.stop(hand_back=True)
        self._draining.set()
        self._bell.ring()

    def _count(self, done: bool) -> None:
        self._counts["done" if done else "failed"] += 1

    def _register(self) -> None:
        found = self._app.capabilities
        with self._app.database.write() as session:
            now = self._app.database.now(session)
            register(
                session,
                Row(
                    id=self._worker.name,
                    host=host(),
                    pid=os.getpid(),
                    version=version("framemill"),
                    engine="pool",
                    resources=[],
                    capabilities={
                        "ffmpeg": found.ffmpeg_version,
                        "encoders": sorted(found.encoders),
                        "pool": _pool(),
                    },
                    state=ACTIVE,
                    wanted="",
                    started_at=now,
                    seen_at=now,
                    **self._counts,
                ),
            )

    def _stay_present(self) -> None:
        """Report now and then; obey what is asked of it there; drain when the pool is gone."""
        every = self._app.settings.heartbeat.total_seconds()
        parent = multiprocessing.parent_process()
        while not self._over.is_set():
            if parent is not None and wait([parent.sentinel], timeout=0):
                self._drain()
            if self._report(state=DRAINING if self._draining.is_set() else ACTIVE) == "drain":
                self._drain()
            self._over.wait(every)

    def _drain(self) -> None:
        self._draining.set()
        self._bell.ring()

    def _report(self, *, state: str) -> str:
        with self._app.database.write() as session:
            now = self._app.database.now(session)
            return report(session, self._worker.name, now=now, state=state, **self._counts)


def _pool() -> str | None:
    """The pool's own process, as ids of workers are written: what `worker stop` ends."""
    parent = multiprocessing.parent_process()
    return worker_id(parent.pid) if parent is not None and parent.pid is not None else None
