from collections.abc import Iterator
from datetime import timedelta

import pytest

from framemill.domain.states import JobState
from framemill.services.stats import Outcome, Stats, Workers
from framemill.store.claiming import claim
from framemill.store.database import Database, open_database
from framemill.store.tables import Task, Worker
from framemill.store.workers import report
from tests.engines import Bench, Clock
from tests.unit.store.rows import NOON, add_job

HOUR = timedelta(hours=1)


pytestmark = pytest.mark.databases("memory", "postgres")


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, clock=Clock(NOON))
    yield database
    database.close()


def test_a_report_counts_rates_and_prices_what_ended(database: Database) -> None:
    for state, kind, cost in (
        ("completed", "cut", 1_500_000),
        ("completed", "gif", 500_000),
        ("failed", "cut", 0),
    ):
        add_job(database, state=state, kind=kind, took_ms=2000, cost_micros=cost, finished_at=NOON - HOUR)
    add_job(database, priority=9)

    found = Stats(database, currency="EUR").report(since=4 * HOUR)

    assert found.now[JobState.QUEUED] == 1
    assert [(depth.priority, depth.waiting) for depth in found.queue] == [(9, 1)]
    whole = found.ended
    assert (whole.completed, whole.failed, whole.cancelled, whole.cost) == (2, 1, 0, 2.0)
    assert whole.success_rate == pytest.approx(2 / 3)
    assert found.per_hour == 0.5
    assert found.currency == "EUR"
    assert {kind: (o.completed, o.failed, o.cost) for kind, o in found.kinds.items()} == {
        "cut": (1, 1, 1.5),
        "gif": (1, 0, 0.5),
    }


def test_a_report_of_nothing_has_no_rates(database: Database) -> None:
    found = Stats(database).report(since=HOUR)

    nothing = Outcome(completed=0, failed=0, cancelled=0, success_rate=None, cost=0.0, times=None)
    assert (found.ended, found.kinds, found.queue, found.per_hour) == (nothing, {}, (), 0.0)


def _add_worker(bench: Bench, name: str, **columns: object) -> None:
    with bench.database.write() as session:
        now = bench.clock()
        common = {
            "host": "h",
            "pid": 7,
            "version": "1",
            "engine": "pool",
            "resources": [],
            "capabilities": {"pool": "h:1:2.00"},
            "state": "active",
            "started_at": now,
            "seen_at": now,
        }
        session.add(Worker(id=name, **{**common, **columns}))


def test_workers_are_listed_with_what_they_are_at(bench: Bench) -> None:
    job = bench.submit()
    _add_worker(bench, "h:7:1.00", done=3, failed=1)
    _add_worker(bench, "h:8:1.00", state="gone")
    with bench.database.write() as session:
        task = claim(session.connection(), worker="h:7:1.00", now=bench.clock(), ttl=HOUR)
    assert isinstance(task, Task)
    workers = Workers(bench.database)

    (there,) = workers.list()
    both = workers.list(gone=True)

    assert (there.pool, there.done, there.failed) == ("h:1:2.00", 3, 1)
    assert [(held.job_id, held.title) for held in there.at] == [(job, "plan the work")]
    assert [worker.state for worker in both] == ["active", "gone"]


def test_a_drained_worker_learns_it_when_it_reports(bench: Bench) -> None:
    _add_worker(bench, "a")
    _add_worker(bench, "b")

    count = Workers(bench.database).drain(["a", "nobody"])

    with bench.database.write() as session:
        wanted = {name: report(session, name, now=bench.clock()) for name in ("a", "b")}
    assert count == 1
    assert wanted == {"a": "drain", "b": ""}
