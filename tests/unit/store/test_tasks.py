import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from framemill.domain.states import JobState, TaskState
from framemill.engine.outcomes import new_task
from framemill.errors import LeaseLost
from framemill.store.claiming import Wanted, claim
from framemill.store.database import Database, open_database
from framemill.store.jobs import get_job, new_id, tasks_of
from framemill.store.tables import Job, Task
from framemill.store.tasks import again, extend, held, release
from framemill.store.turns import next_turn
from tests.engines import Clock

TTL = timedelta(seconds=60)
pytestmark = pytest.mark.databases("file", "postgres")


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="database")
def _database(database_url: str, clock: Clock) -> Iterator[Database]:
    database = open_database(database_url, clock=clock)
    yield database
    database.close()


def _add_job(
    database: Database,
    *,
    priority: int = 5,
    owner: str = "",
    keys: tuple[str, ...] = ("a",),
    needs: dict[str, list[str]] | None = None,
) -> str:
    with database.write() as session:
        now = database.now(session)
        job = Job(
            id=new_id(),
            kind="proxy",
            specs=[],
            inputs={},
            destination={},
            state=JobState.QUEUED,
            priority=priority,
            owner=owner,
            turn=next_turn(session, owner=owner, priority=priority),
            max_attempts=3,
            created_at=now,
            updated_at=now,
        )
        session.add(job)
        session.flush()
        for position, key in enumerate(keys):
            more = {"needs": (needs or {}).get(key, [])}
            session.add(new_task(job, key=key, kind="step", title=key, position=position, now=now, **more))
    return job.id


def _claim(database: Database, worker: str = "w") -> str | None:
    with database.write() as session:
        task = claim(session.connection(), worker=worker, now=database.now(session), ttl=TTL)
        return task.job_id if task else None


def test_the_most_urgent_job_is_claimed_first_and_the_older_of_two(database: Database) -> None:
    low, first, second, high = (_add_job(database, priority=p) for p in (1, 5, 5, 10))

    assert [_claim(database) for _ in range(5)] == [high, first, second, low, None]


def test_a_claim_starts_the_job_and_grows_the_token(database: Database, clock: Clock) -> None:
    job = _add_job(database)

    with database.write() as session:
        task = claim(session.connection(), worker="w", now=clock(), ttl=TTL)
        assert task is not None
        release(held(session, task.id, task.lease_token), TaskState.READY, now=clock())
        session.flush()
        task = claim(session.connection(), worker="w", now=clock(), ttl=TTL)

    assert task is not None
    assert (task.lease_token, task.attempt, task.lease_expires) == (2, 2, clock() + TTL)
    with database.read() as session:
        assert get_job(session, job).state == JobState.RUNNING


def test_a_task_that_waits_is_not_claimed_before_its_time(database: Database, clock: Clock) -> None:
    _add_job(database)
    with database.write() as session:
        task = claim(session.connection(), worker="w", now=clock(), ttl=TTL)
        assert task is not None
        release(
            held(session, task.id, task.lease_token),
            TaskState.READY,
            now=clock(),
            not_before=clock() + timedelta(seconds=2),
        )

    early = _claim(database)
    clock.pass_by(2)

    assert early is None
    assert _claim(database) is not None


def test_an_old_token_changes_nothing(database: Database, clock: Clock) -> None:
    job = _add_job(database)
    with database.write() as session:
        task = claim(session.connection(), worker="w", now=clock(), ttl=TTL)
        assert task is not None
        old = task.lease_token
        release(held(session, task.id, task.lease_token), TaskState.READY, now=clock())
        session.flush()
        claim(session.connection(), worker="w2", now=clock(), ttl=TTL)

    def extend_with_the_old_token() -> None:
        with database.write() as session:
            extend(session, task.id, old, progress=50.0)

    def finish_with_the_old_token() -> None:
        with database.write() as session:
            held(session, task.id, old)

    with pytest.raises(LeaseLost):
        extend_with_the_old_token()
    with pytest.raises(LeaseLost):
        finish_with_the_old_token()
    with database.read() as session:
        (row,) = tasks_of(session, job)
        assert (row.lease_worker, row.progress) == ("w2", 0.0)


def test_eight_threads_never_claim_a_task_twice(database: Database) -> None:
    jobs = [_add_job(database) for _ in range(40)]
    claimed: list[str] = []

    def work() -> None:
        while (job := _claim(database, threading.current_thread().name)) is not None:
            claimed.append(job)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(claimed) == jobs


_CLAIMER = """
import sys
from datetime import timedelta
from framemill.store.database import open_database
from framemill.store.claiming import claim
database = open_database(sys.argv[1])
while True:
    with database.write() as session:
        now, ttl = database.now(session), timedelta(seconds=60)
        task = claim(session.connection(), worker=sys.argv[2], now=now, ttl=ttl)
        if task is None:
            break
        print(task.job_id)
"""


def test_processes_never_claim_a_task_twice(database: Database, database_url: str) -> None:
    jobs = [_add_job(database) for _ in range(60)]

    claimers = [
        subprocess.Popen(
            [sys.executable, "-c", _CLAIMER, database_url, f"w{n}"], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    claimed = [job for claimer in claimers for job in claimer.communicate()[0].split()]

    assert [claimer.returncode for claimer in claimers] == [0, 0, 0]
    assert sorted(claimed) == jobs


def test_work_that_is_made_again_takes_along_what_needs_it(database: Database, clock: Clock) -> None:
    job = _add_job(database, keys=("a", "b", "c", "d"), needs={"b": ["a"], "c": ["b"]})
    with database.write() as session:
        tasks = tasks_of(session, job)
        for task in tasks:
            task.state = TaskState.DONE
        again(tasks, {"b"}, now=clock())

    assert [task.state for task in tasks] == ["done", "ready", "blocked", "done"]


def test_owners_take_turns(database: Database) -> None:
    jobs = [_add_job(database, owner=owner) for owner in ("a", "a", "a", "b", "c", "b")]

    claimed = [_claim(database) for _ in jobs]

    assert claimed == [jobs[n] for n in (0, 3, 4, 1, 5, 2)]


def test_what_a_worker_lacks_is_left_to_others(database: Database, clock: Clock) -> None:
    _add_job(database)
    with database.write() as session:
        session.execute(update(Task).values(requires="av1_nvenc", resource="gpu"))

    for wanted in (Wanted(lacks=("av1_nvenc",)), Wanted(resources=("cpu", "io"))):
        with database.write() as session:
            assert claim(session.connection(), worker="w", now=clock(), ttl=TTL, wanted=wanted) is None
    with database.write() as session:
        assert (
            claim(session.connection(), worker="w", now=clock(), ttl=TTL, wanted=Wanted(resources=("gpu",)))
            is not None
        )
