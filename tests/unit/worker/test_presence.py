"""A worker's presence: draining is heard from the register, and taken back until the worker has gone."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from framemill.app import App, open_app
from framemill.domain.states import TaskState
from framemill.engine.identity import worker_id
from framemill.settings import Settings
from framemill.store.jobs import new_id
from framemill.store.tables import Task, Worker
from framemill.worker.presence import Presence
from tests.unit.store.rows import NOON, add_job

_PATIENCE_S = 30


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Iterator[App]:
    app = open_app(Settings(data_dir=tmp_path, heartbeat=timedelta(milliseconds=100)))
    yield app
    app.close()


def _worker(app: App, name: str, *, node: str | None = None) -> Presence:
    return Presence(app, name, engine="pool", drain=lambda: None, orphaned=lambda: False, node=node)


def _until(so: Callable[[], bool]) -> None:
    never = threading.Event()
    for _ in range(_PATIENCE_S * 50):
        if so():
            return
        never.wait(0.02)
    pytest.fail("it did not become so")


def _state(app: App, name: str) -> str:
    return {worker.id: worker.state for worker in app.workers.list(gone=True)}[name]


def test_a_worker_that_was_asked_to_drain_can_be_told_to_go_on(app: App) -> None:
    with _worker(app, "one") as presence:
        app.workers.drain(["one"])
        _until(lambda: _state(app, "one") == "draining")

        assert app.workers.undrain(["one"]) == ("one",)
        _until(lambda: _state(app, "one") == "active")
        assert (presence.draining, presence.leaves()) == (False, False)


def test_what_was_taken_back_at_the_last_moment_is_seen_before_the_worker_goes(app: App) -> None:
    presence = _worker(app, "one")
    presence._register()
    presence._asked.set()  # it has heard it, and nothing since

    assert app.workers.undrain(["one"]) == ()
    assert (presence.leaves(), presence.draining) == (False, False)


def test_a_worker_that_has_gone_cannot_be_told_to_go_on(app: App) -> None:
    with _worker(app, "one") as presence:
        app.workers.drain(["one"])
        _until(lambda: presence.draining)

        assert presence.leaves()
        assert app.workers.undrain(["one"]) == ()
        assert not presence.goes_on()
        assert _state(app, "one") == "gone"


def test_who_was_told_to_end_ends_whatever_the_register_says(app: App) -> None:
    with _worker(app, "one") as presence:
        presence.drain()
        app.workers.undrain(["one"])

        assert presence.leaves()
        assert (presence.draining, presence.told) == (True, True)


def test_who_was_asked_and_then_told_to_end_is_there_until_it_has_finished(app: App) -> None:
    with _worker(app, "one") as presence:
        app.workers.drain(["one"])
        _until(lambda: _state(app, "one") == "draining")
        with app.database.write() as session:
            session.get_one(Worker, "one").state = "unknown"
        presence.drain()

        _until(lambda: _state(app, "one") == "draining")

    assert _state(app, "one") == "gone"


def test_processes_that_end_together_wait_for_each_other_where_both_are_to_drain(app: App) -> None:
    node, job = worker_id(), add_job(app.database)
    held = Task(
        id=new_id(),
        job_id=job,
        key="a",
        kind="step",
        title="a",
        position=0,
        needs=[],
        rank=5,
        resource="cpu",
        state=TaskState.LEASED,
        lease_worker="busy",
        updated_at=NOON,
    )
    with app.database.write() as session:
        session.add(held)
    with _worker(app, "busy", node=node), _worker(app, "idle", node=node) as idle:
        app.workers.drain(["busy", "idle"])
        _until(lambda: idle.draining)

        assert not idle.leaves()
        with app.database.write() as session:
            session.get_one(Task, held.id).state = TaskState.DONE
        assert idle.leaves()
