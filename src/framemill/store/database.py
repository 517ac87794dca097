"""Transactions: one block, one commit. Which database it is, only this module and `store.sqlite` know."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime

from sqlalchemy import DateTime, Engine, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from framemill.errors import DiskFull
from framemill.store import sqlite


class Database:
    """One database, safe to share between threads."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] | None = None) -> None:
        self.engine = engine
        self.url = engine.url
        self._clock = clock
        self._is_sqlite = engine.dialect.name == "sqlite"
        # All threads share the one connection of a database in memory, so they take turns.
        shared = self._is_sqlite and sqlite.in_memory(engine.url)
        self._turn: AbstractContextManager[object] = threading.RLock() if shared else nullcontext()
        self._modes = {
            mode: engine.execution_options(**{sqlite.BEGIN: mode})
            for mode in (sqlite.READ, sqlite.WRITE, sqlite.DURABLE)
        }

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing."""
        with self._turn, Session(self._modes[sqlite.READ], expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Session]:
        """A transaction that commits when the block ends and changes nothing when it raises.

        Writers take turns. `durable` survives a power cut: for what was
        accepted or finished. Raises DiskFull where the database found no room.
        """
        mode = sqlite.DURABLE if durable else sqlite.WRITE
        try:
            with self._turn, Session(self._modes[mode], expire_on_commit=False) as session, session.begin():
                yield session
        except DBAPIError as error:
            if sqlite.is_disk_full(error.orig) or getattr(error.orig, "sqlstate", None) == "53100":
                raise DiskFull(
                    "the database found no free disk space", hint="free some and try again"
                ) from error
            raise

    def now(self, session: Session) -> datetime:
        """The database's time. Leases are judged by it, never by a worker's own clock."""
        if self._clock is not None:
            return self._clock()
        if self._is_sqlite:
            return datetime.now(UTC)  # SQLite runs in this process: its clock is this host's
        return session.scalars(select(func.clock_timestamp(type_=DateTime(timezone=True)))).one()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_database(url: str, *, clock: Callable[[], datetime] | None = None) -> Database:
    """The database at `url`, with its tables brought up to date where they are not.

    `sqlite://` is one in memory. Raises NotSupported for a database made by a
    newer Framemill and for SQLite on a network file system.
    """
    from framemill.store.schema import ensure_schema

    parsed = make_url(url)
    engine = sqlite.make_engine(parsed) if parsed.get_backend_name() == "sqlite" else create_engine(parsed)
    database = Database(engine, clock=clock)
    try:
        ensure_schema(database)
    except BaseException:
        database.close()
        raise
    return database
