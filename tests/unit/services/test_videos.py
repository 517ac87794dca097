from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from framemill.domain.states import JobState
from framemill.domain.videos import UploadState, VideoState
from framemill.errors import (
    CollectionNotFound,
    IllegalTransition,
    InvalidSpec,
    InvalidUpload,
    QuotaExceeded,
    StorageUnavailable,
    VideoExists,
    VideoNotFound,
    WorkspaceNotFound,
)
from framemill.services.originals import NewOriginal
from framemill.services.shelf_records import Arrival, VideoRecord
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact, Job
from framemill.store.video_tables import Upload, Video
from framemill.store.videos import Wanted
from tests.shelves import Shelves, at_once, digest

pytestmark = pytest.mark.databases("file", "postgres")


def _upload(shelves: Shelves, video: VideoRecord, state: UploadState = UploadState.OPEN) -> str:
    """An upload of the video's original, begun in the store with a part."""
    assert video.key is not None
    store_id = shelves.blobs.start_parts(video.key)
    shelves.blobs.put_part(video.key, store_id, 1, [b"half"])
    row = Upload(
        id=new_id(),
        workspace_id=video.workspace_id,
        video_id=video.id,
        state=state,
        key=video.key,
        store_id=store_id,
        bytes=8,
        part_bytes=5 << 20,
        created_at=shelves.clock(),
        expires_at=shelves.clock() + timedelta(hours=6),
        updated_at=shelves.clock(),
    )
    with shelves.database.write() as session:
        session.add(row)
    return row.id


def test_an_original_comes_in(shelves: Shelves) -> None:
    place = shelves.collections.get("default")
    recorded = datetime(2026, 10, 1, 7, tzinfo=UTC)

    begun = shelves.videos.begin(
        NewOriginal(
            filename="C:\\films\\My  film.MP4",
            bytes=4,
            sha256=digest(b"film").upper(),
            recorded_at=recorded,
            notes="a\r\nb",
            uploader="ann",
        ),
        workspace="default",
        collection="uploads",
    ).video

    assert (begun.state, begun.title, begun.filename) == (VideoState.UPLOADING, "My film", "My  film.MP4")
    assert begun.key == f"workspaces/{place.workspace_id}/{begun.id}/original.mp4"
    assert (begun.bytes, begun.stored_bytes, begun.sha256) == (4, 4, None)
    assert (begun.content_type, begun.recorded_at, begun.notes) == ("video/mp4", recorded, "a\nb")
    shelves.blobs.put(begun.key, [b"film"])
    shelves.clock.pass_by(9)

    arrival = shelves.videos.arrived(begun.id, bytes=4, sha256=digest(b"film"))

    assert not arrival.duplicate
    assert (arrival.video.state, arrival.video.sha256) == (VideoState.READY, digest(b"film"))
    assert arrival.video.updated_at == shelves.clock.at
    assert shelves.videos.get(begun.id) == arrival.video
    assert shelves.videos.arrived(begun.id, bytes=4, sha256=digest(b"film")) == arrival


def test_what_cannot_be_an_original_is_refused_before_it_comes(shelves: Shelves) -> None:
    def begin(filename: str = "film.mp4", *, workspace: str = "default", size: int = 1, **more: str) -> None:
        new = NewOriginal(filename=filename, bytes=size, **more)  # type: ignore[arg-type]  # texts only
        shelves.videos.begin(new, workspace=workspace, collection="uploads")

    with pytest.raises(InvalidUpload, match=r"\.exe are not taken in"):
        begin("film.exe")
    with pytest.raises(InvalidSpec, match="64 hexadecimal"):
        begin(sha256="12")
    with pytest.raises(InvalidSpec, match="not a title"):
        begin(title="a\nb")
    with pytest.raises(InvalidSpec, match="shorter than nothing"):
        begin(size=-1)
    with pytest.raises(WorkspaceNotFound):
        begin(workspace="nobodys")
    with pytest.raises(CollectionNotFound):
        shelves.videos.begin(NewOriginal(filename="f.mp4", bytes=1), workspace="default", collection="none")
    assert shelves.rows(Video) == []


def test_content_that_is_there_need_not_come(shelves: Shelves) -> None:
    there = shelves.a_video(b"film")
    shelves.collections.create("default", "door")
    new = NewOriginal(filename="again.mp4", bytes=4, sha256=digest(b"film"))

    again = shelves.videos.begin(new, workspace="default", collection="uploads")
    elsewhere = shelves.videos.begin(new, workspace="default", collection="door")

    assert again == Arrival(video=there, duplicate=True)
    assert not elsewhere.duplicate


