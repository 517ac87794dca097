import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from framemill.domain.plan import Plan, Promise
from framemill.domain.states import JobState
from framemill.domain.videos import VideoState
from framemill.engine.planning import Request
from framemill.engine.reusing import Shelf, scope_of_owner, scope_of_video, tidy
from framemill.services.deletion import Remover
from framemill.storage.kept import KeptBlobs, KeptFiles
from framemill.store.claiming import Wanted
from framemill.store.jobs import tasks_of
from framemill.store.tables import Task
from tests.engines import Bench, a_command, a_copy, a_plan
from tests.stored import FOOTAGE, Mill
from tests.unit.engine.test_unserved import a_worker_row

KEY = "k" * 64
LONG = timedelta(days=14)
# What runs leaves a mark in what it makes, which what was taken has not got.
MADE = a_plan(a_copy("one", kept_as=KEY))
OTHERWISE = a_plan(
    a_copy("one", kept_as=KEY, commands=[a_command("copy", "in/more", "out/copy.txt")], texts=[])
)


@pytest.fixture(name="keeping")
def _keeping(bench: Bench) -> Bench:
    bench.kept = KeptFiles(bench.folder / "kept", limit=1 << 20, age=LONG)
    return bench


def _run(bench: Bench, plan: Plan, *, reuse: bool = True) -> Task:
    """The step of a job on the same input, run to its end."""
    job = bench.submit(overwrite=True, reuse=reuse)
    bench.worker(plan).run_job(job)
    assert bench.jobs.get(job).state is JobState.COMPLETED, bench.jobs.get(job).error
    with bench.database.read() as session:
        return next(task for task in tasks_of(session, job) if task.kind == "step")


def _taken(task: Task) -> bool:
    return any(line.startswith("framemill:kept") for line in (task.result or {})["commands"])


def test_what_an_earlier_job_made_is_taken_and_published(keeping: Bench) -> None:
    first = _run(keeping, MADE)
    (keeping.destination / "copy.txt").unlink()

    second = _run(keeping, OTHERWISE)  # which would fail if it had to run

    assert [_taken(first), _taken(second)] == [False, True]
    assert (keeping.destination / "copy.txt").read_text() == "hello"
    assert (second.result or {})["notes"] == ["copy input: taken from an earlier job instead"]


def test_a_job_that_is_to_make_everything_anew_does(keeping: Bench) -> None:
    _run(keeping, MADE)

    assert not _taken(_run(keeping, MADE, reuse=False))


def test_another_owners_work_is_not_taken(keeping: Bench) -> None:
    assert keeping.kept is not None
    other = keeping.folder / "other.txt"
    other.write_text("another's")
    keeping.kept.keep(scope_of_owner("bob"), KEY, other, check=lambda: None)

    assert not _taken(_run(keeping, MADE))


@pytest.mark.parametrize("harm", [lambda file: file.write_text("hellO"), lambda file: file.unlink()])
def test_what_is_damaged_or_half_gone_is_made_again(keeping: Bench, harm: Callable[[Path], object]) -> None:
    _run(keeping, MADE)
    (keeping.destination / "copy.txt").unlink()
    (entry,) = (keeping.folder / "kept").glob("*/*/*")
    harm(entry)

    task = _run(keeping, MADE)

    assert not _taken(task)
    assert (keeping.destination / "copy.txt").read_text() == "hello"


def test_what_does_not_keep_its_promise_is_made_again(keeping: Bench) -> None:
    assert keeping.kept is not None
    wrong = keeping.folder / "wrong.txt"
    wrong.write_text("far too much of it")
    keeping.kept.keep(scope_of_owner(""), KEY, wrong, check=lambda: None)
    plan = a_plan(a_copy("one", kept_as=KEY, promise=Promise(kind="data", max_size=10)))

    assert [_taken(_run(keeping, plan)) for _ in range(2)] == [False, True]
    assert (keeping.destination / "copy.txt").read_text() == "hello"


def test_a_folder_that_nobody_can_write_fails_no_job(keeping: Bench) -> None:
    (keeping.folder / "kept").write_text("a file in its place")

    assert not _taken(_run(keeping, MADE))


def test_what_was_made_while_the_input_changed_is_not_kept(keeping: Bench) -> None:
    assert keeping.kept is not None
    job = keeping.submit()
    worker = keeping.worker(MADE)
    assert worker.run_one(Wanted())  # the plan
    source = keeping.an_input()
    source.write_text("hello, and more")

    assert worker.run_one(Wanted())

    assert keeping.jobs.show(job).tasks
    assert keeping.kept.among(scope_of_owner(""), (KEY,)) == frozenset()


