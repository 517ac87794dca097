"""PostgreSQL's own ways: how connections are made and kept, and what the server's failures mean.

Passwords travel in the URL only. No message that leaves this module holds one:
a place is named by `place_of`.
"""

import select
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from framemill.errors import DatabaseUnavailable, DiskFull, FramemillError, InvalidSettings
from framemill.store.prepared import driven

if TYPE_CHECKING:
    import psycopg

# A worker needs one connection for its work and one for its heartbeat; a door with many threads borrows more.
_POOL, _OVERFLOW = 3, 27
_CONNECT_S = 10
# What the session asks of the server. A worker that is frozen inside a transaction must not hold its rows
# forever, nor may anybody wait for a row forever. A server's default could be another isolation; locks and
# conditional updates here are made for this one.
_SESSION = (
    "-c idle_in_transaction_session_timeout=60s -c lock_timeout=30s"
    r" -c default_transaction_isolation=read\ committed"
)
# Execution option: each statement is a transaction.
AT_ONCE = "framemill_at_once"
# In one message, as each costs a way there and back; never prepared by the driver, as these are two.
_BEGIN = "SELECT clock_timestamp(); BEGIN"
_BEGAN = "framemill_began"
# A connection that nobody used for this long is tried before it is lent, even if the server said nothing.
_STALE_S = 10.0
# A server that vanished without a word (a pulled plug, a dropped route) is noticed within half a minute.
_KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_DISK_FULL = "53100"
_NO_RIGHT = "42501"
_UNDONE = {
    "40001": "another transaction was in the way",
    "40P01": "another transaction was in the way",
    "55P03": "another transaction did not let go of a row",
}
_GONE = {
    "25006": "the server takes no changes",
    "25P03": "the server ended a transaction that was idle for too long",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left",
    "57P01": "the server ended the connection",
    "57P02": "the server crashed",
    "57P03": "the server is starting",
    "57P05": "the server ended a connection that was idle for too long",
}


def make_engine(url: URL) -> Engine:
    """An engine for a server; nothing is connected yet. InvalidSettings where the driver is missing."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise InvalidSettings(
            "the PostgreSQL driver is not installed", hint="pip install 'framemill[postgres]'"
        ) from error
    # psycopg is the only driver that is tested, so a URL that names another one means it too.
    url = url.set(drivername="postgresql+psycopg")
    asked = url.query.get("options", "")
    options = " ".join((_SESSION, *((asked,) if isinstance(asked, str) else asked))).strip()
    engine = create_engine(
        url.difference_update_query(["options"]),
        pool_size=_POOL,
        max_overflow=_OVERFLOW,
        connect_args={"connect_timeout": _CONNECT_S, "application_name": "framemill", "options": options}
        | _KEEPALIVE,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: "psycopg.Connection", _entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions by itself.
        connection.autocommit = True

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        if connection.get_execution_options().get(AT_ONCE):
            connection.info.pop(_BEGAN, None)  # nobody asks what an earlier one was told
            return
        with closing(driven(connection, _BEGIN)) as cursor:
            row = cursor.fetchone()
        assert row is not None
        connection.info[_BEGAN] = (row[0], time.monotonic())

    @event.listens_for(engine, "checkin")
    def _returned(_connection: "psycopg.Connection | None", entry: ConnectionPoolEntry) -> None:
        entry.info["returned"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _lent(
        connection: "psycopg.Connection", entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        # A connection that died while nobody used it is replaced without anybody noticing.
        idle_s = time.monotonic() - entry.info.get("returned", time.monotonic())
        if (idle_s > _STALE_S or _spoke(connection)) and not _answers(connection):
            raise InvalidatePoolError("the server ended the connection")

    return engine


def now(connection: Connection) -> datetime:
    """The server's time: what it said when the transaction began, and as long as that is ago."""
    said, heard = connection.info[_BEGAN]
    moment: datetime = said + timedelta(seconds=time.monotonic() - heard)
    return moment.astimezone(UTC)


def _spoke(connection: "psycopg.Connection") -> bool:
    """True where the server said something that nobody asked for, such as goodbye."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(connection: "psycopg.Connection") -> bool:
    import psycopg

    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def place_of(url: URL) -> str:
    """The server and database that `url` names, as people may see it: no user, no password."""
    asked = url.query.get("host", "")
    host = url.host or (asked if isinstance(asked, str) else ",".join(asked)) or "this host"
    return f"{host}:{url.port or 5432}/{url.database or ''}"


def meaning(error: DBAPIError, url: URL) -> FramemillError | None:
    """What a failure of the server or of the way to it means; None where the statement was wrong."""
    state = getattr(error.orig, "sqlstate", None)
    if state == _DISK_FULL:
        return DiskFull("the database found no free disk space", hint="free some and try again")
    if state == _NO_RIGHT:
        return InvalidSettings(
            f"the user of the database at {place_of(url)} lacks a right: {error.orig}".splitlines()[0],
            hint="let that user own the database, or grant CREATE and USAGE on its schema",
        )
    if state in _UNDONE:
        return DatabaseUnavailable(f"the database could not do it just now: {_UNDONE[state]}")
    if state in _GONE or (state or "").startswith("08"):
        return _unreachable(url, _GONE.get(state or "", "the connection failed"))
    # Where no server answered there is no state; the driver says why in its own words.
    if error.connection_invalidated:
        return _unreachable(url, "the connection was lost")
    if state is None and _is_about_the_connection(error):
        return _unreachable(url, _last_words(error))
    return None


def _unreachable(url: URL, why: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the database at {place_of(url)} cannot be used: {why}",
        hint="see whether the server runs and whether FRAMEMILL_DATABASE_URL is right",
    )


def _is_about_the_connection(error: DBAPIError) -> bool:
    from psycopg import InterfaceError, OperationalError

    return isinstance(error.orig, OperationalError | InterfaceError)


def _last_words(error: DBAPIError) -> str:
    # One line for each address that was tried, and advice below some of them.
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()]
    told = [line for line in lines if "failed: " in line] or lines or ["it said nothing"]
    return told[-1].rsplit("failed: ", 1)[-1].removeprefix("FATAL:").strip()
