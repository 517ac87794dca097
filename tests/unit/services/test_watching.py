import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from framemill.domain.plan import Command
from framemill.domain.states import JobState
from framemill.services.arrivals import Arrivals, facts_of
from framemill.services.batch_work import Work
from framemill.services.batches import Batches
from framemill.services.intake import Sieve
from framemill.services.watching import News, Watch
from framemill.tools.writers import being_written
from tests.engines import Anything, Bench, a_command, a_copy, a_plan

SETTLE_S = 10.0


@dataclass
class Post:
    """A watched folder, and a clock that only moves when a test says so."""

    bench: Bench
    folder: Path
    seconds: float = 0.0
    busy: set[Path] = field(default_factory=set)
    sieve: Sieve = field(default_factory=Sieve)
    overwrite: bool = False
    move_done: Path | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.start()

    def start(self) -> list[tuple[str, str]]:
        """A process that begins to watch, as after a restart."""
        work = Work(
            kind="anything",
            specs=(Anything(),),
            destination=self.bench.destination,
            purpose="watch",
            overwrite=self.overwrite,
        )
        self.watch = Watch(
            folder=self.folder,
            work=work,
            batches=Batches(self.bench.database, self.bench.jobs),
            arrivals=Arrivals(settle_s=SETTLE_S, now=lambda: self.seconds, in_use=lambda _: self.busy),
            sieve=self.sieve,
            move_done=self.move_done,
        )
        return self._told(list(self.watch.begin()))

    def put(self, name: str, text: str = "film") -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def look(self, *, after: float = 0.0) -> list[tuple[str, str]]:
        self.seconds += after
        return self._told(list(self.watch.look()))

    def settled(self) -> list[tuple[str, str]]:
        """Two looks with enough time between them."""
        return [*self.look(), *self.look(after=SETTLE_S)]

    def work(self) -> None:
        """A worker that does all that waits."""
        for job in reversed(self.bench.jobs.list(states=[JobState.QUEUED])):
            self.bench.worker(a_plan(a_copy())).run_job(job.id)

    def jobs(self) -> list[tuple[str, str]]:
        found = reversed(self.bench.jobs.list())
        return [(Path(job.inputs["input"]["path"]).name, str(job.state)) for job in found]

    def _told(self, news: list[News]) -> list[tuple[str, str]]:
        return [(one.what, one.path.name) for one in news]


@pytest.fixture(name="post")
def _post(bench: Bench) -> Post:
    return Post(bench=bench, folder=bench.folder / "in")


def test_a_file_is_submitted_once_when_it_has_stood_still(post: Post) -> None:
    post.put("a.mp4")

    assert post.look() == []
    assert post.look(after=SETTLE_S - 1) == []
    assert post.look(after=1) == [("submitted", "a.mp4")]
    assert post.settled() == []
    assert post.jobs() == [("a.mp4", "queued")]


def test_a_file_that_grows_for_hours_waits_until_it_is_whole(post: Post) -> None:
    post.put("a.mp4", "1")
    for n in range(2, 50):
        assert post.look(after=SETTLE_S) == []
        post.put("a.mp4", "1" * n)

    assert post.settled() == [("submitted", "a.mp4")]


def test_a_file_that_somebody_writes_waits_however_still_it_stands(post: Post) -> None:
    post.busy.add(post.put("a.mp4"))
    assert post.settled() == []

    post.busy.clear()

    assert post.look() == [("submitted", "a.mp4")]


def test_an_empty_file_is_no_file_yet(post: Post) -> None:
    post.put("a.mp4", "")

    assert post.settled() == []


def test_a_restart_forgets_nothing(post: Post) -> None:
    post.put("a.mp4")
    post.settled()
    post.work()

    post.start()

    assert post.settled() == []
    assert post.jobs() == [("a.mp4", "completed")]


def test_a_renamed_file_is_the_same_one_also_after_a_restart(post: Post) -> None:
    path = post.put("a.mp4")
    post.settled()
    post.work()
    post.watch.look()

    path.rename(post.folder / "b.mp4")
    post.start()

    assert post.settled() == [("renamed", "b.mp4")]
    assert post.jobs() == [("a.mp4", "completed")]


def test_a_file_renamed_before_its_turn_is_worked_on_under_its_new_name(post: Post) -> None:
    path = post.put("a.mp4")
    post.settled()

    path.rename(post.folder / "b.mp4")

    assert post.settled() == [("submitted", "b.mp4")]
    assert post.jobs() == [("a.mp4", "cancelled"), ("b.mp4", "queued")]


def test_a_copy_is_a_file_of_its_own(post: Post) -> None:
    post.put("a.mp4")
    post.settled()

    post.put("b.mp4")

    assert post.settled() == [("submitted", "b.mp4")]
    post.start()
    assert post.settled() == []


def test_a_changed_file_is_a_new_job_with_a_folder_of_its_own(post: Post) -> None:
    post.put("a.mp4")
    post.settled()
    post.work()
    post.put("a.mp4", "another film")

    assert post.settled() == [("completed", "a.mp4"), ("replaced", "a.mp4")]

    post.work()
    assert post.jobs() == [("a.mp4", "completed")] * 2
    assert sorted(p.name for p in post.bench.destination.iterdir()) == ["a", "a-2"]


def test_a_file_replaced_before_its_turn_is_worked_on_once(post: Post) -> None:
    post.put("a.mp4")
    post.settled()
    post.put("a.mp4", "another film")

    assert post.settled() == [("replaced", "a.mp4")]

    assert post.jobs() == [("a.mp4", "cancelled"), ("a.mp4", "queued")]


