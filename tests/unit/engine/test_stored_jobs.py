import hashlib
import os
import time
from pathlib import Path

import pytest

from framemill.domain.states import JobState, TaskState
from framemill.domain.videos import VideoState
from framemill.engine import shelving, transfer
from framemill.engine.leftovers import Leftovers, clear_machine, clear_plans, clear_work
from framemill.engine.workspace import PLANNING
from framemill.errors import LeaseLost, StorageUnavailable, VideoNotFound
from framemill.store.claiming import Wanted
from framemill.store.jobs import get_job, tasks_of
from tests.engines import a_copy, a_plan
from tests.stored import FOOTAGE, Mill, a_package

PLAN = a_plan(
    a_copy("one", publish=None),
    a_copy("two", ref="one.out", publish="Ein Film – klein.mp4", path="two.mp4"),
    a_package("one.out"),
)


@pytest.fixture(name="mill", params=["near", "far"])
def _mill(request: pytest.FixtureRequest, tmp_path: Path) -> Mill:
    return Mill(tmp_path, far=request.param == "far", shared=request.param == "far")


@pytest.fixture(name="spread")
def _spread(tmp_path: Path) -> Mill:
    return Mill(tmp_path)


def test_results_are_stored_recorded_and_counted_and_nothing_else_is_left(mill: Mill) -> None:
    job = mill.submit()

    mill.worker(PLAN).run_job(job)

    detail = mill.jobs.show(job)
    assert detail.job.state is JobState.COMPLETED
    assert mill.stored() == {
        f"{job}/Ein_Film_klein.mp4": FOOTAGE,
        f"{job}/hls/master.m3u8": mill.stored()[f"{job}/hls/master.m3u8"],
        f"{job}/hls/seg-1.ts": FOOTAGE,
        f"{job}/hls/seg-2.ts": FOOTAGE,
    }
    film, stream = mill.artifacts()
    prefix = f"workspaces/{mill.workspace_id}/{mill.video_id}/{job}/"
    assert (film.key, film.path) == (f"{prefix}Ein_Film_klein.mp4", "Ein Film – klein.mp4")
    assert film.digest == f"sha256:{hashlib.sha256(FOOTAGE).hexdigest()}"
    assert (stream.key, stream.path) == (f"{prefix}hls/", "hls/master.m3u8")
    assert (film.video_id, film.provenance["inputs"]) == (mill.video_id, {"input": film.digest})
    video = mill.video()
    assert video.stored_bytes == len(FOOTAGE) + film.bytes + stream.bytes
    assert video.media is not None
    assert mill.left_over() == []


def test_the_stem_of_results_is_the_name_that_people_gave(mill: Mill) -> None:
    seen = []
    worker = mill.worker(PLAN)
    planner = worker.planner

    def look(request, *more):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202 - as the planner
        seen.append(request.inputs["input"].name)
        return planner(request, *more)

    object.__setattr__(worker, "planner", look)
    worker.run_job(mill.submit())

    assert seen == ["Ein Film – über alles.mp4"]


def test_each_task_may_run_on_another_machine(spread: Mill) -> None:
    job = spread.submit()

    done = spread.take_turns(PLAN, "a", "b", "c", "d", "e")

    assert done == ["a", "b", "c", "d", "e"]
    assert spread.jobs.get(job).state is JobState.COMPLETED
    assert set(spread.stored()) == {
        f"{job}/{name}" for name in ("Ein_Film_klein.mp4", "hls/master.m3u8", "hls/seg-1.ts", "hls/seg-2.ts")
    }
    assert spread.stored()[f"{job}/hls/seg-2.ts"] == FOOTAGE


def test_what_other_machines_kept_of_an_ended_job_goes_in_time(spread: Mill) -> None:
    spread.submit()
    spread.take_turns(PLAN, "a", "b", "c", "d", "e")
    assert clear_machine(spread.database, spread.folder / "b" / "work") == 0  # it has just ended

    spread.clock.pass_by(3600)

    assert clear_machine(spread.database, spread.folder / "b" / "work") == 1
    assert not list((spread.folder / "b" / "work").iterdir())


