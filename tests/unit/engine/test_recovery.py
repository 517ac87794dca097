import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import psutil
import pytest

from framemill.domain.states import JobState, TaskState
from framemill.engine import actions
from framemill.engine.identity import host, worker_id
from framemill.engine.places import PLAIN
from framemill.engine.recovery import take_over
from framemill.engine.workbench import Workbench
from framemill.errors import IllegalTransition, JobNotFound, WorkerLost
from framemill.store.claiming import Wanted, claim
from framemill.store.jobs import get_job
from framemill.store.tasks import extend
from tests.engines import Bench, a_command, a_copy, a_plan

pytestmark = pytest.mark.databases("memory", "postgres")

TTL = timedelta(seconds=60)
DEAD = f"{host()}:1:0.00"  # process 1 did not start in 1970


@pytest.fixture(name="sleeper")
def _sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def _claimed_by(bench: Bench, job: str, worker: str, **columns: object) -> None:
    with bench.database.write() as session:
        task = claim(
            session.connection(), worker=worker, now=bench.clock(), ttl=TTL, wanted=Wanted(job_id=job)
        )
        assert task is not None
        if columns:
            extend(session, task.id, task.lease_token, **columns)


def test_a_dead_workers_task_is_taken_over_without_waiting_for_its_lease(bench: Bench) -> None:
    job = bench.submit()
    _claimed_by(bench, job, DEAD)

    bench.worker(a_plan(a_copy())).run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert any("went away" in entry.message for entry in bench.jobs.logs(job))


def test_a_living_worker_keeps_its_job(bench: Bench) -> None:
    job = bench.submit()
    _claimed_by(bench, job, worker_id())

    with pytest.raises(IllegalTransition, match="is being run by"):
        bench.jobs.retry(job)


def test_a_worker_elsewhere_is_waited_for_until_its_lease_ends(bench: Bench) -> None:
    job = bench.submit()
    _claimed_by(bench, job, "otherhost:77:1.00")

    with pytest.raises(IllegalTransition):
        take_over(bench.database, job)
    bench.clock.pass_by(61)
    take_over(bench.database, job)

    assert bench.jobs.show(job).tasks[0].state is TaskState.READY


def test_a_program_that_outlived_its_worker_is_ended(
    bench: Bench, sleeper: "subprocess.Popen[bytes]"
) -> None:
    job = bench.submit()
    started = psutil.Process(sleeper.pid).create_time()
    _claimed_by(bench, job, DEAD, tool_pid=sleeper.pid, tool_started=started)

    take_over(bench.database, job)

    assert not psutil.pid_exists(sleeper.pid)


def test_another_process_with_the_same_number_is_left_alone(
    bench: Bench, sleeper: "subprocess.Popen[bytes]"
) -> None:
    job = bench.submit()
    _claimed_by(bench, job, DEAD, tool_pid=sleeper.pid, tool_started=12345.0)

    take_over(bench.database, job)

    assert sleeper.poll() is None


