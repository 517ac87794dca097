"""Pausing, resuming, hurrying and cleaning away jobs, on workers that were never there."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes
from framemill.engine.identity import host, worker_id
from framemill.engine.places import PLAIN
from framemill.engine.reaping import Reaper
from framemill.engine.recovery import reopen
from framemill.errors import IllegalTransition, InvalidSpec, JobNotFound
from framemill.store.claiming import claim
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Artifact, AuditEvent, Job, JobLog, Task
from tests.engines import Anything, Bench, a_copy, a_plan

pytestmark = pytest.mark.databases("memory", "postgres")

DEAD = f"{host()}:999999:1.00"
TTL = timedelta(seconds=60)
NO_WAIT = timedelta(0)


def _claimed(bench: Bench, worker: str | None = None) -> Task | None:
    with bench.database.write() as session:
        return claim(session.connection(), worker=worker or worker_id(), now=bench.clock(), ttl=TTL)


def _states(bench: Bench, job: str) -> dict[str, str]:
    with bench.database.read() as session:
        return {task.key: task.state for task in tasks_of(session, job)}


def _plan_it(bench: Bench, *keys: str) -> Task:
    """Claim the plan task and finish it with a copy for each key; returns the claim of the first copy."""
    task = _claimed(bench)
    assert task is not None
    steps = [a_copy(key, publish=f"{key}.txt") for key in keys]
    outcomes.planned(bench.database, task, a_plan(*steps), {"input": "d"})
    first = _claimed(bench)
    assert first is not None
    return first


def _done(bench: Bench, task: Task) -> None:
    result = {"scratch": "x", "outputs": {}, "commands": []}
    outcomes.step_done(bench.database, task, result, wall_ms=1, cpu_ms=1, peak_memory_bytes=1)


def test_a_queued_job_that_is_paused_is_not_claimed_until_it_is_resumed(bench: Bench) -> None:
    job = bench.submit()

    bench.jobs.pause(job)
    paused = bench.jobs.get(job).state
    nobody = _claimed(bench)
    bench.jobs.resume(job)

    assert (paused, nobody) == (JobState.PAUSED, None)
    assert bench.jobs.get(job).state is JobState.QUEUED
    assert _claimed(bench) is not None
    assert bench.jobs.get(job).state is JobState.RUNNING


def test_pausing_and_resuming_twice_changes_nothing_more(bench: Bench) -> None:
    job = bench.submit()

    for _ in range(2):
        bench.jobs.pause(job)
    for _ in range(2):
        bench.jobs.resume(job)

    assert [entry.message for entry in bench.jobs.logs(job)] == ["submitted: proxy", "paused", "resumed"]


def test_a_plan_that_is_made_while_paused_waits(bench: Bench) -> None:
    job = bench.submit()
    task = _claimed(bench)
    assert task is not None
    bench.jobs.pause(job)

    woken = outcomes.planned(bench.database, task, a_plan(a_copy("a"), a_copy("b")), {"input": "d"})

    assert woken == []
    assert _states(bench, job) == {"plan": "done", "a": "blocked", "b": "blocked", "publish": "blocked"}
    assert _claimed(bench) is None
    bench.jobs.resume(job)
    assert _states(bench, job) == {"plan": "done", "a": "ready", "b": "ready", "publish": "blocked"}


def test_what_a_step_frees_while_paused_waits(bench: Bench) -> None:
    job = bench.submit()
    step = _plan_it(bench, "a")
    bench.jobs.pause(job)

    _done(bench, step)

    assert _states(bench, job)["publish"] == TaskState.BLOCKED
    bench.jobs.resume(job)
    assert _states(bench, job)["publish"] == TaskState.READY


def test_a_task_that_is_put_back_while_paused_waits_and_keeps_its_time(bench: Bench) -> None:
    job = bench.submit()
    step = _plan_it(bench, "a")
    bench.jobs.pause(job)

    woken = outcomes.put_back(bench.database, step, {"message": "m"}, wait=timedelta(seconds=30))
    bench.jobs.resume(job)

    assert woken == []
    assert _claimed(bench) is None
    bench.clock.pass_by(30)
    assert _claimed(bench) is not None


def test_a_worker_that_dies_while_its_job_is_paused_leaves_it_paused(bench: Bench) -> None:
    job = bench.submit()
    _claimed(bench, DEAD)
    bench.jobs.pause(job)

    assert Reaper(database=bench.database, dispatcher=_Deaf(), spread=lambda: 0.0).reap() == 1

    assert bench.jobs.get(job).state is JobState.PAUSED
    assert _states(bench, job) == {"plan": "blocked"}
    bench.jobs.resume(job)
    bench.clock.pass_by(10)
    assert _claimed(bench) is not None


def test_a_paused_job_whose_task_is_held_runs_on_where_it_is_resumed(bench: Bench) -> None:
    job = bench.submit()
    _claimed(bench)

    bench.jobs.pause(job)
    bench.jobs.resume(job)

    assert bench.jobs.get(job).state is JobState.RUNNING
    assert _states(bench, job) == {"plan": "leased"}


def test_a_paused_job_can_be_cancelled(bench: Bench) -> None:
    job = bench.submit()
    bench.jobs.pause(job)

    bench.jobs.cancel(job)

    assert bench.jobs.get(job).state is JobState.CANCELLED
    with pytest.raises(IllegalTransition, match="retry"):
        bench.jobs.resume(job)


def test_a_job_that_has_ended_is_neither_paused_nor_hurried(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job)

    with pytest.raises(IllegalTransition):
        bench.jobs.pause(job)
    with pytest.raises(IllegalTransition, match="has ended"):
        bench.jobs.set_priority(job, 9)


def test_taking_over_a_paused_job_does_not_let_it_run(bench: Bench) -> None:
    job = bench.submit()
    _claimed(bench, DEAD)
    bench.jobs.pause(job)
    from framemill.engine.recovery import take_over

    take_over(bench.database, job)

    assert bench.jobs.get(job).state is JobState.PAUSED
    assert _states(bench, job) == {"plan": "blocked"}


def test_a_retry_lets_a_paused_job_go_on(bench: Bench) -> None:
    job = bench.submit()
    bench.jobs.pause(job)

    reopen(bench.database, job)

    assert bench.jobs.get(job).state is JobState.QUEUED
    assert _claimed(bench) is not None


def test_standing_still_is_no_processing_time(bench: Bench) -> None:
    job = bench.submit()
    step = _plan_it(bench, "a")
    bench.clock.pass_by(5)
    bench.jobs.pause(job)
    bench.clock.pass_by(3600)
    bench.jobs.resume(job)
    bench.clock.pass_by(2)

    _done(bench, step)
    last = _claimed(bench)
    assert last is not None
    outcomes.published(bench.database, last, [])

    assert bench.jobs.get(job).processing_ms == 7000


def test_a_job_that_is_hurried_is_claimed_next(bench: Bench) -> None:
    first, second = bench.submit(), bench.submit()

    bench.jobs.set_priority(second, 9)

    claimed = [task.job_id for task in (_claimed(bench), _claimed(bench)) if task]
    assert claimed == [second, first]
    assert bench.jobs.get(second).priority == 9


def test_the_steps_of_a_job_that_was_hurried_are_urgent_too(bench: Bench) -> None:
    job, other = bench.submit(), bench.submit()
    _plan_it(bench, "a", "b")
    bench.jobs.set_priority(other, 10)

    claimed = [task.job_id for task in (_claimed(bench), _claimed(bench)) if task]

    assert claimed == [other, job]


@pytest.mark.parametrize("priority", [0, 11])
def test_a_priority_out_of_range_is_refused(bench: Bench, priority: int) -> None:
    job = bench.submit()

    with pytest.raises(InvalidSpec, match="between 1 and 10"):
        bench.jobs.set_priority(job, priority)


def test_cleaning_forgets_what_ended_long_ago_and_keeps_the_results(bench: Bench) -> None:
    old = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(old)
    bench.clock.pass_by(3600)
    waiting = bench.submit(overwrite=True)

    would = bench.jobs.clean(older_than=timedelta(minutes=5), dry=True)
    done = bench.jobs.clean(older_than=timedelta(minutes=5))

    assert (would, done) == (1, 1)
    assert [job.id for job in bench.jobs.list()] == [waiting]
    with pytest.raises(JobNotFound):
        bench.jobs.get(old)
    assert bench.left_over() == ["copy.txt"]
    with bench.database.read() as session:
        left = [session.scalars(select(table)).all() for table in (Artifact, Task, JobLog)]
        assert [len(rows) for rows in left] == [0, 1, 1]
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "jobs.cleaned"))
    assert event.data == {"jobs": [old]}


def test_cleaning_can_be_of_some_states_only_and_only_of_ends(bench: Bench) -> None:
    done, cancelled = bench.submit(), bench.submit()
    bench.jobs.cancel(cancelled)
    bench.worker(a_plan(a_copy())).run_job(done)
    bench.clock.pass_by(1)

    assert bench.jobs.clean(older_than=NO_WAIT, states=[JobState.CANCELLED]) == 1

    assert [job.id for job in bench.jobs.list()] == [done]
    with pytest.raises(InvalidSpec, match="ended"):
        bench.jobs.clean(older_than=NO_WAIT, states=[JobState.RUNNING])


def test_cleaning_many_takes_several_rounds_and_spares_what_a_worker_still_holds(bench: Bench) -> None:
    held = bench.submit()
    _claimed(bench)
    for job in (held, *(bench.submit() for _ in range(5))):
        bench.jobs.cancel(job)
    bench.clock.pass_by(1)
    from framemill.engine.controls import clean

    assert clean(bench.database, older_than=NO_WAIT, states=(), actor="", at_once=2) == 5

    assert [job.id for job in bench.jobs.list()] == [held]


def test_what_was_kept_for_a_retry_goes_with_the_job(bench: Bench) -> None:
    job = bench.submit()
    step = _plan_it(bench, "a")
    with bench.database.read() as session:
        place = PLAIN.of(get_job(session, job))
    place.create()
    outcomes.failed(bench.database, step, {"code": "timeout", "message": "m"})
    bench.clock.pass_by(1)

    bench.jobs.clean(older_than=NO_WAIT)

    assert not bench.destination.exists()


def test_a_request_under_a_known_key_gives_the_same_job(bench: Bench) -> None:
    source = bench.an_input()

    def submit(owner: str = "", *, op: str = "proxy") -> str:
        return bench.jobs.submit(
            [Anything(op=op)],
            inputs={"input": source},
            destination=bench.destination,
            idempotency_key="k",
            owner=owner,
        )

    first = submit()
    bench.jobs.set_priority(first, 9)
    source.unlink()

    assert submit() == first
    assert len(bench.jobs.list()) == 1
    bench.an_input()
    assert submit("somebody else") != first
    from framemill.errors import IdempotencyConflict

    with pytest.raises(IdempotencyConflict, match=first) as caught:
        submit(op="gif")
    assert caught.value.code == "idempotency_conflict"


class _Deaf:
    def nudge(self, wakes: object) -> None:
        """Nobody listens."""


def test_the_audit_names_who_did_it(bench: Bench) -> None:
    job = bench.submit()
    bench.jobs.pause(job, actor="ann")
    bench.jobs.resume(job, actor="bob")

    with bench.database.read() as session:
        found = session.execute(select(AuditEvent.action, AuditEvent.actor).order_by(AuditEvent.id)).all()
        turn = session.scalars(select(Job.turn)).one()

    assert [tuple(row) for row in found] == [("job.paused", "ann"), ("job.resumed", "bob")]
    assert turn == 0
