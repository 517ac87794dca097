"""One worker process of a pool: takes tasks until it is told to stop."""

import multiprocessing
import signal
from multiprocessing.connection import wait

import psutil

from framemill.app import App, open_app
from framemill.app.telemetry import start_telemetry
from framemill.engine.identity import worker_id
from framemill.engine.patience import patiently
from framemill.store.claiming import Wanted
from framemill.worker.presence import Presence


def main() -> None:
    """Work until SIGTERM, or until the pool's own process is gone.

    The first SIGTERM lets what runs finish; the second hands it back.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the pool, which tells its workers
    app = open_app()
    start_telemetry(app.settings)
    try:
        patiently(lambda: app.database)
        _Process(app).run()
    finally:
        app.close()


class _Process:
    def __init__(self, app: App) -> None:
        self._app = app
        self._worker = app.worker()
        self._bell = app.bell()
        self._presence = Presence(
            app,
            self._worker.name,
            engine="pool",
            drain=self._bell.ring,
            draining=self._worker.hand_back_paused,
            orphaned=_orphaned,
            pool=_pool(),
        )

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._told_to_stop())
        try:
            with self._presence as presence:
                self._worker.serve(
                    wanted=lambda: None if presence.leaves() else Wanted(),
                    bell=self._bell,
                    poll_s=self._app.settings.poll_interval.total_seconds(),
                    count=presence.count,
                )
        finally:
            self._bell.close()

    def _told_to_stop(self) -> None:
        if self._presence.told:
            self._worker.stop(hand_back=True)
        self._presence.drain()


def _orphaned() -> bool:
    parent = multiprocessing.parent_process()
    return parent is not None and bool(wait([parent.sentinel], timeout=0))


def _pool() -> str | None:
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return None
    try:
        return worker_id(parent.pid)
    except psutil.NoSuchProcess:  # it died while this started; that is noticed soon
        return None
