import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from framemill.domain.sources import Url
from framemill.domain.states import JobState, TaskState
from framemill.domain.uploads import Limits
from framemill.engine.identity import worker_id
from framemill.errors import IllegalTransition, InvalidSpec, JobNotFound
from framemill.operations.registry import load_spec
from framemill.services.jobs import Jobs
from framemill.services.order_records import Sent, Wanted
from framemill.services.order_watch import OrderWatch
from framemill.services.orders import Orders, Placed
from framemill.services.video_jobs import VideoJobs
from framemill.store.database import Database, open_database
from framemill.store.jobs import get_job, tasks_of
from tests.engines import Clock

both = pytest.mark.databases("memory", "postgres")

_FILM = b"\0\0\0\x10ftypisom" + bytes(100)
_HELD = timedelta(seconds=60)
_KEEP = timedelta(hours=1)


class Counter:
    """Where orders are taken, at a time that a test says."""

    def __init__(self, folder: Path, url: str) -> None:
        self.clock = Clock()
        self.database: Database = open_database(url, clock=self.clock)
        self.jobs = Jobs(self.database)
        self.folder = folder / "orders"
        self.orders = Orders(
            self.database,
            self.jobs,
            VideoJobs(self.database, self.jobs),
            folder=self.folder,
            blobs=_no_store,
            judge=lambda _: None,
            limits=Limits(max_bytes=1000, types=("mp4",)),
        )
        self.watch = OrderWatch(self.database, self.orders, keep=_KEEP)

    def place(self, *, detached: bool = False) -> Placed:
        """An order whose file is still to come."""
        wanted = Wanted(
            spec=load_spec({"op": "trim", "start": 1}),
            inputs={"input": Sent(filename="film.mp4")},
            detached=detached,
            owner="bob",
        )
        return self.orders.place(wanted, held_for=_HELD)

    def accepted(self, *, detached: bool = False) -> str:
        """An order whose job is queued."""
        placed = self.place(detached=detached)
        placed.receivers["input"].take(0, _FILM, last=True)
        self.orders.accept(placed)
        return placed.id

    def ends(self, job_id: str, state: JobState) -> None:
        """The job ends so, now."""
        with self.database.write() as session:
            job = get_job(session, job_id)
            job.state, job.finished_at = state, self.clock()
            for task in tasks_of(session, job_id):
                task.state = TaskState.DONE

    def is_there(self, order_id: str) -> bool:
        """True while the order has a row; its folder goes with it."""
        try:
            self.orders.get(order_id)
        except JobNotFound:
            assert not (self.folder / order_id).exists()
            return False
        return True


def _no_store() -> NoReturn:
    raise AssertionError("nothing of this is stored")


@pytest.fixture(name="counter")
def _counter(tmp_path: Path, database_url: str) -> Iterator[Counter]:
    counter = Counter(tmp_path, database_url)
    yield counter
    counter.database.close()


@both
def test_an_order_bears_the_id_of_its_job(counter: Counter) -> None:
    job = counter.accepted()

    assert counter.jobs.get(job).owner == "bob"
    assert counter.orders.look([job])[job].state is JobState.QUEUED


@both
def test_an_order_is_given_up_when_nobody_holds_it_any_more(counter: Counter) -> None:
    job = counter.accepted()
    counter.clock.pass_by(59)
    assert counter.watch.tidy() == 0

    counter.clock.pass_by(2)

    assert (counter.watch.tidy(), counter.watch.tidy()) == (1, 1)
    assert counter.jobs.get(job).state is JobState.CANCELLED
    assert not counter.is_there(job)


def test_who_holds_it_on_keeps_it(counter: Counter) -> None:
    job = counter.accepted()
    counter.clock.pass_by(59)
    counter.orders.hold([job], held_for=_HELD)
    counter.clock.pass_by(59)

    assert counter.watch.tidy() == 0
    assert counter.jobs.get(job).state is JobState.QUEUED


