from typing import Any

import pytest

from framemill.domain.plan import Estimate, Promise
from framemill.domain.states import JobState, TaskState
from framemill.engine import actions
from framemill.engine.events import JobChanged
from framemill.engine.publishing import publish_job
from framemill.engine.workbench import Workbench
from framemill.errors import DiskFull, FramemillError, ToolFailed, WorkerLost
from framemill.store.jobs import tasks_of
from framemill.store.tasks import release
from tests.engines import Bench, a_command, a_copy, a_plan

pytestmark = pytest.mark.databases("memory", "postgres")


def test_a_job_runs_its_steps_in_order_and_publishes_what_they_made(bench: Bench) -> None:
    job = bench.submit()
    plan = a_plan(a_copy("one", publish=None), a_copy("two", ref="one.out"), notes=["copied"])

    bench.worker(plan).run_job(job)

    detail = bench.jobs.show(job)
    assert detail.job.state is JobState.COMPLETED
    assert (detail.job.tasks_total, detail.job.tasks_done, detail.job.progress) == (2, 2, 100.0)
    assert [t.state for t in detail.tasks] == [TaskState.DONE] * 4
    assert [a.path for a in detail.artifacts] == [bench.destination / "copy.txt"]
    assert bench.left_over() == ["copy.txt"]
    assert (bench.destination / "copy.txt").read_text() == "hello"


def test_an_artifact_records_how_it_was_made(bench: Bench) -> None:
    job = bench.submit()

    bench.worker(a_plan(a_copy("one", publish=None), a_copy("two", ref="one.out"))).run_job(job)

    (artifact,) = bench.jobs.show(job).artifacts
    assert artifact.provenance["commands"] == [
        "framemill:copy in/source out/copy.txt",
        "framemill:copy in/source out/copy.txt",
    ]
    assert artifact.provenance["inputs"]["input"].startswith("sha256:2cf24dba")
    assert artifact.provenance["fingerprint"] == "f1"
    assert artifact.provenance["bytes"] == artifact.bytes == 5
    assert artifact.digest is not None
    assert artifact.digest.startswith("sha256:2cf24dba")


def test_whoever_watches_sees_the_job_start_and_end(bench: Bench) -> None:
    job = bench.submit()

    bench.worker(a_plan(a_copy())).run_job(job)

    states = [event.state for event in bench.watcher.events if isinstance(event, JobChanged)]
    assert states == [JobState.RUNNING, JobState.COMPLETED]


def test_an_output_that_exists_is_refused_before_anything_runs(bench: Bench) -> None:
    job = bench.submit()
    bench.destination.mkdir()
    (bench.destination / "copy.txt").write_text("precious")

    bench.worker(a_plan(a_copy())).run_job(job)

    record = bench.jobs.get(job)
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error["code"] == "output_exists"
    assert bench.left_over() == ["copy.txt"]
    assert (bench.destination / "copy.txt").read_text() == "precious"


def test_an_output_that_appears_meanwhile_is_kept_and_nothing_of_the_job_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interfere(_bench: Workbench, _argv: tuple[str, ...]) -> None:
        (bench.destination / "b.txt").write_text("somebody else's")

    monkeypatch.setitem(actions.ACTIONS, "interfere", interfere)
    job = bench.submit()
    last = a_copy(
        "b",
        publish="b.txt",
        commands=[a_command("copy", "in/source", "out/copy.txt"), a_command("interfere")],
    )

    bench.worker(a_plan(a_copy("a", publish="a.txt"), last)).run_job(job)

    assert bench.jobs.get(job).state is JobState.FAILED
    assert bench.left_over() == ["b.txt"]
    assert (bench.destination / "b.txt").read_text() == "somebody else's"


def test_overwrite_replaces_the_old_file(bench: Bench) -> None:
    bench.destination.mkdir()
    (bench.destination / "copy.txt").write_text("old")
    job = bench.submit(overwrite=True)

    bench.worker(a_plan(a_copy())).run_job(job)

    assert (bench.destination / "copy.txt").read_text() == "hello"
    assert bench.left_over() == ["copy.txt"]


def test_an_input_is_never_overwritten(bench: Bench) -> None:
    bench.destination.mkdir()
    source = bench.destination / "copy.txt"
    source.write_text("the original")
    job = bench.submit({"input": source}, overwrite=True)

    bench.worker(a_plan(a_copy())).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["code"] == "invalid_spec"
    assert source.read_text() == "the original"


def test_more_than_the_disk_holds_is_refused_before_anything_runs(bench: Bench) -> None:
    job = bench.submit()

    bench.worker(a_plan(a_copy(estimate=Estimate(output_bytes=1 << 60)))).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["code"] == "disk_full"
    assert not bench.destination.exists()


