"""A real pool on a real PostgreSQL whose connections are cut while jobs run."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from framemill.store.database import open_database
from framemill.store.tables import Worker
from tests.chaos.trial import Trial
from tests.e2e.conftest import make_clip

_CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'framemill' AND datname = current_database()
"""
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.integration]


@pytest.fixture(name="trial")
def _trial(tmp_path: Path, own_postgres_url: str) -> Iterator[Trial]:
    database = open_database(own_postgres_url)
    yield Trial(
        database=database,
        folder=tmp_path / "results",
        clip=make_clip(tmp_path / "clip.mp4", seconds=3, size="160x90"),
        env={
            "FRAMEMILL_DATA_DIR": str(tmp_path / "data"),
            "FRAMEMILL_DATABASE_URL": own_postgres_url,
            "FRAMEMILL_WATCHDOG_INTERVAL": "PT1S",
        },
    )
    database.close()


def test_every_job_completes_though_connections_are_cut_and_workers_killed(
    trial: Trial, own_postgres_url: str
) -> None:
    jobs = trial.submit(9)

    with trial.pool(workers=2) as pool:
        cut = _cut_connections(trial, jobs, own_postgres_url, times=8)
        killed = trial.kill_some(jobs, kills=1, seed=7)
        trial.wait(jobs)
        assert pool.poll() is None

    assert (cut, killed) == (8, 1)
    with trial.database.read() as session:
        workers = session.scalars(select(Worker)).all()
    # No worker ended of it: only the killed one was replaced.
    assert len(workers) == 2 + killed
    trial.check(jobs)
    trial.no_process_left()


def _cut_connections(trial: Trial, jobs: list[str], url: str, *, times: int) -> int:
    """Cut all connections of the pool again and again, each time that it has claimed something."""
    cut, claims = 0, 0
    with psycopg.connect(url, autocommit=True) as other:
        while cut < times and not trial.all_ended(jobs):
            (now,) = other.execute("SELECT sum(lease_token) FROM tasks").fetchone() or (0,)
            if now > claims:
                other.execute(_CUT)
                cut, claims = cut + 1, now
            time.sleep(0.05)
    return cut
