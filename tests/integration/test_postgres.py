"""What a real PostgreSQL does to us: it ends connections, keeps us waiting, is not there."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from framemill.app import open_app
from framemill.errors import DatabaseUnavailable, InvalidSettings
from framemill.settings import Settings
from framemill.store.database import Database, open_database
from framemill.store.schema import HEAD, revision
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.integration


@pytest.fixture(name="postgres_url")
def _postgres_url(own_postgres_url: str) -> str:
    """Tables come and go here."""
    return own_postgres_url


@pytest.fixture(name="database")
def _database(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url)
    yield database
    database.close()


def _number(session: Session) -> int:
    """The connection that `session` has, as the server counts it."""
    number: int = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return number


def _end(url: str, number: int) -> None:
    """The server ends a connection."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))


def _add_table(session: Session) -> None:
    session.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY)"))


def _rows(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.execute(text("SELECT a FROM t ORDER BY a")).scalars())


def test_a_connection_that_died_while_nobody_used_it_is_not_noticed(
    database: Database, postgres_url: str
) -> None:
    with database.read() as session:
        number = _number(session)
    _end(postgres_url, number)

    with database.write() as session:
        _add_table(session)

    assert _rows(database) == []


def test_a_connection_that_dies_in_a_transaction_undoes_it_and_says_so(
    database: Database, postgres_url: str
) -> None:
    with database.write() as session:
        _add_table(session)

    def write() -> None:
        with database.write(durable=True) as session:
            session.execute(text("INSERT INTO t VALUES (1)"))
            _end(postgres_url, _number(session))
            session.execute(text("INSERT INTO t VALUES (2)"))

    with pytest.raises(DatabaseUnavailable, match="the server ended the connection") as caught:
        write()

    assert (caught.value.transient, caught.value.undone) == (True, True)
    assert _rows(database) == []


def test_a_connection_that_dies_before_the_commit_leaves_it_open_whether_it_arrived(
    database: Database, postgres_url: str
) -> None:
    with database.write() as session:
        _add_table(session)

    def write() -> None:
        with database.write() as session:
            session.execute(text("INSERT INTO t VALUES (1)"))
            _end(postgres_url, _number(session))

    with pytest.raises(DatabaseUnavailable) as caught:
        write()

    assert not caught.value.undone


def test_of_two_transactions_that_wait_for_each_other_one_is_undone_and_may_be_tried_again(
    database: Database,
) -> None:
    with database.write() as session:
        _add_table(session)
        session.execute(text("INSERT INTO t VALUES (1), (2)"))
    both_have_one = threading.Barrier(2)

    def write(first: int, second: int) -> DatabaseUnavailable | None:
        try:
            with database.write() as session:
                session.execute(text("SELECT a FROM t WHERE a = :a FOR UPDATE"), {"a": first})
                both_have_one.wait()
                session.execute(text("SELECT a FROM t WHERE a = :a FOR UPDATE"), {"a": second})
        except DatabaseUnavailable as error:
            return error
        return None

    with ThreadPoolExecutor() as pool:
        ends = [running.result() for running in [pool.submit(write, 1, 2), pool.submit(write, 2, 1)]]

    (error,) = [end for end in ends if end is not None]
    assert error.undone
    assert "another transaction was in the way" in error.message


def test_a_row_that_is_never_let_go_does_not_hold_us_forever(postgres_url: str) -> None:
    impatient = open_database(f"{postgres_url}?options=-c%20lock_timeout%3D50ms")
    with impatient.write() as session:
        _add_table(session)

    with psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE t")
        with pytest.raises(DatabaseUnavailable, match="did not let go") as caught:
            _rows(impatient)

    assert caught.value.undone
    impatient.close()


def test_more_threads_than_connections_wait_for_their_turn(database: Database) -> None:
    def look(number: int) -> int:
        with database.read() as session:
            found: int = session.execute(
                text("SELECT :n + 0 * length(pg_sleep(0.01)::text)"), {"n": number}
            ).scalar_one()
            return found

    with ThreadPoolExecutor(60) as pool:
        assert list(pool.map(look, range(120))) == list(range(120))


def test_the_databases_time_is_read_in_utc(database: Database) -> None:
    with database.read() as session:
        first, second = database.now(session), database.now(session)

    assert first.tzinfo is UTC
    assert timedelta() <= second - first < timedelta(minutes=1)


def test_sessions_are_read_committed_and_end_when_they_idle_in_a_transaction(database: Database) -> None:
    with database.read() as session:
        shown = [
            session.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("transaction_isolation", "idle_in_transaction_session_timeout", "lock_timeout")
        ]

    assert shown == ["read committed", "1min", "30s"]


def test_an_empty_database_that_eight_open_at_once_is_set_up_once(postgres: Postgres) -> None:
    with postgres.database(migrated=False) as url:
        with ThreadPoolExecutor(8) as pool:
            databases = list(pool.map(open_database, [url] * 8))

        assert {revision(database) for database in databases} == {HEAD}
        for database in databases:
            database.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"password": "hunter2"}, "password authentication failed"),
        ({"port": 1}, "Connection refused"),
        ({"database": "nowhere"}, "does not exist"),
        ({"host": "nowhere.invalid"}, "nowhere.invalid"),
    ],
)
def test_a_server_that_cannot_be_used_is_named_with_the_reason_and_no_password(
    postgres: Postgres, change: dict[str, str | int], why: str
) -> None:
    url = make_url(postgres.url()).set(**change)  # type: ignore[arg-type]  # each has its own type

    with pytest.raises(DatabaseUnavailable, match=why) as caught:
        open_database(url.render_as_string(hide_password=False))

    told = repr(caught.value) + str(caught.value) + str(vars(caught.value))
    assert str(url.password) not in told
    assert str(url.database) in told
    assert "psycopg" not in told


def test_a_user_who_may_not_create_tables_is_told_so(postgres: Postgres) -> None:
    with postgres.database(migrated=False) as url:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("CREATE ROLE reader LOGIN PASSWORD 'hunter2'")
            owner.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        as_reader = make_url(url).set(username="reader", password="hunter2")

        with pytest.raises(InvalidSettings, match="lacks a right: permission denied for schema") as caught:
            open_database(as_reader.render_as_string(hide_password=False))

        assert "hunter2" not in str(caught.value)


def test_an_application_keeps_its_jobs_there(postgres_url: str) -> None:
    app = open_app(Settings(database_url=SecretStr(postgres_url)))

    assert app.jobs.list() == ()
    app.close()