def test_what_a_killed_planner_left_goes_in_time(tmp_path: Path) -> None:
    old, fresh = tmp_path / f"{PLANNING}old", tmp_path / f"{PLANNING}fresh"
    for folder in (old, fresh):
        folder.mkdir()
        (folder / "input").write_text("x")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))

    assert clear_plans(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [fresh]


def test_without_shared_work_a_step_is_done_again_where_it_is_needed(tmp_path: Path) -> None:
    mill = Mill(tmp_path, shared=False)
    job = mill.submit()

    mill.take_turns(PLAN, "a", "a", "b", "b", "b", "b", "b", "b")

    detail = mill.jobs.show(job)
    assert detail.job.state is JobState.COMPLETED
    assert any("cannot be had here" in line.message for line in mill.jobs.logs(job))
    assert len(mill.artifacts()) == 2


def test_machines_that_never_have_what_they_need_fail_with_a_hint(tmp_path: Path) -> None:
    mill = Mill(tmp_path, shared=False)
    job = mill.submit()

    # Each step of the plan is done on `a`, and each that needs it is tried on another machine.
    for _ in range(40):
        mill.clock.pass_by(600)
        with mill.database.read() as session:
            ready = [task.key for task in tasks_of(session, job) if task.state == TaskState.READY]
        if not ready:
            break
        elsewhere = "one" not in ready and "plan" not in ready
        mill.worker(PLAN, f"b{_}" if elsewhere else "a").run_one(Wanted())

    error = mill.jobs.get(job).error
    assert mill.jobs.get(job).state is JobState.FAILED
    assert error is not None
    assert error["code"] == "storage_unavailable"
    assert "FRAMEMILL_SHARED_WORK" in error["hint"]
    assert mill.stored() == {}


def test_damaged_work_in_the_store_is_made_again(spread: Mill) -> None:
    job = spread.submit()
    spread.take_turns(PLAN, "a", "a", and_on=False)
    with spread.database.read() as session:
        made = next(task.result for task in tasks_of(session, job) if task.key == "one")
    assert made is not None
    spread.blobs.put(made["stored"]["copy.txt"]["key"], [b"x" * len(FOOTAGE)])

    spread.take_turns(PLAN, "b", "b", "b", "b", "b", "b")

    assert spread.jobs.get(job).state is JobState.COMPLETED
    assert spread.stored()[f"{job}/hls/seg-1.ts"] == FOOTAGE


def test_a_result_that_changed_after_it_was_verified_is_not_published(mill: Mill) -> None:
    job = mill.submit()
    plan = a_plan(a_copy("one"))
    worker = mill.worker(plan)
    worker.run_one(Wanted())
    worker.run_one(Wanted())
    (made,) = (mill.folder / "a" / "work").glob("*/*/out/copy.txt")
    made.write_bytes(b"x" * len(FOOTAGE))
    for blob in list(mill.blobs.list("work/")):
        mill.blobs.delete([blob.key])

    mill.take_turns(plan, "a")

    error = mill.jobs.get(job).error
    assert error is not None
    assert error["code"] == "output_invalid"
    assert mill.stored() == {}
    assert mill.artifacts() == []


def test_an_original_with_other_bytes_is_refused(mill: Mill) -> None:
    mill.blobs.put(mill.video().key or "", [FOOTAGE + b"!"])
    job = mill.submit()

    mill.worker(PLAN).run_job(job)

    error = mill.jobs.get(job).error
    assert error is not None
    assert error["code"] == "input_unreadable"


def test_a_loser_changes_nothing_of_what_the_winner_published(spread: Mill) -> None:
    job = spread.submit()
    plan = a_plan(a_copy("one"))
    spread.take_turns(plan, "a", "a", and_on=False)
    loser = spread.worker(plan, "a")
    task = loser._claim(Wanted())
    assert task is not None
    with spread.database.read() as session:
        row, tasks = get_job(session, job), tasks_of(session, job)
    # It freezes past its lease; another has published meanwhile.
    spread.clock.pass_by(3600)
    spread.reaper().reap()
    spread.clock.pass_by(3600)
    spread.take_turns(plan, "c")
    before = spread.stored()
    assert spread.jobs.get(job).state is JobState.COMPLETED

    class Held:
        def check(self) -> None: ...

    with pytest.raises(LeaseLost):
        shelving.shelve(
            spread.database,
            row,
            task,
            tasks,
            machine=loser.machine(),
            places=loser.places,
            hold=Held(),
        )

    assert spread.stored() == before
    assert list(before) == [f"{job}-2/copy.txt"]
    (artifact,) = spread.artifacts()
    assert artifact.key == f"workspaces/{spread.workspace_id}/{spread.video_id}/{job}-2/copy.txt"


def test_a_store_that_fails_half_way_leaves_nothing_and_the_next_try_publishes(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = mill.submit()
    worker = mill.worker(PLAN)
    for _ in range(4):
        worker.run_one(Wanted())
    real, calls = transfer.put, []

    def broken(*given, **more):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202 - as put
        calls.append(given)
        if len(calls) == 2:
            raise StorageUnavailable("away")
        return real(*given, **more)

    monkeypatch.setattr(transfer, "put", broken)
    monkeypatch.setattr(transfer, "copy", lambda *_given, **_more: -1)
    worker.run_one(Wanted())
    after_failure = {name for name in mill.stored() if not name.startswith("work/")}
    mill.clock.pass_by(600)
    worker.run_one(Wanted())

    assert after_failure == set()
    assert mill.jobs.get(job).state is JobState.COMPLETED
    assert {name.partition("/")[0] for name in mill.stored()} == {f"{job}-2"}


def test_a_video_that_goes_meanwhile_gets_no_artifacts(mill: Mill) -> None:
    job = mill.submit()
    worker = mill.worker(PLAN)
    for _ in range(4):
        worker.run_one(Wanted())
    mill.change_video(lambda video: setattr(video, "state", VideoState.DELETING))

    worker.run_one(Wanted())

    error = mill.jobs.get(job).error
    assert error is not None
    assert error["code"] == VideoNotFound.code
    assert mill.artifacts() == []
    assert mill.stored() == {}
    assert mill.left_over() == []


def test_cancelling_removes_what_steps_kept_and_a_retry_makes_it_again(mill: Mill) -> None:
    job = mill.submit()
    worker = mill.worker(PLAN)
    for _ in range(3):
        worker.run_one(Wanted())

    mill.jobs.cancel(job)
    left = (mill.stored(), mill.left_over())
    mill.jobs.retry(job)
    mill.take_turns(PLAN, "a")

    assert left == ({}, [])
    assert mill.jobs.get(job).state is JobState.COMPLETED
    assert len(mill.artifacts()) == 2


def test_work_of_jobs_that_are_over_or_unknown_is_removed_from_the_store(spread: Mill) -> None:
    job = spread.submit()
    spread.take_turns(PLAN, "a", "a", and_on=False)
    spread.blobs.put("work/0198c0de-0000-7000-8000-000000000000/001-x-1/0", [b"lost"])
    assert clear_work(spread.database, spread.blobs) == 1
    assert list(spread.stored()) != []

    with spread.database.write() as session:
        row = get_job(session, job)
        row.state, row.finished_at = JobState.CANCELLED, spread.clock()
    spread.clock.pass_by(3600)

    assert clear_work(spread.database, spread.blobs) == 1
    assert spread.stored() == {}


def test_what_a_dead_worker_stored_of_a_cancelled_job_goes_in_time(spread: Mill) -> None:
    job = spread.submit()
    spread.take_turns(a_plan(a_copy("one")), "a", "a", and_on=False)
    assert spread.worker(PLAN, "b")._claim(Wanted()) is not None
    prefix = f"workspaces/{spread.workspace_id}/{spread.video_id}/{job}"
    spread.blobs.put(f"{prefix}/copy.txt", [b"half of it"])
    spread.jobs.cancel(job)
    spread.clock.pass_by(600)
    spread.reaper().reap()
    leftovers = Leftovers(database=spread.database, places=spread.places("a"))
    leftovers.clear()

    spread.clock.pass_by(3600)
    leftovers.clear()

    assert spread.jobs.get(job).state is JobState.CANCELLED
    assert spread.stored() == {}