def test_a_broken_promise_fails_the_job_and_leaves_nothing(bench: Bench) -> None:
    job = bench.submit({"input": bench.an_input("empty.txt", "")})

    bench.worker(a_plan(a_copy())).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert (record.error["code"], record.error["message"]) == ("output_invalid", "'copy.txt' is empty")
    assert not bench.destination.exists()


def test_a_missing_output_is_a_broken_promise(bench: Bench) -> None:
    job = bench.submit()

    bench.worker(
        a_plan(
            a_copy(
                promise=Promise(kind="data"),
                path="other.txt",
                commands=[a_command("copy", "in/source", "out/elsewhere.txt")],
            )
        )
    ).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["message"] == "'other.txt' was promised but was not made"


def _failing(bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, *, times: int) -> list[int]:
    """An action `flaky` that raises `error` so many times; the returned list grows with every call."""
    calls: list[int] = []

    def flaky(place: Workbench, _argv: tuple[str, ...]) -> None:
        calls.append(len(calls))
        if len(calls) <= times:
            raise error
        (place.scratch / "out" / "copy.txt").write_text("at last")

    monkeypatch.setitem(actions.ACTIONS, "flaky", flaky)
    return calls


def test_a_passing_failure_is_tried_again_after_a_growing_wait(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = _failing(bench, monkeypatch, WorkerLost(), times=2)
    job = bench.submit()
    began = bench.clock()

    bench.worker(a_plan(a_copy(commands=[a_command("flaky")]))).run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert len(calls) == 3
    assert (bench.clock() - began).total_seconds() == 2 + 4


def test_after_the_last_attempt_the_job_fails_and_finished_steps_are_kept_for_a_retry(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = _failing(bench, monkeypatch, WorkerLost(), times=3)
    job = bench.submit()
    plan = a_plan(a_copy("one", publish=None), a_copy("two", ref="one.out", commands=[a_command("flaky")]))

    bench.worker(plan).run_job(job)
    failed = bench.jobs.show(job)
    bench.jobs.retry(job)
    bench.worker(plan).run_job(job)

    assert failed.job.state is JobState.FAILED
    assert [t.attempt for t in failed.tasks] == [1, 1, 3, 0]
    assert len(calls) == 4
    retried = bench.jobs.show(job)
    assert retried.job.state is JobState.COMPLETED
    assert [t.attempt for t in retried.tasks] == [1, 1, 1, 1]
    assert bench.left_over() == ["copy.txt"]


def test_a_full_disk_fails_a_foreground_job_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _failing(bench, monkeypatch, OSError(28, "No space left on device"), times=9)
    job = bench.submit()

    bench.worker(a_plan(a_copy(commands=[a_command("flaky")]))).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert (record.error["code"], len(calls)) == ("disk_full", 1)
    assert not bench.destination.exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ToolFailed(tool="ffmpeg", exit_code=1, tail=("boom",)), "tool_failed"),
        (RuntimeError("a defect"), "framemill_error"),
        (DiskFull(), "disk_full"),
    ],
)
def test_a_permanent_failure_is_not_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    calls = _failing(bench, monkeypatch, error, times=9)
    job = bench.submit()

    bench.worker(a_plan(a_copy(commands=[a_command("flaky")]), a_copy("next", publish="next.txt"))).run_job(
        job
    )

    detail = bench.jobs.show(job)
    assert detail.job.error is not None
    assert detail.job.error["code"] == code
    assert len(calls) == 1
    assert [t.state for t in detail.tasks][1:] == [
        TaskState.FAILED,
        TaskState.CANCELLED,
        TaskState.CANCELLED,
    ]


def test_a_planner_that_refuses_leaves_no_trace(bench: Bench) -> None:
    job = bench.submit()
    worker = bench.worker(a_plan())

    def refuse(*_: object) -> None:
        raise FramemillError("no")

    object.__setattr__(worker, "planner", refuse)

    worker.run_job(job)

    assert bench.jobs.get(job).state is JobState.FAILED
    assert not bench.destination.exists()


