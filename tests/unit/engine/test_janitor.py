"""The janitor, on jobs that nobody works on."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes
from framemill.engine.dispatch import Wake
from framemill.engine.identity import worker_id
from framemill.engine.janitor import Chore, Janitor, Tidied
from framemill.engine.places import PLAIN
from framemill.store.claiming import claim
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import AuditEvent, Task, Worker
from framemill.store.workers import ACTIVE, GONE
from tests.engines import Bench, a_copy, a_plan

pytestmark = pytest.mark.databases("memory", "postgres")

HOUR = 3600


class Heard:
    """Keeps every nudge."""

    def __init__(self) -> None:
        self.wakes: list[Wake] = []

    def nudge(self, wakes: Sequence[Wake]) -> None:
        self.wakes += wakes


def _janitor(bench: Bench, *, keep: timedelta | None = timedelta(days=30)) -> tuple[Janitor, Heard]:
    heard = Heard()
    return Janitor(database=bench.database, dispatcher=heard, spread=lambda: 0.0, keep_jobs=keep), heard


def _claimed(bench: Bench) -> Task:
    with bench.database.write() as session:
        task = claim(session.connection(), worker=worker_id(), now=bench.clock(), ttl=timedelta(days=9))
    assert task is not None
    return task


def _task(bench: Bench, job: str) -> Task:
    with bench.database.read() as session:
        return tasks_of(session, job)[0]


def _audited(bench: Bench) -> list[str]:
    with bench.database.read() as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_a_job_without_progress_for_long_is_taken_from_its_worker(bench: Bench) -> None:
    job = bench.submit()
    _claimed(bench)
    janitor, heard = _janitor(bench)

    bench.clock.pass_by(4 * HOUR - 1)
    early = janitor.tidy().stuck
    bench.clock.pass_by(2)
    late = janitor.tidy().stuck

    assert (early, late) == (0, 1)
    task = _task(bench, job)
    assert (task.state, task.attempt) == (TaskState.READY, 1)
    assert task.error is not None
    assert task.error["code"] == "timeout"
    assert [wake.task_id for wake in heard.wakes] == [task.id]
    assert "taken from its worker" in bench.jobs.logs(job)[-1].message
    assert _audited(bench) == ["job.unstuck"]
    assert janitor.total.stuck == 1


def test_a_job_that_got_stuck_too_often_fails(bench: Bench) -> None:
    job = bench.submit()
    janitor, _ = _janitor(bench)

    for _ in range(3):
        _claimed(bench)
        bench.clock.pass_by(5 * HOUR)
        janitor.tidy()
        bench.clock.pass_by(10)

    record = bench.jobs.get(job)
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error["code"] == "timeout"


def test_a_paused_job_and_one_that_waits_its_turn_are_not_stuck(bench: Bench) -> None:
    paused, waiting = bench.submit(), bench.submit()
    for task in [_claimed(bench), _claimed(bench)]:
        outcomes.planned(bench.database, task, a_plan(a_copy("a")), {"input": "d"})
    bench.jobs.pause(paused)
    bench.clock.pass_by(9 * HOUR)

    assert _janitor(bench)[0].tidy().stuck == 0

    assert bench.jobs.get(waiting).state is JobState.RUNNING


def test_a_job_of_which_nothing_is_ready_is_set_going(bench: Bench) -> None:
    job = bench.submit()
    outcomes.planned(bench.database, _claimed(bench), a_plan(a_copy("a")), {"input": "d"})
    with bench.database.write() as session:  # what no path of ours does
        session.execute(update(Task).where(Task.state == TaskState.READY).values(state=TaskState.BLOCKED))
    bench.clock.pass_by(5 * HOUR)
    janitor, heard = _janitor(bench)

    assert janitor.tidy().stuck == 1

    assert len(heard.wakes) == 1
    assert bench.jobs.get(job).state is JobState.RUNNING


def test_a_job_that_cannot_go_on_fails_with_a_reason(bench: Bench) -> None:
    job = bench.submit()
    outcomes.planned(bench.database, _claimed(bench), a_plan(a_copy("a")), {"input": "d"})
    with bench.database.write() as session:
        session.execute(update(Task).values(state=TaskState.DONE))
    bench.clock.pass_by(5 * HOUR)

    _janitor(bench)[0].tidy()

    assert bench.jobs.get(job).state is JobState.FAILED


def test_old_jobs_are_forgotten_once_an_hour_unless_they_are_kept_for_ever(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job)
    keeping, _ = _janitor(bench, keep=None)
    janitor, _ = _janitor(bench)
    janitor.tidy()
    bench.clock.pass_by(30 * 24 * HOUR)

    assert keeping.tidy() == Tidied()
    assert janitor.tidy().jobs == 0  # 30 days to the second
    bench.clock.pass_by(HOUR)
    assert janitor.tidy().jobs == 1

    assert bench.jobs.list() == ()
    assert bench.left_over() == ["copy.txt"]


def test_workers_are_remembered_for_a_week(bench: Bench) -> None:
    def add(name: str, state: str) -> None:
        with bench.database.write() as session:
            now = bench.clock()
            common = {"host": "h", "pid": 1, "version": "1", "engine": "pool", "resources": []}
            session.add(Worker(id=name, state=state, capabilities={}, started_at=now, seen_at=now, **common))

    add("old", GONE)
    add("there", ACTIVE)
    bench.clock.pass_by(7 * 24 * HOUR + 1)
    add("new", GONE)

    assert _janitor(bench)[0].tidy().workers == 1

    with bench.database.read() as session:
        assert set(session.scalars(select(Worker.id))) == {"there", "new"}
    assert _audited(bench) == ["workers.forgotten"]


def test_a_working_folder_that_was_left_behind_goes_but_not_one_kept_for_a_retry(bench: Bench) -> None:
    orphan, kept = bench.submit(), bench.submit()
    for code in ("tool_failed", "timeout"):
        outcomes.failed(bench.database, _claimed(bench), {"code": code, "message": "m"})
    places = []
    for job in (orphan, kept):
        with bench.database.read() as session:
            places.append(PLAIN.of(get_job(session, job)))
        places[-1].create()
    janitor, _ = _janitor(bench)

    first = janitor.tidy().folders
    bench.clock.pass_by(HOUR)
    second = janitor.tidy().folders
    bench.clock.pass_by(HOUR)
    third = janitor.tidy().folders

    assert (first, second, third) == (0, 1, 0)  # not before whoever ended it may be done clearing up
    assert [place.root.exists() for place in places] == [False, True]
    assert _audited(bench) == ["folder.removed"]


def test_chores_are_done_when_they_are_due_and_one_that_fails_stops_no_other(bench: Bench) -> None:
    done: list[str] = []

    def fail() -> int:
        done.append("fail")
        raise OSError("the store is away")

    def work() -> int:
        done.append("work")
        return 2

    janitor, _ = _janitor(bench)
    janitor.chores = (
        Chore(name="failing", every=timedelta(minutes=1), do=fail),
        Chore(name="working", every=timedelta(hours=1), do=work),
        Chore(name="idle", every=timedelta(hours=1), do=lambda: 0),
    )

    with pytest.raises(OSError, match="is away"):
        janitor.tidy()
    early = janitor.tidy()
    bench.clock.pass_by(60)
    with pytest.raises(OSError, match="is away"):
        janitor.tidy()
    janitor.chores = janitor.chores[1:]
    bench.clock.pass_by(HOUR)
    late = janitor.tidy()

    assert done == ["fail", "work", "fail", "work"]
    assert (early.chores, late.chores) == ({}, {"working": 2})
    assert janitor.total.chores == {"working": 4}
