"""Addresses that become videos: fetched by a job, stored, checked as uploads are, and never told whole."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from framemill.domain.states import JobState
from framemill.domain.uploads import Limits
from framemill.domain.videos import VideoState
from framemill.engine.equipment import Pace
from framemill.engine.leftovers import Leftovers
from framemill.engine.reaping import Reaper
from framemill.engine.worker import Worker
from framemill.errors import (
    AddressRefused,
    BlobNotFound,
    IdempotencyConflict,
    IllegalTransition,
    InvalidSpec,
    InvalidUpload,
    StorageUnavailable,
    VideoNotFound,
)
from framemill.fetch.addresses import AllowList, parse
from framemill.fetch.crew import Rules
from framemill.fetch.direct import Direct
from framemill.fetch.fetcher import Fetcher
from framemill.fetch.guard import Guard
from framemill.fetch.slots import Slots
from framemill.services.landing import Landing
from framemill.services.shelf_records import VideoRecord
from framemill.services.video_downloads import Begun, VideoDownloads, Wanted
from framemill.services.video_jobs import VideoJobs
from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer
from framemill.store.claiming import Wanted as WantedTasks
from framemill.store.database import open_database
from framemill.store.tables import Job, Task
from framemill.store.video_tables import Video
from tests.engines import Clock, Watcher, a_machine
from tests.servers.origin import Content, Film, Footage, Origin
from tests.shelves import Shelves, digest

pytestmark = [pytest.mark.integration, pytest.mark.databases("memory", "postgres")]

MIB = 1 << 20
SECRET = "sesame"


@dataclass(frozen=True, kw_only=True)
class Dock:
    """Shelves, and a worker that brings films to them."""

    shelves: Shelves
    origin: Origin
    watcher: Watcher
    limits: Limits

    @property
    def guard(self) -> Guard:
        return Guard(AllowList.of([self.origin.allow]))

    @property
    def downloads(self) -> VideoDownloads:
        return VideoDownloads(
            self.shelves.database,
            self.shelves.collections,
            judge=lambda url: self.guard.judge(parse(url)),
            limits=self.limits,
        )

    @property
    def jobs(self) -> VideoJobs:
        return VideoJobs(self.shelves.database, self.shelves.jobs)

    def ask(self, path: str = "/films/harbour.mp4", **more: str) -> Begun:
        return self.downloads.begin(Wanted(url=self.origin.url(f"{path}?token={SECRET}"), **more))  # type: ignore[arg-type]

    def worker(self, folder: str = "", *, name: str = "") -> Worker:
        shelves = self.shelves
        rules = Rules(piece=MIB, first_wait_s=0.01, longest_wait_s=0.02, tries=2)
        files = Direct(self.guard, Slots(shelves.folder / "slots", per_host=4), rules)
        landing = Landing(shelves.remover, limits=self.limits, start=self.jobs.start_default)
        places = shelves.jobs._places
        more = {"name": name} if name else {}
        return Worker(
            database=shelves.database,
            machine=a_machine,
            sink=self.watcher,
            pace=Pace(wait=shelves.clock.pass_by, spread=lambda: 0.0),
            places=replace(places, work=shelves.folder / folder) if folder else places,
            downloader=lambda: Fetcher(files, None, mode="off"),
            landing=lambda: landing,
            **more,  # type: ignore[arg-type]
        )

    def bring(self, begun: Begun) -> None:
        self.worker().run_job(begun.job_id)

    def video(self, begun: Begun) -> VideoRecord:
        return self.shelves.videos.get(begun.video_id)

    def error(self, begun: Begun) -> dict[str, object]:
        return self.shelves.jobs.get(begun.job_id).error or {}

    def kept_urls(self) -> list[str]:
        """Addresses that rows of jobs hold."""
        return [
            facts["url"] for job in self.shelves.rows(Job) for facts in job.inputs.values() if "url" in facts
        ]

    def left_here(self) -> list[str]:
        """What lies in working folders."""
        return [str(p) for p in (self.shelves.folder / "work").rglob("*")]


@pytest.fixture(name="film")
def _film() -> Film:
    return Film(content=Footage(3 * MIB))


@pytest.fixture(name="origin")
def _origin(film: Film) -> Iterator[Origin]:
    with Origin({"/films/harbour.mp4": film}) as origin:
        yield origin


@pytest.fixture(name="dock")
def _dock(tmp_path: Path, database_url: str, origin: Origin) -> Iterator[Dock]:
    clock = Clock()
    database = open_database(database_url, clock=clock)
    blobs = LocalStore(
        Disk(tmp_path / "storage"), signer=Signer(["a secret of the tests"]), public_url="http://mill.example"
    )
    yield Dock(
        shelves=Shelves(database=database, clock=clock, blobs=blobs, folder=tmp_path),
        origin=origin,
        watcher=Watcher(),
        limits=Limits(max_bytes=20 * MIB, types=("mp4", "mkv", "mp3")),
    )
    database.close()


def test_a_film_becomes_a_video_and_its_first_job_starts_once(dock: Dock, film: Film) -> None:
    begun = dock.ask(notes="at low tide", uploader="ada")
    waiting = dock.video(begun)
    assert (waiting.state, waiting.title) == (VideoState.UPLOADING, "harbour")
    assert dock.origin.asked == []

    dock.bring(begun)

    video = dock.video(begun)
    assert (video.state, video.bytes, video.sha256) == (VideoState.READY, 3 * MIB, film.content.sha256())
    assert (video.filename, video.content_type, video.notes) == ("harbour.mp4", "video/mp4", "at low tide")
    assert video.key == f"workspaces/{video.workspace_id}/{video.id}/original.mp4"
    assert dock.shelves.stored() == [video.key]
    assert b"".join(dock.shelves.blobs.read(video.key)) == Footage(3 * MIB).whole
    assert video.stored_bytes == 3 * MIB
    job = dock.shelves.jobs.get(begun.job_id)
    assert (job.state, job.progress, job.video_id) == (JobState.COMPLETED, 100.0, video.id)
    kinds = sorted((row.kind, row.owner, row.video_id) for row in dock.shelves.rows(Job))
    assert kinds == [("download", "ada", video.id), ("proxy", "ada", video.id)]
    assert dock.left_here() == []


def test_nothing_of_the_address_but_host_and_name_is_told_and_it_is_forgotten(dock: Dock) -> None:
    begun = dock.ask()
    assert SECRET in dock.kept_urls()[0]

    dock.bring(begun)

    detail, logs = dock.shelves.jobs.show(begun.job_id), dock.shelves.jobs.logs(begun.job_id)
    said = json.dumps(
        [asdict(detail), [asdict(line) for line in logs], asdict(dock.video(begun))], default=str
    )
    said += repr(dock.watcher.events)
    assert dock.video(begun).source_url == f"127.0.0.1:{dock.origin.port}/…/harbour.mp4"
    assert SECRET not in said
    assert "/films/" not in said
    assert dock.kept_urls() == [""]


def test_content_that_the_collection_has_gives_the_video_that_has_it(dock: Dock) -> None:
    there = dock.shelves.a_video(Footage(3 * MIB).whole)
    begun = dock.ask()

    dock.bring(begun)

    job = dock.shelves.jobs.get(begun.job_id)
    assert (job.state, job.video_id) == (JobState.COMPLETED, there.id)
    assert there.id in job.notes[0]
    with pytest.raises(VideoNotFound):
        dock.video(begun)
    assert [row.id for row in dock.shelves.rows(Video)] == [there.id]
    assert dock.shelves.stored() == [there.key]
    assert sorted(row.kind for row in dock.shelves.rows(Job)) == ["download"]


def test_the_same_film_asked_for_twice_is_one_video(dock: Dock) -> None:
    first, second = dock.ask(), dock.ask()

    dock.bring(first)
    dock.bring(second)

    assert [row.id for row in dock.shelves.rows(Video)] == [first.video_id]
    assert len(dock.shelves.stored()) == 1
    assert dock.shelves.jobs.get(second.job_id).video_id == first.video_id


@pytest.mark.parametrize(
    ("film", "path", "code"),
    [
        (Film(content=Footage(21 * MIB)), "/f.mp4", "download_failed"),
        (Film(content=Footage(21 * MIB), chunked=True, ranges=False), "/f.mp4", "download_failed"),
        (Film(content=Content(2 * MIB)), "/f.mp4", "invalid_upload"),
        (Film(content=Content(2 * MIB)), "/get.php", "invalid_upload"),
        (Film(content=Footage(2 * MIB)), "/f.mkv", "invalid_upload"),
        (Film(content=Footage(MIB), status=404), "/f.mp4", "download_failed"),
    ],
    ids=["too large", "too large as it comes", "no film", "no film by any name", "another kind", "not there"],
)
def test_what_is_not_taken_in_leaves_a_failed_video_and_nothing_else(
    dock: Dock, film: Film, path: str, code: str
) -> None:
    dock.origin.films = {path: film}
    begun = dock.ask(path)

    dock.bring(begun)

    video = dock.video(begun)
    assert dock.shelves.jobs.get(begun.job_id).state is JobState.FAILED
    assert dock.error(begun)["code"] == code
    assert (video.state, video.stored_bytes) == (VideoState.FAILED, 0)
    assert video.error is not None
    assert video.error["code"] == code
    assert SECRET not in str(video.error)
    assert dock.shelves.stored() == []
    assert dock.left_here() == []
    assert dock.kept_urls() == [""]
    with pytest.raises(IllegalTransition, match="forgotten"):
        dock.shelves.jobs.retry(begun.job_id)


def test_a_quota_holds_for_what_was_fetched(dock: Dock) -> None:
    dock.shelves.workspaces.edit("default", {"quota_bytes": MIB})
    begun = dock.ask()

    dock.bring(begun)

    assert dock.error(begun)["code"] == "quota_exceeded"
    assert dock.video(begun).state is VideoState.FAILED
    assert dock.shelves.stored() == []


@pytest.mark.parametrize(
    ("path", "more", "called"),
    [
        ("/watch", {}, "watch.mp4"),
        ("/get.php", {}, "get.php.mp4"),
        ("/films/harbour.mp4", {"filename": "Am Hafen.mp4"}, "Am Hafen.mp4"),
        ("/films/harbour.mp4", {"filename": "Am Hafen"}, "Am Hafen.mp4"),
    ],
)
def test_the_content_decides_what_a_name_does_not_say(
    dock: Dock, film: Film, path: str, more: dict[str, str], called: str
) -> None:
    dock.origin.films = {path: film}
    begun = dock.ask(path, **more)

    dock.bring(begun)

    video = dock.video(begun)
    assert (video.state, video.filename) == (VideoState.READY, called)
    assert video.title == called.removesuffix(".mp4")
    assert str(video.key).endswith("/original.mp4")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/film.mp4",
        "file:///etc/passwd",
        "http://user@example.com/film.mp4",
        "http://127.0.0.1/film.mp4",
        "http://[::1]/film.mp4",
        "http://169.254.169.254/latest",
        "http://2130706433/film.mp4",
        "http://example.com:22/film.mp4",
    ],
)
def test_an_address_that_is_plainly_wrong_is_refused_at_once(dock: Dock, url: str) -> None:
    with pytest.raises(AddressRefused):
        dock.downloads.begin(Wanted(url=url))

    assert dock.shelves.rows(Video) == []
    assert dock.shelves.rows(Job) == []


def test_an_address_that_turns_out_wrong_fails_the_job(dock: Dock) -> None:
    begun = dock.downloads.begin(Wanted(url="http://localhost/film.mp4"))

    dock.bring(begun)

    assert dock.error(begun)["code"] == "address_refused"
    assert dock.video(begun).state is VideoState.FAILED


def test_bad_wishes_are_refused_before_anything_is_written(dock: Dock) -> None:
    with pytest.raises(InvalidSpec):
        dock.ask(pipeline="rm -rf")
    with pytest.raises(InvalidUpload):
        dock.ask("/films/harbour.avi")

    assert dock.shelves.rows(Video) == []


def test_the_same_key_is_the_same_download_also_when_it_has_ended(dock: Dock) -> None:
    first = dock.ask(idempotency_key="one")
    assert dock.ask(idempotency_key="one") == first
    dock.bring(first)

    assert dock.ask(idempotency_key="one") == first
    with pytest.raises(IdempotencyConflict):
        dock.ask(idempotency_key="one", title="Another")
    assert len(dock.shelves.rows(Video)) == 1


def test_cancelled_half_way_leaves_nothing(dock: Dock, film: Film) -> None:
    film.pause_s = 0.3
    begun = dock.ask()
    work = threading.Thread(target=dock.bring, args=(begun,))
    work.start()
    _until(lambda: dock.origin.sent > 0)

    dock.shelves.jobs.cancel(begun.job_id)
    work.join(60)

    assert not work.is_alive()
    assert dock.shelves.jobs.get(begun.job_id).state is JobState.CANCELLED
    with pytest.raises(VideoNotFound):
        dock.video(begun)
    dock.shelves.remover.sweep()
    assert dock.shelves.rows(Video) == []
    assert dock.shelves.stored() == []
    assert dock.left_here() == []
    assert dock.kept_urls() == [""]


def test_a_video_deleted_meanwhile_ends_its_download(dock: Dock, film: Film) -> None:
    film.pause_s = 0.3
    begun = dock.ask()
    work = threading.Thread(target=dock.bring, args=(begun,))
    work.start()
    _until(lambda: dock.origin.sent > 0)

    dock.shelves.videos.delete(begun.video_id)
    work.join(60)

    assert not work.is_alive()
    assert dock.shelves.jobs.get(begun.job_id).state is JobState.CANCELLED
    dock.shelves.remover.sweep()
    assert dock.shelves.rows(Video) == []
    assert dock.shelves.stored() == []
    assert dock.left_here() == []


def test_a_server_that_fails_for_a_while_is_asked_again_by_a_retry(dock: Dock, film: Film) -> None:
    film.cut = lambda _number: 1000
    begun = dock.ask()
    dock.bring(begun)
    assert dock.video(begun).state is VideoState.FAILED
    assert SECRET in dock.kept_urls()[0]
    film.cut = lambda _number: None
    dock.origin.asked.clear()

    dock.shelves.jobs.retry(begun.job_id)
    dock.bring(begun)

    assert dock.video(begun).state is VideoState.READY
    assert dock.video(begun).error is None
    assert "bytes=0-" not in str([a.headers["Range"] for a in dock.origin.asked])
    assert dock.kept_urls() == [""]


def test_a_failed_download_that_is_deleted_forgets_its_address(dock: Dock, film: Film) -> None:
    film.cut = lambda _number: 1000
    begun = dock.ask()
    dock.bring(begun)

    dock.shelves.videos.delete(begun.video_id)

    assert dock.kept_urls() == [""]
    assert dock.left_here() == []
    assert dock.shelves.rows(Video) == []


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_worker_that_died_after_storing_leaves_nothing_behind(
    dock: Dock, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    begun = dock.ask()
    dead = dock.worker(name="far:1:1")

    class Dead(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Dead

    with monkeypatch.context() as death:
        # Like a killed process: what it would clear up stays.
        death.setattr(Landing, "arrive", die)
        death.setattr(LocalStore, "delete", lambda *_: None)
        with pytest.raises(Dead):
            dead.run_one(WantedTasks())
    assert len(dock.shelves.stored()) == 1
    asked = len(dock.origin.asked)
    if elsewhere:  # another machine does not see the file
        (dock.shelves.folder / "work").rename(dock.shelves.folder / "out of reach")
    dock.shelves.clock.pass_by(600)
    _reaper(dock).reap()
    dock.shelves.clock.pass_by(60)

    assert dock.worker("elsewhere" if elsewhere else "").run_one(WantedTasks())

    video = dock.video(begun)
    assert (video.state, str(video.key).rpartition("/")[2]) == (VideoState.READY, "original-2.mp4")
    assert dock.shelves.stored() == [video.key]
    assert (len(dock.origin.asked) > asked) == elsewhere


def test_a_worker_that_died_after_the_arrival_is_gone_on_with(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = dock.ask()

    class Dead(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Dead

    with monkeypatch.context() as death:
        death.setattr(Landing, "start", die)
        with pytest.raises(Dead):
            dock.worker(name="far:1:1").run_one(WantedTasks())
    stored = dock.shelves.stored()
    assert dock.video(begun).state is VideoState.READY
    dock.shelves.clock.pass_by(600)
    _reaper(dock).reap()
    dock.shelves.clock.pass_by(60)
    asked = len(dock.origin.asked)

    assert dock.worker("elsewhere").run_one(WantedTasks())

    assert dock.shelves.stored() == stored
    assert len(dock.origin.asked) == asked
    assert dock.shelves.jobs.get(begun.job_id).state is JobState.COMPLETED
    assert sorted(row.kind for row in dock.shelves.rows(Job)) == ["download", "proxy"]


def test_a_job_that_fails_after_the_arrival_is_ended_by_a_retry(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = dock.ask()

    def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("the store is away")

    with monkeypatch.context() as trouble:
        trouble.setattr(Landing, "start", away)
        dock.bring(begun)
    assert dock.error(begun)["code"] == "storage_unavailable"
    assert dock.video(begun).state is VideoState.READY
    assert dock.kept_urls() == [""]

    dock.shelves.jobs.retry(begun.job_id)
    dock.bring(begun)

    assert dock.shelves.jobs.get(begun.job_id).state is JobState.COMPLETED
    assert sorted(row.kind for row in dock.shelves.rows(Job)) == ["download", "proxy"]


def test_who_lost_the_lease_neither_replaces_nor_removes_what_the_winner_stored(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = dock.ask()
    slow, arrive = dock.worker(name="far:1:1"), Landing.arrive
    turns: list[str] = []

    def late(self: Landing, *args: object, **more: object) -> object:
        turns.append("arrives")
        return arrive(self, *args, **more)  # type: ignore[arg-type]

    def overtaken(*args: object, **more: object) -> object:
        monkeypatch.undo()
        dock.shelves.clock.pass_by(600)
        _reaper(dock).reap()
        dock.shelves.clock.pass_by(60)
        assert dock.worker("elsewhere").run_one(WantedTasks())
        monkeypatch.setattr(Landing, "arrive", late)
        return judge(*args, **more)  # type: ignore[arg-type]

    judge = Landing.judge
    monkeypatch.setattr(Landing, "judge", overtaken)

    assert not slow.run_one(WantedTasks())

    assert turns == []
    video = dock.video(begun)
    assert dock.shelves.stored() == [video.key]
    assert (video.state, dock.shelves.jobs.get(begun.job_id).state) == (VideoState.READY, JobState.COMPLETED)


def test_what_the_last_attempt_left_in_the_store_is_swept(dock: Dock) -> None:
    begun = dock.ask()
    with dock.shelves.database.write() as session:
        for task in dock.shelves.rows(Task):
            session.get_one(Task, task.id).attempt = 2
    dead = dock.worker(name="far:1:1")
    claimed = dead._claim(WantedTasks())
    assert claimed is not None
    video = dock.video(begun)
    left = f"workspaces/{video.workspace_id}/{video.id}/original.mp4"
    dock.shelves.blobs.put(left, [b"x"])
    dock.shelves.clock.pass_by(600)
    _reaper(dock).reap()
    assert dock.error(begun)["code"] == "worker_lost"
    dock.shelves.clock.pass_by(3600)

    Leftovers(database=dock.shelves.database, places=dock.shelves.jobs._places).clear()

    assert dock.video(begun).state is VideoState.FAILED
    with pytest.raises(BlobNotFound):
        dock.shelves.blobs.stat(left)


def test_a_pause_stops_it_and_its_end_lets_it_go_on(dock: Dock, film: Film) -> None:
    film.pause_s = 0.2
    begun = dock.ask()
    work = threading.Thread(target=dock.bring, args=(begun,))
    work.start()
    _until(lambda: dock.origin.sent > 0)

    dock.shelves.jobs.pause(begun.job_id)
    _until(lambda: dock.origin.at_once == 0)
    assert dock.video(begun).state is VideoState.UPLOADING
    dock.shelves.jobs.resume(begun.job_id)
    work.join(60)

    assert dock.video(begun).state is VideoState.READY


def test_nothing_is_made_where_nothing_is_wanted(dock: Dock) -> None:
    begun = dock.ask(pipeline="none")

    dock.bring(begun)

    assert dock.video(begun).sha256 == digest(Footage(3 * MIB).whole)
    assert sorted(row.kind for row in dock.shelves.rows(Job)) == ["download"]


def _reaper(dock: Dock) -> Reaper:
    from framemill.engine.dispatch import Unheard

    return Reaper(
        database=dock.shelves.database,
        dispatcher=Unheard(),
        spread=lambda: 0.0,
        worker_ttl=timedelta(seconds=60),
        places=dock.shelves.jobs._places,
    )


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