def test_content_that_came_a_second_time_gives_the_first_video_and_goes(shelves: Shelves) -> None:
    there = shelves.a_video(b"film")
    begun = shelves.begin(size=4)
    assert begun.key is not None
    upload = _upload(shelves, begun, UploadState.COMPLETED)
    job = shelves.a_job(begun)
    shelves.blobs.put(begun.key, [b"film"])

    arrival = shelves.videos.arrived(begun.id, bytes=4, sha256=digest(b"film"))

    assert arrival == Arrival(video=there, duplicate=True)
    assert shelves.stored() == [there.key]
    assert [row.id for row in shelves.rows(Video)] == [there.id]
    assert [(row.id, row.video_id) for row in shelves.rows(Upload)] == [(upload, there.id)]
    assert [(row.id, row.video_id, row.state) for row in shelves.rows(Job)] == [(job, there.id, "queued")]
    assert list(shelves.blobs.unfinished("")) == []


def test_of_many_who_bring_the_same_content_at_once_one_video_stays(shelves: Shelves) -> None:
    begun = [shelves.begin(size=4) for _ in range(6)]
    for video in begun:
        assert video.key is not None
        shelves.blobs.put(video.key, [b"film"])

    found = at_once(6, lambda n: shelves.videos.arrived(begun[n].id, bytes=4, sha256=digest(b"film")))

    arrivals = [one for one in found if isinstance(one, Arrival)]
    assert len(arrivals) == 6, found
    (winner,) = {one.video.id for one in arrivals}
    assert sorted(one.duplicate for one in arrivals) == [False] + [True] * 5
    assert [row.id for row in shelves.rows(Video)] == [winner]
    assert shelves.stored() == [shelves.videos.get(winner).key]