def test_ctrl_c_cancels_the_job_and_removes_its_files(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(bench, monkeypatch, KeyboardInterrupt(), times=1)  # type: ignore[arg-type]  # what Ctrl-C raises
    job = bench.submit()

    with pytest.raises(KeyboardInterrupt):
        bench.worker(a_plan(a_copy(commands=[a_command("flaky")]))).run_job(job)

    detail = bench.jobs.show(job)
    assert detail.job.state is JobState.CANCELLED
    assert {t.state for t in detail.tasks[1:]} == {TaskState.CANCELLED}
    assert not bench.destination.exists()


def test_a_cancelled_job_can_be_run_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(bench, monkeypatch, KeyboardInterrupt(), times=1)  # type: ignore[arg-type]  # what Ctrl-C raises
    job = bench.submit()
    plan = a_plan(a_copy(commands=[a_command("flaky")]))
    with pytest.raises(KeyboardInterrupt):
        bench.worker(plan).run_job(job)

    bench.jobs.retry(job)
    bench.worker(plan).run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert bench.left_over() == ["copy.txt"]


def test_a_cancellation_from_elsewhere_is_seen_while_a_step_runs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit()

    def cancelled_meanwhile(place: Workbench, _argv: tuple[str, ...]) -> None:
        (place.scratch / "out" / "copy.txt").write_text("too late")
        bench.jobs.cancel(job)

    monkeypatch.setitem(actions.ACTIONS, "slow", cancelled_meanwhile)

    bench.worker(a_plan(a_copy(commands=[a_command("slow")]))).run_job(job)

    assert bench.jobs.get(job).state is JobState.CANCELLED
    assert not bench.destination.exists()


def test_a_worker_that_lost_its_lease_touches_no_files_of_the_one_that_has_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit()
    ran: list[str] = []

    def overtaken(place: Workbench, _argv: tuple[str, ...]) -> None:
        ran.append(place.scratch.name)
        if len(ran) == 1:
            with bench.database.write() as session:
                release(tasks_of(session, job)[2], TaskState.READY, now=bench.clock())
            raise ToolFailed(tool="ffmpeg", exit_code=1)
        (place.scratch / "out" / "copy.txt").write_text("done")

    monkeypatch.setitem(actions.ACTIONS, "overtaken", overtaken)
    plan = a_plan(
        a_copy("one", publish="one.txt"), a_copy("two", ref="one.out", commands=[a_command("overtaken")])
    )

    bench.worker(plan).run_job(job)

    assert ran == ["002-two-1", "002-two-2"]
    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert bench.left_over() == ["copy.txt", "one.txt"]


def test_a_numbered_set_is_published_file_by_file(bench: Bench) -> None:
    job = bench.submit()
    step = a_copy(
        path="part_%03d.txt",
        publish="parts/part_%03d.txt",
        commands=[a_command("copy", "in/source", f"out/part_{n:03}.txt") for n in (1, 2)],
    )

    bench.worker(a_plan(step)).run_job(job)

    assert bench.left_over() == ["parts", "parts/part_001.txt", "parts/part_002.txt"]
    assert len(bench.jobs.show(job).artifacts) == 2


def test_a_gap_in_a_numbered_set_is_found(bench: Bench) -> None:
    job = bench.submit()
    step = a_copy(
        path="part_%03d.txt",
        publish="part_%03d.txt",
        commands=[a_command("copy", "in/source", f"out/part_{n:03}.txt") for n in (1, 3)],
    )

    bench.worker(a_plan(step)).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["message"] == "'part_%03d.txt': the numbers have a gap at 'part_002.txt'"


def test_a_numbered_set_refuses_to_meet_a_file_of_its_names(bench: Bench) -> None:
    job = bench.submit()
    bench.destination.mkdir()
    (bench.destination / "part_007.txt").write_text("mine")
    step = a_copy(path="part_%03d.txt", publish="part_%03d.txt")

    bench.worker(a_plan(step)).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["code"] == "output_exists"


def test_an_input_that_changed_since_is_planned_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(bench, monkeypatch, ToolFailed(tool="ffmpeg", exit_code=1), times=1)
    job = bench.submit()
    plan = a_plan(a_copy("one", publish="one.txt"), a_copy("two", commands=[a_command("flaky")]))
    bench.worker(plan).run_job(job)
    bench.an_input().write_text("another film")

    bench.jobs.retry(job)
    bench.worker(plan).run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert (bench.destination / "one.txt").read_text() == "another film"


def test_a_destination_that_became_a_file_ends_the_job_in_words(bench: Bench) -> None:
    job = bench.submit()
    bench.destination.write_text("not a folder")

    bench.worker(a_plan(a_copy())).run_job(job)

    record = bench.jobs.get(job)
    assert record.error is not None
    assert record.error["code"] == "output_exists"
    bench.jobs.cancel(job)
    assert bench.destination.read_text() == "not a folder"


def test_a_beat_that_finds_the_job_completed_does_not_keep_its_worker_from_tidying_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = bench.worker(a_plan(a_copy()))

    def and_beat(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        publish_job(*args, **kwargs)
        (one,) = worker.attempts
        one._hold.beat()

    monkeypatch.setattr("framemill.engine.attempt.publish_job", and_beat)
    job = bench.submit()

    worker.run_job(job)

    assert bench.jobs.get(job).state is JobState.COMPLETED
    assert bench.left_over() == ["copy.txt"]