def test_a_replaced_file_replaces_its_results_where_that_is_wanted(bench: Bench) -> None:
    post = Post(bench=bench, folder=bench.folder / "in", overwrite=True)
    post.put("a.mp4")
    post.settled()
    post.work()
    post.put("a.mp4", "another film")
    post.settled()
    post.work()

    assert post.bench.left_over() == ["a", "a/copy.txt"]
    assert (post.bench.destination / "a" / "copy.txt").read_text() == "another film"


def test_a_touched_file_is_the_same(post: Post) -> None:
    path = post.put("a.mp4")
    post.settled()

    os.utime(path, (1, 1))

    assert post.settled() == []
    assert len(post.jobs()) == 1


def test_a_file_that_is_away_when_its_turn_comes_is_taken_when_it_is_back(post: Post) -> None:
    path = post.put("a.mp4")
    post.settled()
    kept = path.rename(post.bench.folder / "kept")
    post.work()
    assert post.look() == [("failed", "a.mp4")]

    kept.rename(path)

    assert post.settled() == [("back", "a.mp4")]
    post.work()
    assert post.jobs() == [("a.mp4", "completed")]


def test_what_failed_is_told_and_not_tried_again_by_itself(post: Post) -> None:
    post.put("a.mp4")
    post.settled()
    job = post.bench.jobs.list()[0].id
    broken = a_copy(commands=(Command(tool="builtin", argv=("nothing",)), a_command("nothing")))
    post.bench.worker(a_plan(broken)).run_job(job)

    assert post.look() == [("failed", "a.mp4")]
    post.start()
    assert post.settled() == []


def test_a_file_that_nobody_may_read_is_told_once_and_taken_when_it_can_be(post: Post) -> None:
    def locked(_path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    read, post.watch.digest_of = post.watch.digest_of, locked
    post.put("a.mp4")
    assert post.settled() == [("waiting", "a.mp4")]
    assert post.look() == []

    post.watch.digest_of = read

    assert post.look() == [("submitted", "a.mp4")]


def test_a_file_that_changes_while_it_is_read_waits(post: Post) -> None:
    path = post.put("a.mp4")

    def slow(_path: Path) -> str:
        path.write_text("more and more")
        return "sha256:0"

    post.watch.digest_of = slow

    assert post.settled() == []
    assert post.jobs() == []


def test_a_large_file_changed_in_the_middle_is_another_one(post: Post) -> None:
    path = post.put("a.mp4")
    post.watch.digest_of = lambda _path: "sampled-sha256:1"
    post.settled()

    path.write_text("mlif")
    os.utime(path, (1, 1))

    assert post.settled() == [("replaced", "a.mp4")]


def test_a_folder_that_is_away_for_a_while_ends_nothing(post: Post) -> None:
    post.put("a.mp4")
    post.settled()
    away = post.folder.rename(post.bench.folder / "away")

    assert post.look() == [("waiting", "in")]
    assert post.look() == []

    away.rename(post.folder)
    assert post.settled() == []
    assert post.jobs() == [("a.mp4", "queued")]


def test_what_is_done_is_moved_away_and_takes_nobodys_place(bench: Bench) -> None:
    done = bench.folder / "done"
    post = Post(bench=bench, folder=bench.folder / "in", sieve=Sieve(recursive=True), move_done=done)
    (done / "cam").mkdir(parents=True)
    (done / "cam" / "a.mp4").write_text("an older one")
    path = post.put("cam/a.mp4")
    post.put("failing.mp4", "other")
    post.settled()
    jobs = {Path(j.inputs["input"]["path"]).name: j.id for j in bench.jobs.list()}
    bench.worker(a_plan(a_copy())).run_job(jobs["a.mp4"])
    bench.jobs.cancel(jobs["failing.mp4"])

    told = post.look()

    assert ("moved", "a.mp4") in told
    assert not path.exists()
    assert (done / "cam" / "a.mp4").read_text() == "an older one"
    assert (done / "cam" / "a-2.mp4").read_text() == "film"
    assert (post.folder / "failing.mp4").exists()


def test_a_file_that_changed_since_its_job_is_not_moved_away(bench: Bench) -> None:
    post = Post(bench=bench, folder=bench.folder / "in", move_done=bench.folder / "done")
    post.put("a.mp4")
    post.settled()
    post.work()

    path = post.put("a.mp4", "the next film")
    post.look()

    assert path.read_text() == "the next film"


def test_odd_names_are_taken(post: Post) -> None:
    names = ["MVI 0001.MP4", "a\nb.mov", "-o.mp4", "100%.mp4", os.fsdecode(b"f\xff.mp4"), "ü'\".mp4"]
    for number, name in enumerate(names):
        post.put(name, f"film {number}")

    post.settled()
    post.work()
    post.start()

    assert post.settled() == []
    assert post.jobs() == [(name, "completed") for name in sorted(names)]


def test_whoever_writes_a_file_is_found_and_whoever_reads_it_is_not(tmp_path: Path) -> None:
    written, read = tmp_path / "w.mp4", tmp_path / "r.mp4"
    read.write_text("x")

    with written.open("w"), read.open():
        assert being_written([written, read, tmp_path / "gone"]) == {written}

    assert being_written([written, read]) == set()


def test_facts_of_what_is_not_there_are_none(tmp_path: Path) -> None:
    assert facts_of(tmp_path / "gone") is None
