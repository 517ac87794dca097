"""Idle workers are woken through PostgreSQL, from any machine; where that fails they look by themselves."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from framemill.engine.bells import PipeBell
from framemill.engine.dispatch import Wake
from framemill.engine.notices import NoticeBell, Notices
from framemill.store.database import Database, open_database
from framemill.store.postgres import make_engine

pytestmark = pytest.mark.integration
WORK = Wake(task_id="t", resource="cpu", priority=5)
# Nobody waits for this long in a test that passes.
LONG_S = 200.0


@pytest.fixture(name="database")
def _database(own_postgres_url: str) -> Iterator[Database]:
    database = open_database(own_postgres_url)
    yield database
    database.close()


@pytest.fixture(name="bell")
def _bell(database: Database, tmp_path: Path) -> Iterator[NoticeBell]:
    bell = NoticeBell(PipeBell(tmp_path), database)
    yield bell
    bell.close()


def test_a_sleeping_worker_is_woken_by_another_machine(bell: NoticeBell, own_postgres_url: str) -> None:
    bell.wait(LONG_S)  # begins to listen
    elsewhere = open_database(own_postgres_url)

    with ThreadPoolExecutor() as pool:
        asleep = pool.submit(bell.wait, LONG_S)
        Notices(elsewhere).nudge([WORK])
        asleep.result(LONG_S / 2)

    elsewhere.close()


def test_a_notice_that_came_before_the_worker_slept_wakes_it_too(
    bell: NoticeBell, database: Database
) -> None:
    bell.wait(LONG_S)
    Notices(database).nudge([WORK])

    with ThreadPoolExecutor() as pool:
        pool.submit(bell.wait, LONG_S).result(LONG_S / 2)


def test_its_own_process_wakes_it_too(bell: NoticeBell) -> None:
    bell.wait(LONG_S)
    bell.ring()

    with ThreadPoolExecutor() as pool:
        pool.submit(bell.wait, LONG_S).result(LONG_S / 2)


def test_a_broken_connection_wakes_it_and_it_listens_again(
    bell: NoticeBell, database: Database, own_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framemill.engine.notices._AGAIN_S", 0.0)
    bell.wait(LONG_S)
    with psycopg.connect(own_postgres_url, autocommit=True) as other:
        listening = (
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        (number,) = other.execute(listening).fetchone() or (0,)
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (number,))

    with ThreadPoolExecutor() as pool:
        pool.submit(bell.wait, LONG_S).result(LONG_S / 2)
        pool.submit(bell.wait, LONG_S).result(LONG_S / 2)
        asleep = pool.submit(bell.wait, LONG_S)
        Notices(database).nudge([WORK])
        asleep.result(LONG_S / 2)


def test_a_nudge_into_a_database_that_is_away_is_no_error_and_nobody_waits_for_it(tmp_path: Path) -> None:
    away = Database(make_engine(make_url("postgresql://u:p@127.0.0.1:1/mill")))
    bell = NoticeBell(PipeBell(tmp_path), away)

    Notices(away).nudge([WORK])
    bell.ring()
    bell.wait(LONG_S)

    bell.close()
    away.close()
