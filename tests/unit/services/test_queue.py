from datetime import timedelta

import pytest

from framemill.services.queue import Queue, Why
from framemill.services.stats import Workers
from framemill.store.jobs import tasks_of
from framemill.store.tables import Worker
from framemill.store.workers import leave
from tests.engines import Bench

pytestmark = pytest.mark.databases("memory", "postgres")


def _add_worker(bench: Bench, name: str, *, resources: tuple[str, ...] = (), **columns: object) -> None:
    with bench.database.write() as session:
        now = bench.clock()
        common = {"host": "h", "pid": 7, "version": "1", "engine": "pool", "state": "active"}
        row = Worker(
            id=name,
            resources=list(resources),
            capabilities={"encoders": ["libx264"]},
            started_at=now,
            seen_at=now,
            **{**common, **columns},
        )
        session.add(row)


def _set(bench: Bench, job: str, **columns: object) -> None:
    with bench.database.write() as session:
        (task,) = tasks_of(session, job)
        for name, value in columns.items():
            setattr(task, name, value)


def _why(bench: Bench) -> list[Why]:
    return [one.why for one in Queue(bench.database).look().next]


def test_it_says_what_each_task_waits_for(bench: Bench) -> None:
    job = bench.submit()
    found = [_why(bench)]
    _add_worker(bench, "of another class", resources=("gpu",))
    found.append(_why(bench))
    _add_worker(bench, "of any class")
    found.append(_why(bench))
    _set(bench, job, requires="h264_nvenc")
    found.append(_why(bench))
    _set(bench, job, not_before=bench.clock() + timedelta(minutes=1))
    found.append(_why(bench))

    assert found == [
        [Why.NO_WORKER],
        [Why.NO_WORKER],
        [Why.ITS_TURN],
        [Why.NO_ENCODER],
        [Why.ANOTHER_TRY],
    ]


def test_the_most_urgent_is_next_and_what_is_in_a_foreground_is_only_counted(bench: Bench) -> None:
    first, urgent, own = bench.submit(), bench.submit(), bench.submit()
    bench.jobs.set_priority(urgent, 9)
    _set(bench, own, lane="h:1:1.00")
    _add_worker(bench, "w")
    _add_worker(bench, "draining", wanted="drain")

    found = Queue(bench.database).look(limit=9)

    assert [(one.job_id, one.priority) for one in found.next] == [(urgent, 9), (first, 5)]
    assert found.foreground == 1
    assert [(kind.waiting, kind.able) for kind in found.kinds] == [(2, 1)]
    assert [(depth.priority, depth.waiting) for depth in found.priorities] == [(9, 1), (5, 2)]


def test_draining_can_be_taken_back_until_the_worker_has_gone(bench: Bench) -> None:
    for name in ("early", "late", "other"):
        _add_worker(bench, name)
    workers = Workers(bench.database)
    workers.drain(["early", "late"], actor="ann")

    def leaves(name: str) -> bool:
        with bench.database.write() as session:
            return leave(session, name, now=bench.clock())

    assert leaves("late")
    stay = workers.undrain(["early", "late", "other", "nobody"], actor="ann")

    assert stay == ("early",)
    assert not leaves("early")
    assert {worker.id: worker.asked_to_drain for worker in workers.list()} == {"early": False, "other": False}
