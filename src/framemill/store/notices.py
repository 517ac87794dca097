"""PostgreSQL's notices: a word to everyone who listens, wherever they run. Nothing depends on its arrival."""

from typing import TYPE_CHECKING, cast

from sqlalchemy import text

from framemill.errors import DatabaseUnavailable
from framemill.store.database import Database

if TYPE_CHECKING:
    import psycopg

_CHANNEL = "framemill_work"


class Listener:
    """A connection of its own that hears notices. One file descriptor, for `select`."""

    def __init__(self, database: Database) -> None:
        """Connect and listen from now on; DatabaseUnavailable."""
        # It stays open for as long as we listen, so it is none of the pool's any more.
        self._connection = cast("psycopg.Connection[object]", database.own_connection())
        try:
            self._connection.autocommit = True
            self._connection.execute(f"LISTEN {_CHANNEL}".encode())
        except self._broken as error:
            self.close()
            raise DatabaseUnavailable from error

    def fileno(self) -> int:
        """What becomes readable when a notice comes, or when the connection breaks."""
        return self._connection.fileno()

    def heard(self) -> bool:
        """Take in what has come; False where the connection is broken."""
        try:
            for _ in self._connection.notifies(timeout=0):
                continue
        except self._broken:
            return False
        return not self._connection.closed

    def close(self) -> None:
        """Listen no more."""
        self._connection.close()

    @property
    def _broken(self) -> type[Exception]:
        from psycopg import OperationalError

        return OperationalError


def notify(database: Database) -> None:
    """Tell all listeners. It costs a round trip, and goes out with a transaction of its own."""
    with database.write() as session:
        session.execute(text(f"NOTIFY {_CHANNEL}"))
