"""Transactions: one block, one commit.

Which database it is, only this module, `store.sqlite` and `store.postgres` know.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.orm import Session

from framemill.errors import DatabaseUnavailable, InvalidSettings
from framemill.interrupts import held_off
from framemill.store import postgres, reserve, sqlite


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
        self._file = None if shared or not self._is_sqlite else Path(engine.url.database or "")
        self._at_once = engine.execution_options(**{postgres.AT_ONCE: True})
        self._modes = {
            mode: engine.execution_options(**{sqlite.BEGIN: mode})
            for mode in (sqlite.READ, sqlite.WRITE, sqlite.DURABLE)
        }

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing. Raises DatabaseUnavailable."""
        with (
            held_off(),
            self._failures_named(),
            self._turn,
            Session(self._modes[sqlite.READ], expire_on_commit=False) as session,
        ):
            yield session

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Session]:
        """A transaction that commits when the block ends and changes nothing when it raises.

        Writers take turns. `durable` survives a power cut: for what was
        accepted or finished. Raises DiskFull where the database found no room
        and DatabaseUnavailable where it could not be used; its `undone` is
        False where the connection was lost during the commit, so that nobody
        knows.
        """
        mode = sqlite.DURABLE if durable else sqlite.WRITE
        committing = False
        try:
            with (
                held_off(),
                self._failures_named(),
                self._turn,
                Session(self._modes[mode], expire_on_commit=False) as session,
            ):
                yield session
                session.flush()
                committing = True
                session.commit()
        except DatabaseUnavailable as error:
            error.undone = not committing
            raise

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """A transaction of one statement: it is committed as soon as that has run.

        PostgreSQL is told of neither its beginning nor its end then, which took
        longer than the statement. As `write` otherwise, for statements that go
        to the driver as they are (`store.prepared`).
        """
        writing = self._modes[sqlite.WRITE]
        try:
            with (
                held_off(),
                self._failures_named(),
                self._turn,
                writing.begin() if self._is_sqlite else self._at_once.connect() as connection,
            ):
                yield connection
        except DatabaseUnavailable as error:
            error.undone = False  # nobody knows
            raise

    def own_time(self) -> datetime | None:
        """What `now` says, for a statement that takes the server's time by itself where this is None."""
        if self._clock is not None:
            return self._clock()
        return datetime.now(UTC) if self._is_sqlite else None

    def now(self, session: Session) -> datetime:
        """The database's time. Leases are judged by it, never by a worker's own clock."""
        # SQLite runs in this process: its clock is this host's.
        if (own := self.own_time()) is not None:
            return own
        return postgres.now(session.connection())

    def describe(self) -> str:
        """What it is and where, for people; holds no password."""
        with self.read() as session:
            version = session.connection().dialect.server_version_info or ()
        number = ".".join(str(part) for part in version)
        if self._is_sqlite:
            return f"SQLite {number}, {self.url.database or 'in memory'}"
        return f"PostgreSQL {number} at {postgres.place_of(self.url)}"

    @property
    def tells(self) -> bool:
        """True where it can tell its clients that something happened: see `store.notices`."""
        return not self._is_sqlite

    def own_connection(self) -> object:
        """The driver's connection, for who keeps it and closes it; DatabaseUnavailable."""
        with self._failures_named():
            pooled = self.engine.connect().connection
            pooled.rollback()
            pooled.detach()
            return pooled.dbapi_connection

    def keep_room(self) -> None:
        """Set some of the disk aside for last words, where the disk is this process's to fill."""
        if self._file is not None:
            reserve.keep(self._file)

    def make_room(self) -> None:
        """Give what was kept for last words back to a full disk; does nothing for a server's database."""
        if self._file is not None:
            reserve.spend(self._file)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        """Turn what the driver raises into errors with a code, where it is not a mistake of ours."""
        try:
            yield
        except DBAPIError as error:
            named = sqlite.meaning(error) if self._is_sqlite else postgres.meaning(error, self.url)
            if named is None:
                raise
            raise named from error
        except PoolEmpty as error:
            raise DatabaseUnavailable("too many threads of this process use the database at once") from error


def open_database(url: str, *, clock: Callable[[], datetime] | None = None) -> Database:
    """The database at `url`, with its tables brought up to date where they are not.

    `sqlite://` is one in memory. Raises NotSupported for a database made by a
    newer Framemill and for SQLite on a network file system, InvalidSettings for
    a URL of another kind, DatabaseUnavailable where no server answers.
    """
    from framemill.store.schema import ensure_schema

    parsed = _parsed(url)
    make = sqlite.make_engine if parsed.get_backend_name() == "sqlite" else postgres.make_engine
    database = Database(make(parsed), clock=clock)
    try:
        ensure_schema(database)
        database.keep_room()
    except BaseException:
        database.close()
        raise
    return database


def _parsed(url: str) -> URL:
    """The parts of `url`. What is wrong with one is told without its text, which may hold a password."""
    example = "postgresql://user:password@host/name, with %40 for an @ in the password"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    # A password with an unescaped @ or / ends up in the host.
    if parsed is None or "@" in (parsed.host or ""):
        raise InvalidSettings(
            "the database cannot be opened: its URL cannot be understood", hint=f"write it like {example}"
        )
    if (kind := parsed.get_backend_name()) not in {"sqlite", "postgresql", "postgres"}:
        raise InvalidSettings(
            f"the database cannot be opened: it is SQLite or PostgreSQL, not {kind!r}",
            hint=f"write its URL like {example}",
        )
    return parsed
