"""A real pool: jobs run, workers are killed, nothing is lost and nothing happens twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from framemill.domain.states import JobState
from framemill.services.jobs import Jobs
from framemill.store.database import open_database
from framemill.store.tables import Task, Worker
from framemill.store.workers import GONE
from tests.chaos.trial import ROOT, Trial
from tests.e2e.conftest import make_clip

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(name="trial")
def _trial(tmp_path: Path) -> Iterator[Trial]:
    data = tmp_path / "data"
    database = open_database(f"sqlite:///{data / 'framemill.db'}")
    yield Trial(
        database=database,
        folder=tmp_path / "results",
        clip=make_clip(tmp_path / "clip.mp4", seconds=3, size="160x90"),
        env={"FRAMEMILL_DATA_DIR": str(data), "FRAMEMILL_WATCHDOG_INTERVAL": "PT1S"},
    )
    database.close()


def test_every_job_completes_though_workers_are_killed(trial: Trial) -> None:
    jobs = trial.submit(18)

    with trial.pool(workers=3):
        killed = trial.kill_some(jobs, kills=5, seed=4)
        trial.wait(jobs)

    assert killed == 5
    trial.check(jobs)
    trial.no_process_left()


def test_a_pool_that_dies_with_its_workers_loses_nothing(trial: Trial) -> None:
    jobs = trial.submit(4)
    with trial.pool(workers=2) as pool:
        _until_claimed(trial)
        pool.kill()
        pool.wait()

    with trial.pool(workers=2):
        trial.wait(jobs)

    trial.check(jobs)


def test_a_pool_that_is_told_to_stop_finishes_what_runs_and_takes_nothing_more(trial: Trial) -> None:
    jobs = trial.submit(6)
    with trial.pool(workers=1) as pool:
        _until_claimed(trial)
        os.kill(pool.pid, signal.SIGTERM)
        assert pool.wait(60) == 0

    records = [Jobs(trial.database).get(job) for job in jobs]
    assert {record.state for record in records} <= {JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED}
    assert records[-1].state is JobState.QUEUED
    with trial.database.read() as session:
        assert not session.scalars(select(Task).where(Task.lease_worker.is_not(None))).all()

    with trial.pool(workers=2):
        trial.wait(jobs)
    trial.check(jobs)


def test_a_pool_that_fails_itself_takes_its_workers_along(trial: Trial) -> None:
    broken = (
        "from framemill.app import open_app; from framemill.worker.pool import Pool\n"
        "pool = Pool(open_app(), size=1, tell=print, tick=lambda: 1 / 0)\n"
        "pool.run()"
    )

    done = subprocess.run(
        [sys.executable, "-c", broken],
        cwd=ROOT,
        env={**os.environ, **trial.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    with trial.database.read() as session:
        assert set(session.scalars(select(Worker.state))) <= {GONE}


def test_make_chaos_can_be_run(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "FRAMEMILL_TEST_CLIPS"}

    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *("--jobs", "2"), *("--kills", "1"), *("--workers", "1")],
        cwd=ROOT,
        env={**env, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "every job completed and verified" in done.stdout


def _until_claimed(trial: Trial) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with trial.database.read() as session:
            if session.scalars(select(Task.id).where(Task.lease_worker.is_not(None))).first():
                return
        time.sleep(0.02)
    raise AssertionError("no task was claimed")
