from dataclasses import replace
from datetime import timedelta

import pytest

from framemill.domain.capabilities import Capabilities
from framemill.domain.plan import Command
from framemill.engine.unserved import Unserved, note_unserved
from framemill.services.stats import Stats, Workers
from framemill.store.claiming import Wanted
from framemill.store.tables import Worker
from tests.engines import Anything, Bench, a_copy, a_machine, a_plan

AV1 = "libsvtav1"
ENCODE = Command(tool="ffmpeg", argv=("-c:v", AV1))
PLAN = a_plan(*(a_copy(name, publish=f"{name}.txt", commands=[ENCODE]) for name in "ab"))
NEED = Unserved(needs=f"a worker for cpu tasks whose ffmpeg has {AV1}", tasks=2, jobs=1)
SAID = f"no worker that is there can do this: it needs {NEED.needs}"


def a_worker_row(bench: Bench, name: str, **columns: object) -> None:
    """A worker in the register."""
    common = {
        "host": "h",
        "pid": 7,
        "version": "1",
        "engine": "pool",
        "resources": [],
        "capabilities": {"encoders": ["libx264"]},
        "state": "active",
        "started_at": bench.clock(),
        "seen_at": bench.clock(),
    }
    with bench.database.write() as session:
        session.add(Worker(id=name, **{**common, **columns}))


@pytest.fixture(name="job")
def _job(bench: Bench) -> str:
    """A job that was planned where there is an encoder that others have not."""
    job = bench.submit()
    both = frozenset({AV1, "libx264"})
    able = Capabilities(ffmpeg_version="9", ffprobe_version="9", encoders=both)
    machine = replace(a_machine(), capabilities=able)
    assert bench.worker(PLAN, machine=machine).run_one(Wanted())
    return job


def _logged(bench: Bench, job: str) -> list[str]:
    return [line.message for line in bench.jobs.logs(job) if line.level == "warning"]


def test_a_task_that_no_living_worker_can_do_is_seen_everywhere(bench: Bench, job: str) -> None:
    a_worker_row(bench, "a")
    a_worker_row(bench, "gone", capabilities={"encoders": [AV1]}, state="gone")
    a_worker_row(
        bench, "silent", capabilities={"encoders": [AV1]}, seen_at=bench.clock() - timedelta(hours=1)
    )

    assert bench.jobs.show(job).warnings == (SAID,)
    assert Stats(bench.database).report().unserved == (NEED,)
    assert Workers(bench.database).unserved() == (NEED,)


def test_the_log_says_it_once_for_each_job_and_not_at_once(bench: Bench, job: str) -> None:
    def there() -> None:
        with bench.database.write() as session:
            for worker in session.query(Worker):
                worker.seen_at = bench.clock()

    a_worker_row(bench, "a")

    noted = [note_unserved(bench.database)]
    for _ in range(3):
        bench.clock.pass_by(90)
        there()
        noted.append(note_unserved(bench.database))

    assert noted == [0, 1, 0, 0]
    assert _logged(bench, job) == [SAID]


def test_nothing_is_said_while_somebody_can_or_nobody_is_there(bench: Bench, job: str) -> None:
    assert bench.jobs.show(job).unserved == ()

    a_worker_row(bench, "a")
    a_worker_row(bench, "b", capabilities={"encoders": [AV1]}, resources=["cpu", "io"])

    bench.clock.pass_by(90)
    assert note_unserved(bench.database) == 0
    assert bench.jobs.show(job).unserved == ()


def test_a_class_of_work_that_nobody_takes_is_seen(bench: Bench) -> None:
    job = bench.submit()
    a_worker_row(bench, "a", resources=["cpu", "gpu"])

    (said,) = bench.jobs.show(job).unserved

    assert said.endswith("it needs a worker that takes io tasks")


def test_a_job_that_waits_for_its_own_process_is_not_meant(bench: Bench) -> None:
    job = bench.jobs.submit(
        [Anything()], inputs={"input": bench.an_input()}, destination=bench.destination, foreground=True
    )
    a_worker_row(bench, "a", resources=["gpu"])

    assert bench.jobs.show(job).unserved == ()
