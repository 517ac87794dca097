from collections.abc import Iterator
from datetime import timedelta

import pytest

from framemill.domain.states import JobState
from framemill.store import statistics
from framemill.store.database import Database, open_database
from framemill.store.statistics import Depth, Ended, Times
from tests.unit.store.rows import NOON, add_job, plans_of

HOUR = timedelta(hours=1)


@pytest.fixture(name="database")
def _database() -> Iterator[Database]:
    database = open_database("sqlite://")
    yield database
    database.close()


def test_open_jobs_are_counted_by_state(database: Database) -> None:
    for state in ("queued", "queued", "paused", "completed"):
        add_job(database, state=state)

    with database.read() as session:
        found = statistics.open_jobs(session)

    assert found == {JobState.QUEUED: 2, JobState.RUNNING: 0, JobState.PAUSED: 1}


def test_the_queue_is_told_by_priority_with_its_oldest(database: Database) -> None:
    for hours, priority in ((3, 5), (2, 9), (1, 5), (0, 5)):
        add_job(database, priority=priority, created_at=NOON - hours * HOUR)
    add_job(database, priority=9, state="running", created_at=NOON - 9 * HOUR)

    with database.read() as session:
        found = statistics.depths(session)

    assert found == [
        Depth(priority=9, waiting=1, oldest=NOON - 2 * HOUR),
        Depth(priority=5, waiting=3, oldest=NOON - 3 * HOUR),
    ]


def test_what_ended_is_counted_within_its_range(database: Database) -> None:
    for state, at in (("completed", 0), ("completed", 1), ("failed", 1), ("completed", 5)):
        add_job(database, state=state, finished_at=NOON - at * HOUR, cost_micros=7)
    add_job(database, state="cancelled", kind="gif", finished_at=NOON)

    with database.read() as session:
        recent = statistics.ended(session, since=NOON - 2 * HOUR, until=NOON)
        ever = statistics.ended(session, since=None, until=NOON)

    assert recent == [
        Ended(kind="gif", state=JobState.CANCELLED, count=1, cost_micros=0),
        Ended(kind="proxy", state=JobState.COMPLETED, count=2, cost_micros=14),
        Ended(kind="proxy", state=JobState.FAILED, count=1, cost_micros=7),
    ]
    assert sum(row.count for row in ever) == 5


@pytest.mark.parametrize(
    ("took", "p95"), [([7], 7), (range(1, 21), 19), (range(1, 101), 95), (range(1, 102), 96), ([5, 1], 5)]
)
def test_95_of_a_hundred_jobs_took_no_longer(database: Database, took: range, p95: int) -> None:
    for ms in took:
        add_job(database, state="completed", took_ms=ms)
    add_job(database, state="failed", took_ms=10**6)

    with database.read() as session:
        found = statistics.times(session, since=NOON - HOUR, until=NOON)

    whole = Times(count=len(took), mean=sum(took) // len(took), least=min(took), most=max(took), p95=p95)
    assert found == {"proxy": whole, None: whole}


def test_times_are_told_by_kind_too(database: Database) -> None:
    for kind, ms in (("cut", 10), ("cut", 20), ("gif", 60)):
        add_job(database, state="completed", kind=kind, took_ms=ms)

    with database.read() as session:
        found = statistics.times(session, since=None, until=NOON)
        nothing = statistics.times(session, since=NOON, until=NOON)

    assert {kind: (t.count, t.mean, t.p95) for kind, t in found.items()} == {
        "cut": (2, 15, 20),
        "gif": (1, 60, 60),
        None: (3, 30, 60),
    }
    assert nothing == {}


def test_statistics_read_small_indexes_only(database: Database) -> None:
    """Of a million jobs only those in the range, and of these no whole row."""
    for state in JobState:
        add_job(database, state=state, took_ms=5)

    with plans_of(database) as plans, database.read() as session:
        statistics.open_jobs(session)
        statistics.ended(session, since=NOON - HOUR, until=NOON)
        statistics.times(session, since=NOON - HOUR, until=NOON)
    counted = set(plans())
    with plans_of(database) as plans, database.read() as session:
        statistics.depths(session)
    queued = set(plans())

    rows = {plan for plan in counted if not plan.startswith("USE TEMP B-TREE FOR")}
    assert rows == {
        "SEARCH jobs USING COVERING INDEX ix_jobs_state_id (state=?)",
        "SEARCH jobs USING COVERING INDEX ix_jobs_ended (finished_at>? AND finished_at<?)",
    }
    assert queued == {
        "SEARCH jobs USING COVERING INDEX ix_jobs_priority_state_id (priority=? AND state=?)",
        "SEARCH jobs USING INDEX ix_jobs_priority_state_id (priority=? AND state=?)",
    }
