from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from framemill.domain.costs import Prices
from framemill.domain.states import JobState
from framemill.errors import InvalidSpec
from framemill.services.breakdowns import Breakdowns
from framemill.services.costs import Costs, Spent
from framemill.services.usage import Kept
from framemill.store import usage
from framemill.store.database import Database, open_database
from framemill.store.grouping import By
from framemill.store.jobs import new_id
from framemill.store.video_tables import Workspace
from tests.engines import Bench, Clock, a_copy, a_plan
from tests.unit.store.rows import NOON, add_job

HOUR = timedelta(hours=1)


@pytest.fixture(name="database")
def _database() -> Iterator[Database]:
    database = open_database("sqlite://", clock=Clock(NOON))
    yield database
    database.close()


def _a_workspace(database: Database, name: str) -> str:
    row = Workspace(id=new_id(), name=name, title=name, created_at=NOON, updated_at=NOON)
    with database.write() as session:
        session.add(row)
    return row.id


def _ended(database: Database, **columns: object) -> str:
    common = {"state": "completed", "took_ms": 1000, "finished_at": NOON - HOUR}
    return add_job(database, **{**common, **columns})


def test_groups_say_what_became_of_their_jobs(database: Database) -> None:
    costs = {"cost_micros": 3_500_000, "storage_micros": 1_000_000, "bandwidth_micros": 500_000}
    _ended(database, owner="ann", **costs)
    _ended(database, owner="ann", state="failed")
    _ended(database, owner="bob")

    found = Breakdowns(database, currency="EUR").make(since=4 * HOUR, by=By.USER)

    ann, bob = found.groups
    assert [(group.key, group.tally.ended) for group in (ann, bob)] == [("ann", 2), ("bob", 1)]
    assert ann.tally.spent == Spent(compute=2.0, storage=1.0, bandwidth=0.5, total=3.5)
    assert (ann.tally.success_rate, bob.tally.success_rate) == (0.5, 1.0)
    assert ann.tally.per_hour == 0.25
    assert ann.tally.times is not None
    assert ann.tally.times.count == 1
    assert (found.whole.ended, found.currency, found.since) == (3, "EUR", NOON - 4 * HOUR)


def test_hours_in_which_nothing_ended_are_there_too(database: Database) -> None:
    _ended(database, finished_at=NOON - 2 * HOUR + timedelta(minutes=5))

    found = Breakdowns(database).make(since=3 * HOUR, by=By.HOUR)

    assert [(group.begins_at, group.tally.ended) for group in found.groups] == [
        (NOON - 3 * HOUR, 0),
        (NOON - 2 * HOUR, 1),
        (NOON - HOUR, 0),
        (NOON, 0),
    ]
    assert [group.tally.per_hour for group in found.groups] == [0, 1, 0, 0]


def test_more_hours_than_a_chart_can_show_are_refused(database: Database) -> None:
    with pytest.raises(InvalidSpec, match="hours"):
        Breakdowns(database).make(since=timedelta(days=365), by=By.HOUR)


def test_a_range_that_ends_before_it_begins_is_refused(database: Database) -> None:
    with pytest.raises(InvalidSpec, match="before it begins"):
        Breakdowns(database).make(since=NOON, until=NOON - HOUR)


def test_a_job_counts_for_the_worker_that_was_at_it_longest(bench: Bench) -> None:
    job = bench.submit()
    worker = bench.worker(a_plan(a_copy()))
    worker.run_job(job)
    breakdowns = Breakdowns(bench.database)

    (found,) = breakdowns.make(since=None, by=By.WORKER).groups

    assert (found.key, found.tally.completed) == (worker.name, 1)


def test_others_workspaces_are_not_counted(database: Database) -> None:
    mine, theirs = _a_workspace(database, "mine"), _a_workspace(database, "theirs")
    for place in (mine, theirs, None):
        _ended(database, workspace_id=place)
        add_job(database, workspace_id=place)

    some = Breakdowns(database).make(since=None, by=By.WORKSPACE, workspaces=frozenset({mine}))
    every = Breakdowns(database).make(since=None, by=By.WORKSPACE)

    assert [(group.name, group.tally.ended) for group in some.groups] == [("mine", 1)]
    assert (some.whole.ended, some.now[JobState.QUEUED]) == (1, 1)
    assert {group.name for group in every.groups} == {"mine", "theirs", ""}
    assert (every.whole.ended, every.now[JobState.QUEUED]) == (3, 3)


def test_a_workspace_is_billed_for_computing_keeping_and_sending(database: Database) -> None:
    place = _a_workspace(database, "mine")
    costs = {"cost_micros": 3_500_000, "storage_micros": 1_000_000, "bandwidth_micros": 500_000}
    _ended(database, workspace_id=place, **costs)
    today = NOON.date()
    with database.write() as session:
        usage.set_stored(session, today - timedelta(days=1), {place: 60_000_000_000})
        usage.add_served(session, today, {place: 2_000_000_000})
        usage.add_served(session, today - timedelta(days=9), {place: 10**12})
    prices = Prices(gb_month=Decimal(2), gb_egress=Decimal(3), currency="EUR")

    bill = Costs(database, prices=prices).by_workspace(since=NOON - timedelta(days=1), until=NOON)

    (line,) = bill.lines
    # Yesterday whole and today until noon: 60 GB for one day and a half of thirty.
    assert (line.name, line.jobs, line.gb_months, line.egress_bytes) == ("mine", 1, 3.0, 2_000_000_000)
    assert line.spent == Spent(compute=2.0, storage=6.0, bandwidth=6.0, total=14.0)
    assert (bill.since, bill.until) == (NOON - 36 * HOUR, NOON)
    assert (bill.total, bill.currency) == (line.spent, "EUR")


def test_what_is_kept_is_measured_for_the_day(database: Database) -> None:
    place = _a_workspace(database, "mine")

    Kept(database).measure()

    with database.read() as session:
        rows = usage.days_between(session, NOON.date(), NOON.date(), None)
    assert [(row.workspace_id, row.stored_bytes) for row in rows] == [(place, 0)]


def test_users_and_jobs_are_billed_as_the_records_say(database: Database) -> None:
    first = _ended(database, owner="ann", cost_micros=5_000_000, bandwidth_micros=1_000_000)
    _ended(database, owner="bob", cost_micros=1_000_000)
    _ended(database, owner="ann", cost_micros=2_000_000)
    costs = Costs(database, prices=Prices())

    users = costs.by_user(since=None, until=NOON)
    jobs = costs.by_job(since=None, until=NOON, limit=1)

    assert [(line.id, line.jobs, line.spent.total) for line in users.lines] == [
        ("ann", 2, 7.0),
        ("bob", 1, 1.0),
    ]
    assert [(line.id, line.spent.compute, line.spent.bandwidth) for line in jobs.lines] == [(first, 4.0, 1.0)]
