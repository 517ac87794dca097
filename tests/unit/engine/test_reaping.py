"""The reaper, on workers that were never there."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes
from framemill.engine.dispatch import Wake
from framemill.engine.identity import host, worker_id
from framemill.engine.places import PLAIN
from framemill.engine.publishing import Published, publish_job
from framemill.engine.reaping import Reaper
from framemill.errors import LeaseLost
from framemill.store.claiming import Wanted, claim
from framemill.store.database import Database
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Job, Task
from tests.engines import Bench, a_copy, a_machine, a_plan

DEAD = f"{host()}:999999:1.00"
ELSEWHERE = "another-host:1:1.00"
TTL = timedelta(seconds=60)
pytestmark = pytest.mark.databases("memory", "postgres")


class Heard:
    """Keeps every nudge."""

    def __init__(self) -> None:
        self.wakes: list[Wake] = []

    def nudge(self, wakes: Sequence[Wake]) -> None:
        self.wakes += wakes


def _reaper(bench: Bench) -> tuple[Reaper, Heard]:
    heard = Heard()
    return Reaper(database=bench.database, dispatcher=heard, spread=lambda: 0.0), heard


def _claimed(bench: Bench, worker: str) -> Task:
    with bench.database.write() as session:
        task = claim(session.connection(), worker=worker, now=bench.clock(), ttl=TTL)
    assert task is not None
    return task


def _task(bench: Bench, task: Task) -> Task:
    with bench.database.read() as session:
        return session.get_one(Task, task.id)


def test_a_task_whose_worker_died_here_is_ready_again_after_a_pause(bench: Bench) -> None:
    bench.submit()
    task = _claimed(bench, DEAD)
    reaper, heard = _reaper(bench)

    assert reaper.reap() == 1

    now = _task(bench, task)
    assert (now.state, now.attempt, now.lease_worker) == (TaskState.READY, 1, None)
    assert now.not_before == bench.clock() + timedelta(seconds=2)
    assert [wake.task_id for wake in heard.wakes] == [task.id]


def test_a_worker_elsewhere_keeps_its_task_while_its_lease_lasts(bench: Bench) -> None:
    bench.submit()
    task = _claimed(bench, ELSEWHERE)
    reaper, _ = _reaper(bench)

    assert reaper.reap() == 0
    bench.clock.pass_by(61)
    assert reaper.reap() == 1

    assert _task(bench, task).state == TaskState.READY


def test_a_living_worker_is_left_alone(bench: Bench) -> None:
    bench.submit()
    task = _claimed(bench, worker_id())

    assert _reaper(bench)[0].reap() == 0

    assert _task(bench, task).state == TaskState.LEASED


def test_a_task_that_killed_its_workers_too_often_fails_its_job(bench: Bench) -> None:
    job = bench.submit()
    reaper, _ = _reaper(bench)

    for _ in range(3):
        _claimed(bench, DEAD)
        reaper.reap()
        bench.clock.pass_by(600)

    record = bench.jobs.get(job)
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error["code"] == "worker_lost"
    assert not bench.destination.exists()


def test_the_last_task_of_a_cancelled_job_clears_up(bench: Bench) -> None:
    job = bench.submit()
    task = _claimed(bench, ELSEWHERE)
    bench.jobs.cancel(job)
    bench.clock.pass_by(61)

    _reaper(bench)[0].reap()

    assert _task(bench, task).state == TaskState.CANCELLED
    assert not bench.destination.exists()


def test_a_foreground_job_whose_owner_is_gone_becomes_everyones(bench: Bench) -> None:
    job = bench.submit()
    with bench.database.write() as session:
        session.execute(update(Job).values(lane=DEAD))
        session.execute(update(Task).values(lane=DEAD))
    with bench.database.write() as session:
        assert claim(session.connection(), worker="w", now=bench.clock(), ttl=TTL) is None
    reaper, heard = _reaper(bench)

    reaper.reap()

    assert len(heard.wakes) == 1
    with bench.database.read() as session:
        assert get_job(session, job).lane == ""
        assert [task.lane for task in tasks_of(session, job)] == [""]


def test_a_nudge_that_was_lost_is_made_again(bench: Bench) -> None:
    bench.submit()
    reaper, heard = _reaper(bench)

    assert reaper.ring_again() == 0
    bench.clock.pass_by(31)
    assert reaper.ring_again() == 1

    assert len(heard.wakes) == 1


def test_steps_run_side_by_side_and_what_needs_them_waits(bench: Bench) -> None:
    job = bench.submit()
    several = [a_copy(f"s{n}", publish=f"{n}.txt") for n in range(6)]

    worker = bench.worker(a_plan(*several, a_copy("last", ref="s0.out", publish="last.txt")), side_by_side=3)
    worker.run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert bench.left_over() == [*(f"{n}.txt" for n in range(6)), "last.txt"]


def test_a_worker_that_was_frozen_while_it_published_takes_nothing_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit()
    worker = bench.worker(a_plan(a_copy()))
    assert [worker.run_one(Wanted()) for _ in range(2)] == [True, True]
    frozen = _claimed(bench, ELSEWHERE)
    bench.clock.pass_by(61)
    _reaper(bench)[0].reap()
    bench.clock.pass_by(3)
    record = outcomes.published

    def publish(task: Task) -> None:
        with bench.database.read() as session:
            row, tasks = get_job(session, job), tasks_of(session, job)
        publish_job(bench.database, row, task, tasks, machine=a_machine())

    def interrupted(database: Database, claimed: Task, artifacts: Sequence[Published]) -> None:
        """The frozen one wakes up between the other's last rename and its commit."""
        if claimed.lease_token != frozen.lease_token:
            with pytest.raises(LeaseLost):
                publish(frozen)
        record(database, claimed, artifacts)

    monkeypatch.setattr(outcomes, "published", interrupted)
    publish(_claimed(bench, worker_id()))

    (artifact,) = bench.jobs.show(job).artifacts
    assert artifact.path.read_text() == "hello"


def test_the_folder_of_a_job_that_was_completed_by_a_dying_worker_goes(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job)
    with bench.database.read() as session:
        place = PLAIN.of(get_job(session, job))
    (place.root / "001-copy-1").mkdir(parents=True)

    _reaper(bench)[0].reap()

    assert bench.left_over() == ["copy.txt"]
