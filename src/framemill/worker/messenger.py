"""The thread of a process that tells others what happens: webhooks about jobs, operators about what is wrong.

Every process that serves or runs a pool has one. They share the work by rows,
so none depends on another, and none tells what another has told.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from framemill.app import App
from framemill.engine.failures import as_error
from framemill.telemetry.log import get_log

log = get_log(__name__)
_AFTER_A_FAULT_S: Final = 5.0


@contextmanager
def messenger(app: App) -> Iterator[None]:
    """Tell others what happens while this holds; InvalidSettings before it begins."""
    told = _Messenger(app)
    thread = threading.Thread(target=told.run, name="messenger", daemon=True)
    thread.start()
    try:
        yield
    finally:
        told.stop()
        thread.join()
        app.courier.close()


class _Messenger:
    def __init__(self, app: App) -> None:
        self._courier, self._alerts = app.courier, app.alerts
        self._alerts_every = app.settings.alert_interval.total_seconds()
        self._looked = -self._alerts_every
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                pause = self._round()
            except Exception as problem:  # noqa: BLE001 - the next round tries again, and it is said
                error = as_error(problem)
                log.warning("messenger.failed", code=error.code, reason=error.message)
                pause = _AFTER_A_FAULT_S
            if not self._over.is_set():  # asked after the round, which forgets who called
                self._courier.awake.wait(pause)

    def stop(self) -> None:
        self._over.set()
        self._courier.awake.set()

    def _round(self) -> float:
        pause = self._courier.round()
        if self._alerts.on and time.monotonic() - self._looked >= self._alerts_every:
            self._looked = time.monotonic()
            self._alerts.round()
        return pause
