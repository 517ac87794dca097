"""A worker's presence: its row in the register, and a thread that keeps it true and sees what is asked there.

What the worker does, and how it is told to stop, is worker.process' or worker.child's.
"""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from types import TracebackType

from framemill.app import App
from framemill.engine.identity import host
from framemill.engine.patience import patiently
from framemill.errors import DatabaseUnavailable
from framemill.store.tables import Worker as Row
from framemill.store.workers import ACTIVE, DRAINING, GONE, register, report
from framemill.telemetry.log import get_log

log = get_log(__name__)


class Presence:
    """Says that a worker is there, from entering to leaving."""

    def __init__(
        self,
        app: App,
        name: str,
        *,
        engine: str,
        drain: Callable[[], object],
        orphaned: Callable[[], bool],
        draining: Callable[[], object] = lambda: None,
        resources: Sequence[str] = (),
        pool: str | None = None,
    ) -> None:
        self._app = app
        self._name = name
        self._engine = engine
        self._resources = list(resources)
        self._drain = drain  # called once, when the worker is to finish what it runs and end
        self._while_draining = draining  # called now and then until it has ended
        self._pool = pool  # its pool's own process, as ids of workers are written: what `worker stop` ends
        self._orphaned = orphaned  # whether the process that looks after the worker is gone
        self._draining = threading.Event()
        self._over = threading.Event()
        self._counts = {"done": 0, "failed": 0}
        self._thread = threading.Thread(target=self._stay, name="presence", daemon=True)

    def __enter__(self) -> "Presence":
        patiently(self._register)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        with suppress(DatabaseUnavailable):
            self._report(state=GONE)

    @property
    def draining(self) -> bool:
        """True where the worker is to begin nothing new."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Begin nothing new."""
        if not self._draining.is_set():
            self._draining.set()
            self._while_draining()
            self._drain()

    def count(self, done: bool) -> None:
        """Remember how a task ended."""
        self._counts["done" if done else "failed"] += 1

    def _register(self) -> None:
        found = self._app.capabilities
        with self._app.database.write() as session:
            now = self._app.database.now(session)
            register(
                session,
                Row(
                    id=self._name,
                    host=host(),
                    pid=os.getpid(),
                    version=version("framemill"),
                    engine=self._engine,
                    resources=self._resources,
                    capabilities={
                        "ffmpeg": found.ffmpeg_version,
                        "encoders": sorted(found.encoders),
                        "pool": self._pool,
                    },
                    state=ACTIVE,
                    wanted="",
                    started_at=now,
                    seen_at=now,
                    **self._counts,
                ),
            )

    def _stay(self) -> None:
        every = self._app.settings.heartbeat.total_seconds()
        while not self._over.is_set():
            if self._orphaned():
                self.drain()
            try:
                wanted = self._report(state=DRAINING if self.draining else ACTIVE)
            except Exception as error:  # noqa: BLE001 - whatever the database has, the next report tries again
                log.warning("worker.unreported", reason=str(error))
            else:
                if wanted == "drain":
                    self.drain()
                if self.draining:
                    self._while_draining()
            self._over.wait(every)

    def _report(self, *, state: str) -> str:
        with self._app.database.write() as session:
            now = self._app.database.now(session)
            return report(session, self._name, now=now, state=state, **self._counts)