def test_an_original_is_never_replaced(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")

    with pytest.raises(IllegalTransition, match="never replaced"):
        shelves.videos.arrived(video.id, bytes=5, sha256=digest(b"other"))

    assert shelves.videos.get(video.id) == video


def test_an_empty_original_is_refused(shelves: Shelves) -> None:
    begun = shelves.begin(size=4)

    with pytest.raises(InvalidUpload, match="empty"):
        shelves.videos.arrived(begun.id, bytes=0, sha256=digest(b""))


def test_what_comes_for_a_deleted_video_goes(shelves: Shelves) -> None:
    begun = shelves.begin(size=4)
    assert begun.key is not None
    shelves.hold(shelves.a_job(begun))
    assert not shelves.videos.delete(begun.id)
    shelves.blobs.put(begun.key, [b"film"])

    with pytest.raises(VideoNotFound):
        shelves.videos.arrived(begun.id, bytes=4, sha256=digest(b"film"))

    assert shelves.stored() == []


def test_a_quota_is_kept_and_says_what_is_left(shelves: Shelves) -> None:
    shelves.workspaces.create("team", quota_bytes=10)
    shelves.a_video(b"123456", workspace="team")
    reserved = shelves.begin(size=4, workspace="team")

    with pytest.raises(QuotaExceeded, match=r"'team' has a quota of 10 B and uses 10 B; 1 B more"):
        shelves.begin(size=1, workspace="team")
    shelves.begin(size=0, workspace="team")
    with pytest.raises(QuotaExceeded):
        shelves.videos.arrived(reserved.id, bytes=5, sha256=digest(b"12345"))
    assert shelves.videos.arrived(reserved.id, bytes=3, sha256=digest(b"123")).video.stored_bytes == 3
    assert shelves.begin(size=1, workspace="team").stored_bytes == 1


def test_a_failed_original_gives_its_room_back_and_says_why(shelves: Shelves) -> None:
    shelves.workspaces.create("team", quota_bytes=10)
    begun = shelves.begin(size=10, workspace="team")
    assert begun.key is not None
    shelves.blobs.put(begun.key, [b"half"])

    failed = shelves.videos.failed(begun.id, {"code": "invalid_upload", "message": "it differs"})

    assert (failed.state, failed.stored_bytes) == (VideoState.FAILED, 0)
    assert failed.error == {"code": "invalid_upload", "message": "it differs"}
    assert shelves.stored() == []
    assert shelves.begin(size=10, workspace="team").state is VideoState.UPLOADING
    with pytest.raises(QuotaExceeded):  # a download that is tried again needs its room anew
        shelves.videos.arrived(begun.id, bytes=1, sha256=digest(b"1"))


def test_of_many_who_want_the_last_room_no_more_get_it_than_fit(shelves: Shelves) -> None:
    shelves.workspaces.create("team", quota_bytes=30)

    found = at_once(6, lambda _: shelves.begin(size=10, workspace="team"))

    assert sum(isinstance(one, VideoRecord) for one in found) == 3, found
    assert sum(isinstance(one, QuotaExceeded) for one in found) == 3, found
    assert shelves.workspaces.get("team").stored_bytes == 30


def test_videos_are_listed_with_how_many_there_are(shelves: Shelves) -> None:
    place = shelves.workspaces.get("default").id
    videos = [shelves.a_video(filename=f"film {n}.mp4") for n in range(3)]
    shelves.begin("late.mp4")

    first = shelves.videos.page(Wanted(workspace_id=place), limit=2, count=True)
    rest = shelves.videos.page(Wanted(workspace_id=place), before=first.next, limit=2)
    sought = shelves.videos.page(Wanted(workspace_id=place, text="FILM 1"))

    assert first.total == 4
    assert [v.filename for v in first.videos] == ["late.mp4", "film 2.mp4"]
    assert (rest.videos, rest.next, rest.total) == ((videos[1], videos[0]), None, None)
    assert sought.videos == (videos[1],)
    with pytest.raises(InvalidSpec, match="not where a page ended"):
        shelves.videos.page(Wanted(workspace_id=place), before="x")


def test_a_video_is_shown_with_what_was_made_from_it(shelves: Shelves) -> None:
    video = shelves.a_video()
    shelves.an_artifact(video, "rendition", "720p.mp4")
    shelves.an_artifact(video, "hls", "hls/", files=("master.m3u8", "1.m4s"))

    detail = shelves.videos.show(video.id)

    assert (detail.workspace, detail.collection) == ("default", "uploads")
    assert [(a.role, a.name, a.bytes) for a in detail.artifacts] == [
        ("rendition", "720p.mp4", 10),
        ("hls", "hls/", 20),
    ]
    assert detail.video.stored_bytes == video.bytes + 30
    assert list(detail.artifacts) == list(shelves.videos.artifacts(video.id))
    with pytest.raises(VideoNotFound):
        shelves.videos.show("none")


def test_what_people_say_about_a_video_is_changed_and_the_rest_stays(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    door = shelves.collections.create("default", "door")
    moment = datetime(2026, 10, 1, 7, tzinfo=UTC)
    shelves.clock.pass_by(1)

    changed = shelves.videos.edit(video.id, {"title": " A  title ", "recorded_at": moment}, actor="ann")
    moved = shelves.videos.edit(video.id, {"collection": "door", "notes": "n", "recorded_at": None})

    assert (changed.title, changed.recorded_at, changed.notes) == ("A title", moment, "")
    assert (moved.collection_id, moved.notes, moved.title) == (door.id, "n", "A title")
    assert (moved.key, moved.recorded_at) == (video.key, None)
    assert ("ann", "video.changed") in shelves.audited()
    with pytest.raises(InvalidSpec, match="time zone"):
        shelves.videos.edit(video.id, {"recorded_at": datetime(2026, 1, 1)})  # noqa: DTZ001 - that is it
    with pytest.raises(CollectionNotFound):
        shelves.videos.edit(video.id, {"title": "never", "collection": "none"})
    assert shelves.videos.get(video.id).title == "A title"


def test_a_video_does_not_move_to_where_its_content_is(shelves: Shelves) -> None:
    shelves.collections.create("default", "door")
    video, _ = shelves.a_video(b"film"), shelves.a_video(b"film", collection="door")

    with pytest.raises(VideoExists, match="'door' has a video of the same content"):
        shelves.videos.edit(video.id, {"collection": "door"})

    assert shelves.videos.get(video.id) == video


def test_a_video_does_not_move_to_another_workspace(shelves: Shelves) -> None:
    shelves.workspaces.create("team")
    other = shelves.collections.get("team")

    with pytest.raises(CollectionNotFound):
        shelves.videos.edit(shelves.a_video().id, {"collection": other.id})


def test_nothing_remains_of_a_deleted_video(shelves: Shelves) -> None:
    kept = shelves.a_video(b"kept")
    video = shelves.a_video(b"film")
    shelves.an_artifact(video, "hls", "hls/", files=("master.m3u8", "720p/1.m4s"))
    waiting, failed = shelves.a_job(video), shelves.a_job(video, JobState.FAILED)
    done = shelves.a_job(video, JobState.COMPLETED)
    _upload(shelves, video)
    for job in (waiting, failed):
        shelves.blobs.put(f"work/{job}/one/0", [b"what a step made"])

    gone = shelves.videos.delete(video.id, actor="ann")

    assert gone
    assert shelves.stored() == [kept.key]
    assert list(shelves.blobs.unfinished("")) == []
    assert [row.id for row in shelves.rows(Video)] == [kept.id]
    assert shelves.rows(Artifact) == []
    assert shelves.rows(Upload) == []
    states = {row.id: row.state for row in shelves.rows(Job)}
    assert {states[waiting], states[failed], states[done]} == {"cancelled", "failed", "completed"}
    assert ("ann", "video.deleted") in shelves.audited()
    with pytest.raises(VideoNotFound):
        shelves.videos.delete(video.id)
    assert not (shelves.folder / "storage" / "workspaces" / video.workspace_id / video.id).exists()


def test_the_same_content_may_come_again_while_the_old_one_is_going(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    shelves.hold(shelves.a_job(video))

    assert not shelves.videos.delete(video.id)

    again = shelves.a_video(b"film")
    assert again.id != video.id
    assert shelves.stored() == [again.key]


def test_a_video_that_a_worker_holds_goes_when_it_lets_go(shelves: Shelves) -> None:
    video = shelves.a_video()
    job = shelves.a_job(video)
    shelves.hold(job, minutes=5)

    at_once_gone = shelves.videos.delete(video.id)
    # What a worker stores that has not seen yet that it is over.
    late = f"workspaces/{video.workspace_id}/{video.id}/{job}/late.mp4"
    shelves.blobs.put(late, [b"late"])
    held = shelves.remover.sweep()
    again = shelves.stored()
    shelves.clock.pass_by(6 * 60)
    gone = shelves.remover.sweep()

    assert (at_once_gone, held, gone) == (False, 0, 1)
    assert sum(shelves.waited) >= 5
    assert again == shelves.stored() == []
    assert shelves.rows(Video) == []
    assert shelves.jobs.get(job).state == "cancelled"


def test_an_upload_that_is_being_completed_holds_its_video_for_a_moment(shelves: Shelves) -> None:
    video = shelves.begin()
    _upload(shelves, video, UploadState.COMPLETING)

    assert not shelves.videos.delete(video.id)
    shelves.clock.pass_by(61)
    assert shelves.remover.sweep() == 1
    assert shelves.rows(Upload) == []


class _Failing:
    """A store that fails after so many deletions."""

    def __init__(self, shelves: Shelves, *, after: int) -> None:
        self._blobs, self._left = shelves.blobs, after

    def __getattr__(self, name: str) -> object:
        return getattr(self._blobs, name)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            if not self._left:
                raise StorageUnavailable("the store is away")
            self._left -= 1
            self._blobs.delete([key])


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_deletion_that_was_interrupted_is_finished_by_the_janitor(shelves: Shelves, after: int) -> None:
    video = shelves.a_video()
    shelves.an_artifact(video, "hls", "hls/", files=("master.m3u8", "1.m4s"))
    whole = shelves.blobs
    shelves.blobs = _Failing(shelves, after=after)  # type: ignore[assignment]  # the rest is the store's

    with pytest.raises(StorageUnavailable):
        shelves.videos.delete(video.id)
    shelves.blobs = whole
    left = len(shelves.stored())
    with pytest.raises(VideoNotFound):
        shelves.videos.get(video.id)

    assert left == 3 - after
    assert shelves.remover.sweep() == 1
    assert shelves.stored() == []
    assert shelves.rows(Video) == shelves.rows(Artifact) == []


def test_deletions_at_once_do_not_hinder_each_other(shelves: Shelves) -> None:
    videos = [shelves.a_video() for _ in range(4)]

    found = at_once(8, lambda n: shelves.videos.delete(videos[n // 2].id))

    assert sorted(map(type, found), key=str) == [bool] * 4 + [VideoNotFound] * 4
    assert shelves.remover.sweep() == 0
    assert shelves.stored() == []
    assert shelves.rows(Video) == []


def test_originals_that_nobody_brings_any_more_are_given_up(shelves: Shelves) -> None:
    forsaken = shelves.begin(size=9)
    open_upload, job = shelves.begin(), shelves.begin()
    _upload(shelves, open_upload)
    shelves.a_job(job)
    shelves.clock.pass_by(timedelta(days=2).total_seconds())
    fresh = shelves.begin()

    count = shelves.remover.give_up()

    assert count == 1
    assert {row.id for row in shelves.rows(Video)} == {open_upload.id, job.id, fresh.id}
    assert ("janitor", "video.given_up") in shelves.audited()
    assert forsaken.id not in shelves.videos.find(forsaken.id)


def test_a_video_is_found_by_an_end_of_its_id(shelves: Shelves) -> None:
    videos = [shelves.a_video() for _ in range(2)]

    assert shelves.videos.find(videos[0].id[-8:]) == (videos[0].id,)
    assert sorted(shelves.videos.find(videos[0].id[:4])) == sorted(v.id for v in videos)
    assert shelves.videos.find("") == ()
