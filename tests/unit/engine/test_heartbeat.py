from datetime import timedelta

import pytest

from framemill.engine.events import Progress
from framemill.engine.heartbeat import Heartbeat
from framemill.engine.identity import worker_id
from framemill.errors import Cancelled, LeaseLost
from framemill.store.claiming import Wanted, claim
from framemill.store.jobs import tasks_of
from framemill.store.tables import Task
from tests.engines import Bench

pytestmark = pytest.mark.databases("memory", "postgres")

TTL = timedelta(seconds=60)


@pytest.fixture(name="hold")
def _hold(bench: Bench) -> Heartbeat:
    job = bench.submit()
    with bench.database.write() as session:
        task = claim(
            session.connection(), worker=worker_id(), now=bench.clock(), ttl=TTL, wanted=Wanted(job_id=job)
        )
    assert task is not None
    return Heartbeat(
        bench.database,
        task,
        ttl=TTL,
        every=timedelta(seconds=10),
        sink=bench.watcher,
        share=lambda percent: percent / 2,
    )


def _row(bench: Bench) -> Task:
    (job,) = bench.jobs.list()
    with bench.database.read() as session:
        return tasks_of(session, job.id)[0]


def test_a_beat_renews_the_lease_when_it_is_time(bench: Bench, hold: Heartbeat) -> None:
    expiries = []
    for seconds in (0, 4, 4, 4):
        bench.clock.pass_by(seconds)
        hold.beat()
        expiry = _row(bench).lease_expires
        assert expiry is not None
        expiries.append((expiry - bench.clock()).total_seconds())

    assert expiries == [60, 56, 52, 60]


def test_progress_reaches_watchers_at_once_and_the_database_with_the_next_beat(
    bench: Bench, hold: Heartbeat
) -> None:
    hold.report(40.0, 2.5, 3000, 62.5)
    before = _row(bench).progress
    hold.beat()

    (event,) = bench.watcher.events
    assert isinstance(event, Progress)
    assert (event.percent, event.job_percent) == (40.0, 20.0)
    assert (event.speed, event.fps, event.eta_ms) == (2.5, 62.5, 3000)
    row = _row(bench)
    assert (before, row.progress, row.speed, row.fps, row.eta_ms) == (0.0, 40.0, 2.5, 62.5, 3000)


def test_a_cancelled_job_is_noticed(bench: Bench, hold: Heartbeat) -> None:
    bench.jobs.cancel(bench.jobs.list()[0].id)

    hold.beat()

    assert (hold.stopped(), hold.lost) == (True, False)
    with pytest.raises(Cancelled):
        hold.check()


def test_a_lost_lease_is_noticed(bench: Bench, hold: Heartbeat) -> None:
    with bench.database.write() as session:
        row = tasks_of(session, bench.jobs.list()[0].id)[0]
        row.lease_token += 1

    hold.tool_started(1, 1.0)

    assert hold.lost
    with pytest.raises(LeaseLost):
        hold.check()


def test_the_process_that_works_is_written_down(bench: Bench, hold: Heartbeat) -> None:
    hold.tool_started(4711, 12.5)

    row = _row(bench)
    assert (row.tool_pid, row.tool_started) == (4711, 12.5)