def _stopped_before_two(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """A job of steps one, two (needs one), three (needs two) whose worker was lost in `two`."""
    ran: list[str] = []
    real = actions.ACTIONS["copy"]
    lost = True

    def counted(name: str) -> None:
        def run(place: Workbench, argv: tuple[str, ...]) -> None:
            ran.append(name)
            if name == "two" and lost:
                raise WorkerLost
            real(place, ("in/source", "out/copy.txt"))

        monkeypatch.setitem(actions.ACTIONS, name, run)

    for name in ("one", "two", "three"):
        counted(name)
    job = bench.submit()
    bench.worker(PLAN).run_job(job)
    lost = False
    ran.clear()
    return job, ran


PLAN = a_plan(
    a_copy("one", publish="one.txt", commands=[a_command("one")]),
    a_copy("two", ref="one.out", publish=None, commands=[a_command("two")]),
    a_copy("three", ref="two.out", publish="three.txt", commands=[a_command("three")]),
)


def test_only_unfinished_steps_are_done_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job, ran = _stopped_before_two(bench, monkeypatch)

    bench.jobs.retry(job)
    bench.worker(PLAN).run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert ran == ["two", "three"]
    assert bench.left_over() == ["one.txt", "three.txt"]


@pytest.mark.parametrize("damage", ["gone", "cut short"])
def test_a_finished_step_whose_output_is_not_there_is_done_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    job, ran = _stopped_before_two(bench, monkeypatch)
    (output,) = bench.destination.glob(".framemill-*/*/out/copy.txt")
    if damage == "gone":
        output.unlink()
    else:
        os.truncate(output, 2)

    bench.jobs.retry(job)
    bench.worker(PLAN).run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert ran == ["one", "two", "three"]


def test_what_dead_attempts_left_behind_is_removed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job, _ = _stopped_before_two(bench, monkeypatch)
    with bench.database.read() as session:
        place = PLAIN.of(get_job(session, job))
    stale = place.scratch(position=2, key="two", token=1)
    stale.mkdir()

    take_over(bench.database, job)

    assert [p.name for p in place.root.iterdir()] == ["001-one-1"]


def test_what_a_completed_job_left_when_it_was_killed_goes_with_the_next_job_there(bench: Bench) -> None:
    plan = a_plan(a_copy(publish="one.txt"))
    done = bench.submit()
    bench.worker(plan).run_job(done)
    for name in (done, "0198c0de-0000-7000-8000-000000000000"):
        (bench.destination / f".framemill-{name}" / "001-copy-1").mkdir(parents=True)

    bench.worker(a_plan(a_copy(publish="two.txt"))).run_job(bench.submit())

    # Nobody here knows the other: it may be of another database, and alive.
    assert [name for name in bench.left_over() if "/" not in name] == [
        ".framemill-0198c0de-0000-7000-8000-000000000000",
        "one.txt",
        "two.txt",
    ]


def test_asking_for_the_same_again_goes_on_with_the_job_that_was_left(bench: Bench) -> None:
    job = bench.submit()
    _claimed_by(bench, job, DEAD)

    same = bench.submit(resume=True)
    other = bench.submit({"input": bench.an_input("other.txt")}, resume=True)
    unasked = bench.submit()

    assert same == job
    assert len({job, other, unasked}) == 3


def test_a_job_that_a_living_worker_runs_is_not_taken_for_abandoned(bench: Bench) -> None:
    job = bench.submit()
    _claimed_by(bench, job, worker_id())

    assert bench.submit(resume=True) != job


def test_cancelling_a_failed_job_removes_what_it_kept_for_a_retry(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = _stopped_before_two(bench, monkeypatch)
    kept = bench.left_over()

    bench.jobs.cancel(job)

    assert kept != []
    assert not bench.destination.exists()
    assert bench.jobs.get(job).state is JobState.FAILED


def test_a_completed_job_cannot_be_retried(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job)

    with pytest.raises(IllegalTransition):
        bench.jobs.retry(job)


def test_cancelling_a_job_that_nobody_runs_removes_its_files(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = _stopped_before_two(bench, monkeypatch)
    bench.jobs.retry(job)
    kept = bench.left_over()

    bench.jobs.cancel(job)
    bench.jobs.cancel(job)

    assert kept != []
    assert not bench.destination.exists()
    detail = bench.jobs.show(job)
    assert detail.job.state is JobState.CANCELLED
    assert [t.state for t in detail.tasks] == [TaskState.DONE, TaskState.DONE] + [TaskState.CANCELLED] * 3


def test_cancelling_a_job_whose_worker_died_removes_its_files(bench: Bench) -> None:
    job = bench.submit()
    _claimed_by(bench, job, DEAD)

    bench.jobs.cancel(job)

    detail = bench.jobs.show(job)
    assert (detail.job.state, detail.tasks[0].state) == (JobState.CANCELLED, TaskState.CANCELLED)


@pytest.mark.parametrize("job_id", ["nonsense", "0198c0de-0000-7000-8000-000000000000"])
def test_an_unknown_job_is_named(bench: Bench, job_id: str) -> None:
    with pytest.raises(JobNotFound, match=job_id):
        bench.jobs.retry(job_id)
