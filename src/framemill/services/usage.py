"""Writing down what workspaces use: bytes that are sent out, counted as they go, and bytes that are kept.

What was sent out is added up in memory and written now and then, by whoever
serves: a process that is killed loses what it counted since, half a minute's.
"""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from framemill.store.database import Database
from framemill.store.usage import add_served, measure_stored, set_stored

_OF_A_WORKSPACE = re.compile(r"workspaces/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/", re.ASCII)
FLUSH: Final = timedelta(seconds=30)


def workspace_of(key: str) -> str | None:
    """The workspace that a stored file belongs to, as its key says; None where it says nothing."""
    found = _OF_A_WORKSPACE.match(key)
    return found[1] if found else None


class Served:
    """Bytes sent out for each workspace since they were last written down. Threads may share it."""

    def __init__(
        self, database: Callable[[], Database], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def add(self, workspace_id: str, count: int) -> bool:
        """Count so many more; True where these are the first since `flush`, which is due in half a minute."""
        with self._lock:
            first = not self._counts
            self._counts[workspace_id] = self._counts.get(workspace_id, 0) + count
            return first

    def flush(self) -> None:
        """Write down what was counted. Where the database takes nothing, it raises and the counts stay."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            with self._database().write() as session:
                add_served(session, self._now().date(), counts)
        except BaseException:
            for workspace_id, count in counts.items():
                self.add(workspace_id, count)
            raise


class Kept:
    """Bytes that each workspace keeps, measured now and then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def measure(self) -> int:
        """Write down what each keeps now, as that of today; 0, for nothing was done about any of it."""
        with self._database.read() as session:
            now, found = self._database.now(session), measure_stored(session)
        with self._database.write() as session:
            set_stored(session, now.astimezone(UTC).date(), found)
        return 0