def test_a_detached_order_stays_for_a_while_after_its_end(counter: Counter) -> None:
    job = counter.accepted(detached=True)
    counter.clock.pass_by(10_000)
    assert counter.watch.tidy() == 0
    counter.ends(job, JobState.COMPLETED)
    counter.clock.pass_by(3599)
    assert counter.watch.tidy() == 0

    counter.clock.pass_by(2)

    assert counter.watch.tidy() == 1
    assert not counter.is_there(job)
    assert counter.jobs.get(job).state is JobState.COMPLETED


def test_an_upload_that_broke_off_is_removed_detached_or_not(counter: Counter) -> None:
    placed = counter.place(detached=True)
    counter.clock.pass_by(61)

    assert counter.watch.tidy() == 1
    assert not counter.is_there(placed.id)
    placed.close()


def test_the_files_of_a_cancelled_job_stay_until_its_worker_has_let_go(counter: Counter) -> None:
    job = counter.accepted()
    with counter.database.write() as session:
        (task,) = tasks_of(session, job)
        task.state, task.lease_worker = TaskState.LEASED, worker_id()
        task.lease_expires = counter.clock() + timedelta(hours=1)
    counter.clock.pass_by(61)
    assert counter.watch.tidy() == 1
    assert counter.watch.tidy() == 0
    assert counter.is_there(job)

    counter.ends(job, JobState.CANCELLED)

    assert counter.watch.tidy() == 1
    assert not counter.is_there(job)


def test_an_order_that_is_given_up_while_its_job_is_submitted_is_cancelled(counter: Counter) -> None:
    wanted = Wanted(
        spec=load_spec({"op": "trim", "start": 1}), inputs={"input": Url("https://example.com/f")}
    )
    placed = counter.orders.place(wanted, held_for=_HELD)
    counter.orders.cancel(placed.id, actor="bob")
    assert counter.watch.tidy() == 1

    counter.orders.accept(placed)

    assert counter.jobs.get(placed.id).state is JobState.CANCELLED
    assert not counter.is_there(placed.id)


def test_only_the_server_may_look_into_the_folder_of_an_order(counter: Counter) -> None:
    placed = counter.place()

    assert (counter.folder / placed.id).stat().st_mode & 0o077 == 0
    placed.close()


def test_what_has_not_ended_is_not_released(counter: Counter) -> None:
    job = counter.accepted()

    with pytest.raises(IllegalTransition):
        counter.orders.release(job)

    counter.ends(job, JobState.COMPLETED)
    counter.orders.release(job)
    assert not counter.is_there(job)


def test_a_spec_names_inputs_and_never_files(counter: Counter) -> None:
    spec = load_spec({"op": "replace_audio", "audio": "/etc/passwd"})
    wanted = Wanted(spec=spec, inputs={"input": Sent(filename="film.mp4")})

    with pytest.raises(InvalidSpec, match="there is no input called '/etc/passwd'"):
        counter.orders.place(wanted, held_for=_HELD)

    assert not counter.folder.exists()


@both
def test_the_pace_of_the_step_at_work_is_seen(counter: Counter) -> None:
    job = counter.accepted()
    with counter.database.write() as session:
        (task,) = tasks_of(session, job)
        task.state, task.speed, task.fps, task.eta_ms = TaskState.LEASED, 2.0, 50.0, 1500

    look = counter.orders.look([job])[job]

    assert (look.fps, look.speed, look.eta_ms) == (50.0, 2.0, 1500)


def test_folders_that_no_order_has_are_swept_when_they_are_old(counter: Counter) -> None:
    job = counter.accepted()
    stray = counter.folder / "01990000-0000-7000-8000-000000000000"
    stray.mkdir()
    assert counter.watch.sweep() == 0
    for folder in (stray, counter.folder / job):
        os.utime(folder, (0, 0))

    assert counter.watch.sweep() == 1
    assert [path.name for path in counter.folder.iterdir()] == [job]
