"""A job that others run, seen from its rows."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from framemill.cli.following import follow
from framemill.cli.progress import InLines
from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes
from framemill.engine.events import Event, JobChanged, Progress, TaskChanged
from framemill.engine.identity import worker_id
from framemill.errors import JobNotFound
from framemill.store.claiming import claim
from framemill.store.tables import Task
from framemill.store.tasks import extend
from tests.engines import Bench, a_copy, a_plan


def _claimed(bench: Bench) -> Task:
    with bench.database.write() as session:
        task = claim(session.connection(), worker=worker_id(), now=bench.clock(), ttl=timedelta(minutes=1))
    assert task is not None
    return task


def _followed(bench: Bench, job: str, *meanwhile: Callable[[], object]) -> list[Event]:
    """What is told while these things happen, one between two looks."""
    told: list[Event] = []
    steps = iter(meanwhile)
    follow(bench.jobs, job, told.append, wait=lambda _s: next(steps)())
    return told


def test_every_change_is_told_until_the_job_ends(bench: Bench) -> None:
    job = bench.submit()
    held: list[Task] = []

    def progress() -> None:
        with bench.database.write() as session:
            extend(
                session, held[-1].id, held[-1].lease_token, progress=40.0, speed=2.0, fps=60.0, eta_ms=3000
            )

    def plan() -> None:
        outcomes.planned(bench.database, _claimed(bench), a_plan(a_copy("a")), {"input": "d"})
        held.append(_claimed(bench))

    def again() -> None:
        outcomes.put_back(bench.database, held[-1], {"message": "no room"}, wait=timedelta(0))

    def cancel() -> None:
        bench.jobs.cancel(job)

    told = _followed(bench, job, plan, progress, again, cancel)

    states = [event.state for event in told if isinstance(event, JobChanged)]
    assert states == [JobState.QUEUED, JobState.RUNNING, JobState.CANCELLED]
    assert [(e.percent, e.speed, e.fps, e.eta_ms) for e in told if isinstance(e, Progress)] == [
        (0.0, None, None, None),
        (40.0, 2.0, 60.0, 3000),
    ]
    changes = [(e.task, e.state, e.message) for e in told if isinstance(e, TaskChanged)]
    assert ("a", TaskState.LEASED, None) in changes
    assert ("a", TaskState.READY, "no room") in changes
    assert changes[-1][1] is TaskState.CANCELLED


def test_a_job_that_has_ended_is_told_at_once(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job)

    assert _followed(bench, job) == [JobChanged(job_id=job, state=JobState.COMPLETED)]


def test_a_job_that_is_cleaned_away_meanwhile_ends_the_watch(bench: Bench) -> None:
    job = bench.submit()

    def clean() -> None:
        bench.jobs.cancel(job)
        bench.clock.pass_by(1)
        bench.jobs.clean(older_than=timedelta(0))

    with pytest.raises(JobNotFound):
        _followed(bench, job, clean)


def test_a_pause_is_told_with_the_way_out() -> None:
    said: list[str] = []
    lines = InLines(say=said.append)

    lines(JobChanged(job_id="j", state=JobState.RUNNING))
    lines(JobChanged(job_id="j", state=JobState.PAUSED))

    assert said == ["paused: `framemill jobs resume j` goes on"]
