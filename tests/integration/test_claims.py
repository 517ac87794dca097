"""Many processes on one PostgreSQL: no task twice, none lost, and nobody waits in a circle."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from framemill.domain.states import JobState, TaskState
from framemill.engine import endings, outcomes
from framemill.errors import DatabaseUnavailable
from framemill.store.claiming import claim
from framemill.store.database import Database, open_database
from framemill.store.jobs import get_job, new_id
from framemill.store.tables import Job, Task

pytestmark = pytest.mark.integration

_PROCESSES = 8
# Forks after the imports, which cost more than all the work does.
_WORKERS = """
import os, sys
from datetime import timedelta
from framemill.domain.states import TaskState
from framemill.engine import claims, outcomes
from framemill.engine.events import Silence
from framemill.engine.heartbeat import Heartbeat
from framemill.errors import Cancelled
from framemill.store.database import open_database
from framemill.store.tables import Task
from framemill.store.claiming import claim
from sqlalchemy import exists, select

TTL = timedelta(seconds=60)
url, processes = sys.argv[1], int(sys.argv[2])

def work(name):
    database = open_database(url)
    while True:
        with database.at_once() as connection:
            task = claim(connection, worker=name, now=database.own_time(), ttl=TTL)
        if task is None:
            with database.read() as session:
                if not session.scalar(select(exists().where(Task.state == TaskState.READY))):
                    return
            continue
        os.write(1, f"{task.id}\\n".encode())  # one write: other processes have the same pipe
        hold = Heartbeat(database, task, ttl=TTL, every=TTL, sink=Silence())
        hold.report(50.0, 1.0, 1)
        hold.beat()
        try:
            hold.check()
            outcomes.step_done(database, task, {}, wall_ms=1, cpu_ms=1, peak_memory_bytes=1)
        except Cancelled:
            claims.let_go(database, task)

children = []
for number in range(processes):
    child = os.fork()
    if not child:
        work(f"w{number}")
        os._exit(0)
    children.append(child)
sys.exit(max(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.fixture(name="database")
def _database(own_postgres_url: str) -> Iterator[Database]:
    database = open_database(own_postgres_url)
    yield database
    database.close()


def _add_job(database: Database, *, steps: int) -> str:
    with database.write() as session:
        now = database.now(session)
        job = Job(
            id=new_id(),
            kind="proxy",
            specs=[],
            inputs={},
            destination={},
            state=JobState.QUEUED,
            priority=5,
            max_attempts=3,
            created_at=now,
            updated_at=now,
        )
        session.add(job)
        session.flush()
        session.add_all(
            outcomes.new_task(job, key=f"s{n}", kind="step", title=f"s{n}", position=n, now=now)
            for n in range(steps)
        )
    return job.id


def test_eight_processes_share_the_work_while_jobs_are_cancelled(
    database: Database, own_postgres_url: str, tmp_path: Path
) -> None:
    jobs = [_add_job(database, steps=4) for _ in range(40)]

    complaints = tmp_path / "complaints"
    with complaints.open("w") as stderr:
        workers = subprocess.Popen(
            [sys.executable, "-c", _WORKERS, own_postgres_url, str(_PROCESSES)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    # Right when they begin, in the order in which they claim: that is when both want the same rows.
    assert workers.stdout is not None
    claimed = [workers.stdout.readline().strip()]
    for job_id in jobs[1::2]:
        with database.write(durable=True) as session:
            job = get_job(session, job_id, lock=True)
            endings.cancel_job(session, job, now=database.now(session))
    claimed += workers.stdout.read().split()
    workers.stdout.close()

    assert (workers.wait(), complaints.read_text()) == (0, "")
    assert [task for task, times in Counter(claimed).items() if times > 1] == []
    with database.read() as session:
        tasks = session.scalars(select(Task)).all()
        states = {job.id: job.state for job in session.scalars(select(Job))}
        deadlocks = session.scalar(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    kept = set(jobs[0::2])
    assert {task.state for task in tasks if task.job_id in kept} == {TaskState.DONE}
    assert {task.state for task in tasks if task.job_id not in kept} <= {TaskState.DONE, TaskState.CANCELLED}
    assert {task.id for task in tasks if task.job_id in kept} <= set(claimed)
    assert {task.attempt for task in tasks if task.job_id in kept} == {1}
    assert {states[job] for job in kept} == {JobState.RUNNING}
    assert {states[job] for job in set(jobs) - kept} == {JobState.CANCELLED}
    assert deadlocks == 0


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_a_claim_never_waits_for_a_job_that_somebody_is_changing(database: Database, state: JobState) -> None:
    job_id = _add_job(database, steps=3)
    if state is JobState.RUNNING:
        assert _claim(database) is not None

    with database.write() as session:
        get_job(session, job_id, lock=True)
        meanwhile = _claim(database)
    afterwards = _claim(database)

    # A first task cannot be taken without saying that the job runs; it is taken a moment later.
    assert (meanwhile is None) is (state is JobState.QUEUED)
    assert afterwards is not None
    assert (afterwards.attempt, afterwards.state) == (1, TaskState.LEASED)
    with database.read() as session:
        assert get_job(session, job_id).state == JobState.RUNNING


def test_a_lease_is_counted_by_the_servers_clock(database: Database) -> None:
    _add_job(database, steps=1)

    before, task, after = _servers_time(database), _claim(database), _servers_time(database)

    assert task is not None
    assert task.lease_expires is not None
    assert before <= task.updated_at <= after
    assert task.lease_expires - task.updated_at == timedelta(seconds=60)


def test_the_time_in_a_transaction_goes_on_as_the_servers_does(database: Database) -> None:
    with database.write() as session:
        first = database.now(session)
        session.execute(text("SELECT pg_sleep(0.2)"))
        then = database.now(session)
        servers = session.scalar(text("SELECT clock_timestamp()"))

    assert then - first >= timedelta(seconds=0.2)
    assert first <= then <= servers


def test_a_claim_on_a_lost_connection_says_that_nobody_knows_and_the_next_one_works(
    database: Database,
) -> None:
    _add_job(database, steps=1)

    with pytest.raises(DatabaseUnavailable) as caught:
        _claim_cut_off(database)

    assert not caught.value.undone
    assert _claim(database) is not None


def _servers_time(database: Database) -> datetime:
    with database.read() as session:
        found: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found


def _claim_cut_off(database: Database) -> None:
    with database.at_once() as connection:
        mine = connection.connection.driver_connection
        assert isinstance(mine, psycopg.Connection)
        with database.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine.info.backend_pid})
        claim(connection, worker="w", now=None, ttl=timedelta(seconds=60))


def _claim(database: Database) -> Task | None:
    with database.at_once() as connection:
        return claim(connection, worker="w", now=database.own_time(), ttl=timedelta(seconds=60))
