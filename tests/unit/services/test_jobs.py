import pytest

from framemill.domain.states import JobState
from framemill.errors import (
    DestinationUnwritable,
    IllegalTransition,
    InputNotFound,
    InputUnreadable,
    InvalidSpec,
)
from framemill.services.jobs import Jobs
from tests.engines import Anything, Bench, a_copy, a_plan

pytestmark = pytest.mark.databases("memory", "postgres")


def test_a_submitted_job_waits_with_what_it_was_given(bench: Bench) -> None:
    source = bench.an_input()

    job = bench.jobs.submit(
        [Anything(), Anything()], inputs={"input": source}, destination=bench.destination, priority=9
    )

    record = bench.jobs.get(job)
    assert (record.state, record.kind, record.priority) == (JobState.QUEUED, "pipeline", 9)
    assert record.inputs["input"] == {
        "path": str(source),
        "size": 5,
        "mtime_ns": source.stat().st_mtime_ns,
        "digest": None,
    }
    assert record.created_at == bench.clock()
    assert not bench.destination.exists()


def test_a_missing_input_is_refused_at_once(bench: Bench) -> None:
    with pytest.raises(InputNotFound, match=r"lost\.mp4"):
        bench.submit({"input": bench.folder / "lost.mp4"})

    assert bench.jobs.list() == ()


def test_a_folder_is_no_input(bench: Bench) -> None:
    with pytest.raises(InputUnreadable, match="it is a folder"):
        bench.submit({"input": bench.folder})


def test_nothing_to_do_is_no_job(bench: Bench) -> None:
    with pytest.raises(InvalidSpec, match="nothing to do"):
        bench.jobs.submit([], inputs={}, destination=bench.destination)


def test_logs_tell_the_story_and_can_be_paged(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy(), notes=["the sound is copied"])).run_job(job)

    story = [entry.message for entry in bench.jobs.logs(job)]
    first = bench.jobs.logs(job, limit=1)
    rest = bench.jobs.logs(job, after=first[0].id)

    assert story == ["submitted: proxy", "the sound is copied", "done: copy input", "completed: 1 results"]
    assert [entry.message for entry in (*first, *rest)] == story


def test_a_job_that_has_ended_cannot_be_cancelled(bench: Bench) -> None:
    job = bench.submit()
    bench.worker(a_plan(a_copy())).run_job(job)

    with pytest.raises(IllegalTransition, match="has completed already"):
        bench.jobs.cancel(job)


def test_the_number_of_attempts_is_the_operators(bench: Bench) -> None:
    jobs = Jobs(bench.database, max_attempts=1)
    job = jobs.submit([Anything()], inputs={"input": bench.an_input()}, destination=bench.destination)

    with bench.database.read() as session:
        from framemill.store.jobs import get_job

        assert get_job(session, job).max_attempts == 1


def test_a_destination_that_can_be_no_folder_is_refused_and_no_job_is_left(bench: Bench) -> None:
    file = bench.an_input()

    for place in (file, file / "below", bench.folder / ("n" * 300), bench.folder / "n\0"):
        with pytest.raises(DestinationUnwritable):
            bench.jobs.submit([Anything()], inputs={"input": file}, destination=place)

    assert bench.jobs.list() == ()
