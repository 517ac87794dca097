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
from framemill.errors import DatabaseUnavailable, DiskFull
from framemill.store.tables import Worker as Row
from framemill.store.workers import (
    ACTIVE,
    DRAIN,
    DRAINING,
    GONE,
    at_work_and_drained,
    leave,
    register,
    report,
)
from framemill.telemetry.log import get_log

log = get_log(__name__)

_LOOK_S = 0.5


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
        node: str | None = None,
    ) -> None:
        self._app = app
        self._name = name
        self._engine = engine
        self._resources = list(resources)
        self._drain = drain  # called when the worker is to finish what it runs and end
        self._while_draining = draining  # called now and then until it has ended
        self._node = node  # whose processes end together, as ids of workers are written
        self._pool = pool  # its pool's own process, as ids of workers are written: what `worker stop` ends
        self._orphaned = orphaned  # whether the process that looks after the worker is gone
        self._asked = threading.Event()  # in the register, where it may be taken back
        self._told = threading.Event()  # for good
        self._left = False  # as it was asked: the register says so already
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
        return self._asked.is_set() or self._told.is_set()

    @property
    def told(self) -> bool:
        """True where it is to end, whatever the register says from now on."""
        return self._told.is_set()

    def drain(self) -> None:
        """Begin nothing new, and end."""
        if not self._told.is_set():
            self._told.set()
            self._begin_to_drain()

    def leaves(self) -> bool:
        """Whether the worker ends now. To be asked where it has nothing to do, before it takes something.

        Draining can be taken back until this says so: it is written down in
        the transaction that looks whether it still is wanted.
        """
        if self._told.is_set() or not self._asked.is_set():
            return self._told.is_set()
        try:
            with self._app.database.write() as session:
                if self._node is not None and at_work_and_drained(session, self._node, but=self._name):
                    return False
                wanted = leave(session, self._name, now=self._app.database.now(session))
        except (DatabaseUnavailable, DiskFull):
            wanted = True  # as was asked
        self._left = wanted
        (self._told.set if wanted else self._asked.clear)()
        return wanted

    def goes_on(self) -> bool:
        """Wait until draining is taken back, which gives True, or the worker is to end for good."""
        while self._asked.is_set() and not self._told.wait(_LOOK_S):
            pass
        return not self._told.is_set()

    def _begin_to_drain(self) -> None:
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
                        "node": self._node,
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
                wanted = self._report(state=self._state())
                if wanted != DRAIN and self._asked.is_set():
                    self._asked.clear()
                    self._report(state=self._state())
            except Exception as error:  # noqa: BLE001 - whatever the database has, the next report tries again
                log.warning("worker.unreported", reason=str(error))
            else:
                if wanted == DRAIN and not self.draining:
                    self._asked.set()
                    self._begin_to_drain()
                elif self.draining:
                    self._while_draining()
            self._over.wait(every)

    def _state(self) -> str:
        if self._left:
            return GONE
        return DRAINING if self.draining else ACTIVE

    def _report(self, *, state: str) -> str:
        with self._app.database.write() as session:
            now = self._app.database.now(session)
            return report(session, self._name, now=now, state=state, **self._counts)