def test_pieces_are_forgotten_when_what_they_served_for_is_kept(keeping: Bench) -> None:
    assert keeping.kept is not None
    piece, whole, other = "p" * 64, "w" * 64, "o" * 64
    plan = a_plan(
        a_copy("piece", publish=None, kept_as=piece),
        a_copy("whole", ref="piece.out", publish=None, path="b", kept_as=whole),
        a_copy("other", publish=None, path="c", kept_as=other),
        a_copy("packed", ref="whole.out"),
    )

    job = keeping.submit()
    keeping.worker(plan).run_job(job)

    assert keeping.kept.among(scope_of_owner(""), (piece, whole, other)) == {whole, other}


def test_a_retried_job_takes_what_it_had_made(keeping: Bench) -> None:
    fails = a_copy("last", ref="one.out", commands=[a_command("copy", "in/none", "out/copy.txt")])
    plan = a_plan(a_copy("one", publish=None, kept_as=KEY), fails)
    job = keeping.submit()
    keeping.worker(plan).run_job(job)
    assert keeping.jobs.get(job).state is JobState.FAILED
    assert keeping.left_over() == []

    keeping.jobs.retry(job)
    keeping.worker(plan).run_job(job)

    with keeping.database.read() as session:
        first = next(task for task in tasks_of(session, job) if task.key == "one")
    assert _taken(first)


def test_a_large_files_content_is_told_by_more_than_samples(tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.write_bytes(b"x")
    shelf = Shelf(kept=KeptFiles(tmp_path / "kept", limit=1, age=LONG), scope="owner-1")

    def content(digest: str) -> str:
        return shelf.reuse({"input": film}, {"input": digest}).contents["input"]

    before, whole = content("sampled-sha256:1"), content("sha256:1")
    stamp = film.stat()
    film.write_bytes(b"y")
    os.utime(film, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    assert content("sampled-sha256:1") != before
    assert content("sha256:1") == whole


@pytest.mark.parametrize("shared", [True, False])
def test_a_videos_work_is_used_again_and_goes_with_it(tmp_path: Path, shared: bool) -> None:
    mill = Mill(tmp_path, far=shared, shared=shared)
    plan = a_plan(a_copy("one", publish="film.mp4", path="film.mp4", kept_as=KEY))
    jobs = [mill.submit() for _ in range(2)]
    for job in jobs:
        mill.worker(plan).run_job(job)
        assert mill.jobs.get(job).state is JobState.COMPLETED
    scope, kept = scope_of_video(mill.video_id), mill.places("a").open_kept(True)  # type: ignore[misc]
    assert kept is not None
    with mill.database.read() as session:
        taken = [_taken(task) for job in jobs for task in tasks_of(session, job) if task.kind == "step"]
    assert taken == [False, True]
    assert [mill.stored()[f"{job}/film.mp4"] for job in jobs] == [FOOTAGE, FOOTAGE]
    assert kept.among(scope, (KEY,)) == {KEY}
    assert tidy(kept, mill.database) == 0

    remover = Remover(
        database=mill.database, blobs=lambda: mill.blobs, cancel=mill.jobs.cancel, kept=lambda: kept
    )
    mill.change_video(lambda video: setattr(video, "state", VideoState.DELETING))
    remover.sweep()

    assert kept.scopes() == frozenset()
    assert list(mill.blobs.list("")) == []


def test_what_belonged_to_videos_that_are_gone_is_tidied_away(tmp_path: Path) -> None:
    mill = Mill(tmp_path)
    kept = KeptBlobs(mill.blobs, limit=1 << 20, age=LONG)
    file = tmp_path / "file"
    file.write_bytes(b"made")
    gone = "01890000-0000-7000-8000-000000000000"
    for scope in (scope_of_video(mill.video_id), scope_of_video(gone), scope_of_owner("ada"), "video-what"):
        kept.keep(scope, KEY, file, check=lambda: None)

    assert tidy(kept, mill.database) == 2
    assert kept.scopes() == {scope_of_video(mill.video_id), scope_of_owner("ada")}


def test_a_queued_job_is_planned_for_all_workers_that_are_there(bench: Bench) -> None:
    seen: list[Request] = []
    for name, columns in (
        ("a", {}),
        ("b", {"resources": ["cpu"]}),
        ("c", {"resources": ["io"]}),
        ("d", {"state": "draining"}),
        ("e", {"seen_at": bench.clock() - timedelta(minutes=5)}),
    ):
        a_worker_row(bench, name, **columns)
    worker = bench.worker(MADE)
    planner = worker.planner

    def look(request, *more):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202 - as the planner
        seen.append(request)
        return planner(request, *more)

    object.__setattr__(worker, "planner", look)
    bench.submit()
    worker.run_one(Wanted())
    mine = bench.submit()
    with bench.database.write() as session:
        for task in tasks_of(session, mine):
            task.lane = worker.name
    worker.run_job(mine)

    assert [request.slots for request in seen] == [2, None]
