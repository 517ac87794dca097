from collections.abc import Iterator
from datetime import timedelta

import pytest

from framemill.domain.states import JobState
from framemill.store import grouping
from framemill.store.database import Database, open_database
from framemill.store.grouping import By, Ending, Range
from framemill.store.jobs import new_id
from framemill.store.statistics import Times
from tests.unit.store.rows import NOON, add_job, plans_of

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.databases("memory", "postgres")


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def _counts(database: Database, by: By | None, span: Range) -> dict[tuple[str, str], int]:
    with database.read() as session:
        return {(e.group, e.state): e.count for e in grouping.endings(session, by, span)}


def test_ended_jobs_are_counted_in_every_kind_of_group(database: Database) -> None:
    mine, theirs = new_id(), new_id()
    common = {"state": "completed", "took_ms": 10}
    add_job(database, **common, kind="gif", owner="ann", worker="w1", workspace_id=mine)
    add_job(database, **common, kind="gif", owner="bob", worker="w2", workspace_id=theirs)
    add_job(database, state="failed", owner="ann", finished_at=NOON - HOUR)
    add_job(database, state="completed", finished_at=NOON - 30 * HOUR)
    span = Range(since=NOON - 24 * HOUR, until=NOON)
    noon = int(NOON.timestamp())

    found = {by: _counts(database, by, span) for by in (None, *By)}

    assert found == {
        None: {("", "completed"): 2, ("", "failed"): 1},
        By.OPERATION: {("gif", "completed"): 2, ("proxy", "failed"): 1},
        By.WORKER: {("w1", "completed"): 1, ("w2", "completed"): 1, ("", "failed"): 1},
        By.USER: {("ann", "completed"): 1, ("bob", "completed"): 1, ("ann", "failed"): 1},
        By.WORKSPACE: {(mine, "completed"): 1, (theirs, "completed"): 1, ("", "failed"): 1},
        By.HOUR: {(str(noon), "completed"): 2, (str(noon - 3600), "failed"): 1},
        By.DAY: {(str(noon - 43200), "completed"): 2, (str(noon - 43200), "failed"): 1},
    }


def test_only_the_workspaces_that_are_asked_for_count(database: Database) -> None:
    mine, theirs = new_id(), new_id()
    for place in (mine, theirs, None):
        add_job(database, state="completed", took_ms=5, workspace_id=place, cost_micros=7)
    span = Range(since=None, until=NOON, workspaces=frozenset({mine}))

    with database.read() as session:
        ended = grouping.endings(session, None, span)
        took = grouping.times(session, None, span)
        dear = [job.workspace_id for job in grouping.dearest(session, span, limit=9)]
        nothing = grouping.endings(session, None, Range(since=None, until=NOON, workspaces=frozenset()))

    whole = Ending(group="", state=JobState.COMPLETED, count=1, cost=7, storage=0, bandwidth=0)
    assert (ended, took[""].count, dear, nothing) == ([whole], 1, [mine], [])


@pytest.mark.parametrize(
    ("took", "p95"), [([7], 7), (range(1, 21), 19), (range(1, 101), 95), (range(1, 102), 96), ([5, 1], 5)]
)
def test_95_of_a_hundred_jobs_of_a_group_took_no_longer(database: Database, took: range, p95: int) -> None:
    for ms in took:
        add_job(database, state="completed", took_ms=ms, owner="ann")
    add_job(database, state="completed", took_ms=10**6, owner="bob")
    add_job(database, state="failed", took_ms=10**7, owner="ann")

    with database.read() as session:
        found = grouping.times(session, By.USER, Range(since=NOON - HOUR, until=NOON))

    ann = Times(count=len(took), mean=sum(took) // len(took), least=min(took), most=max(took), p95=p95)
    assert found["ann"] == ann
    assert found["bob"].p95 == 10**6


def test_the_dearest_jobs_come_first(database: Database) -> None:
    ids = {
        cost: add_job(database, state="completed", took_ms=1, cost_micros=cost) for cost in (5, 9, 0, 7, 6)
    }

    with database.read() as session:
        span = Range(since=None, until=NOON)
        found = [job.id for job in grouping.dearest(session, span, limit=3)]
        every = [job.id for job in grouping.dearest(session, span, limit=50)]

    assert found == [ids[9], ids[7], ids[6]]
    assert every == [*found, ids[5]]


@pytest.mark.databases("memory")
@pytest.mark.parametrize("by", [None, *By])
def test_groups_are_read_from_one_small_index(database: Database, by: By | None) -> None:
    """Of a million jobs only those in the range, and of these no whole row."""
    mine = new_id()
    for state in JobState:
        add_job(database, state=state, took_ms=5, workspace_id=mine)

    spans = [Range(since=NOON - HOUR, until=NOON, workspaces=w) for w in (None, frozenset({mine}))]
    with plans_of(database) as plans, database.read() as session:
        for span in spans:
            grouping.endings(session, by, span)
            grouping.times(session, by, span)

    read = {plan for plan in plans() if plan.startswith(("SEARCH", "SCAN")) and "jobs" in plan}
    assert read == {"SEARCH jobs USING COVERING INDEX ix_jobs_ended (finished_at>? AND finished_at<?)"}


@pytest.mark.databases("memory")
def test_the_dearest_jobs_are_found_in_the_index(database: Database) -> None:
    for cost in range(5):
        add_job(database, state="completed", took_ms=5, cost_micros=cost)

    with plans_of(database) as plans, database.read() as session:
        grouping.dearest(session, Range(since=NOON - HOUR, until=NOON), limit=2)

    read = [plan for plan in plans() if plan.startswith(("SEARCH", "SCAN"))]
    assert read == [
        "SEARCH jobs USING COVERING INDEX ix_jobs_ended (finished_at>? AND finished_at<?)",
        "SEARCH jobs USING INDEX ix_jobs_ended (finished_at>? AND finished_at<?)",
    ]
