from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from framemill.domain.videos import UploadState, VideoState
from framemill.errors import (
    CollectionNotFound,
    FramemillError,
    IdempotencyConflict,
    InvalidSpec,
    InvalidUpload,
    LimitExceeded,
    QuotaExceeded,
    UploadNotFound,
    WorkspaceNotFound,
)
from framemill.services.originals import NewOriginal
from framemill.storage.blobs import MIN_PART
from framemill.store.database import open_database
from framemill.store.jobs import new_id
from framemill.store.tables import Job
from tests.engines import Clock
from tests.yards import PART, Crash, Fuse, Yard, a_film, announced, sha256

FILM = a_film(PART + 1000)
HOUR = 3600


@pytest.fixture(name="yard")
def _yard(tmp_path: Path, database_url: str) -> Iterator[Yard]:
    clock = Clock()
    database = open_database(database_url, clock=clock)
    yield Yard(database=database, clock=clock, folder=tmp_path)
    database.close()


@pytest.mark.databases("memory", "postgres")
def test_a_file_in_parts_becomes_a_video_and_its_job_starts(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM, sha256=sha256(FILM), pipeline="publish", notes="a note"))
    assert begun.id is not None
    assert (begun.part_count, begun.part_bytes, begun.state) == (2, PART, UploadState.OPEN)
    assert [(url.number, url.bytes) for url in begun.urls] == [(1, PART), (2, 1000)]
    yard.send(begun, FILM)

    done = yard.uploads.complete(begun.id, sha256=sha256(FILM))

    assert (done.state, done.video_state, done.duplicate) == (
        UploadState.COMPLETED,
        VideoState.READY,
        False,
    )
    assert done.sha256 == sha256(FILM)
    assert yard.jobs == {begun.video_id: ["publish"]}
    (video,), _ = yard.rows()
    assert yard.stored() == {video.key: FILM}
    assert video.key == f"workspaces/{video.workspace_id}/{video.id}/original.mp4"
    assert (video.bytes, video.sha256, video.content_type) == (len(FILM), sha256(FILM), "video/mp4")
    assert (video.title, video.filename, video.notes) == ("film", "film.mp4", "a note")
    assert yard.nothing_open()


def test_what_lies_beside_a_film_is_taken_by_its_kind_and_nothing_is_made_of_it(yard: Yard) -> None:
    text = b"1\n00:00:00,500 --> 00:00:01,500\nhello\n"
    begun = yard.uploads.begin(announced(text, filename="words.srt", kind="subtitles", pipeline="publish"))
    assert begun.id is not None
    yard.send(begun, text)

    done = yard.uploads.complete(begun.id)

    assert (done.state, done.video_state) == (UploadState.COMPLETED, VideoState.READY)
    assert yard.jobs == {begun.video_id: ["none"]}
    for filename, kind in (("words.srt", "media"), ("words.srt", "picture"), ("film.mp4", "subtitles")):
        with pytest.raises(InvalidUpload):
            yard.uploads.begin(announced(text, filename=filename, kind=kind))
    with pytest.raises(LimitExceeded):
        yard.uploads.begin(replace(announced(text, filename="words.srt", kind="subtitles"), bytes=65 << 20))


def test_completing_again_says_the_same_again(yard: Yard) -> None:
    done = yard.upload(FILM)
    assert done.id is not None

    assert yard.uploads.complete(done.id) == done
    assert len(yard.jobs) == 1


def test_the_digest_is_found_without_being_told(yard: Yard) -> None:
    assert yard.upload(FILM).sha256 == sha256(FILM)


def test_another_process_sees_which_parts_have_arrived_and_goes_on(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM, numbers=[2])

    seen = yard.uploads.show(begun.id)

    assert [(part.number, part.bytes) for part in seen.received] == [(2, 1000)]
    assert seen.missing == (1,)
    yard.send(seen, FILM)
    assert yard.uploads.complete(begun.id).video_state is VideoState.READY


def test_what_is_missing_is_told_and_can_still_be_sent(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM, numbers=[1])

    with pytest.raises(InvalidUpload, match="of 2 parts these are missing or not as long as announced: 2"):
        yard.uploads.complete(begun.id)

    yard.send(begun, FILM, numbers=[2])
    assert yard.uploads.complete(begun.id).state is UploadState.COMPLETED


def test_a_part_of_the_wrong_length_counts_for_nothing(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None

    for content in (b"", FILM[:PART][:-1], FILM[:PART] + b"x"):
        with pytest.raises(InvalidUpload):
            yard.uploads.put_part(begun.id, 1, [content])

    assert yard.uploads.show(begun.id).received == ()


def test_wrong_lengths_in_the_store_itself_are_seen_before_it_is_completed(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM, numbers=[1])
    _, (row,) = yard.rows()
    yard.store.put_part(row.key, row.store_id, 2, [FILM[PART:], b"and more"])

    with pytest.raises(InvalidUpload, match="announced: 2"):
        yard.uploads.complete(begun.id)


def test_a_part_sent_again_replaces_itself(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, a_film(len(FILM), salt=1))
    yard.send(begun, FILM)
    yard.send(begun, FILM)

    assert yard.uploads.complete(begun.id).sha256 == sha256(FILM)


def test_an_etag_that_is_not_the_parts_is_refused(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)
    etags = {part.number: part.etag for part in yard.uploads.show(begun.id).received}

    with pytest.raises(InvalidUpload, match="part 2"):
        yard.uploads.complete(begun.id, parts=[(1, etags[1]), (2, etags[1])])
    with pytest.raises(InvalidSpec, match="there is no part 3"):
        yard.uploads.complete(begun.id, parts=[(3, None)])

    named = [(1, f'"{etags[1]}"'), (2, etags[2])]
    assert yard.uploads.complete(begun.id, parts=named).state is UploadState.COMPLETED


def test_another_digest_than_announced_fails_the_upload_and_removes_its_bytes(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM, sha256=sha256(b"another")))
    assert begun.id is not None
    yard.send(begun, FILM)

    for _ in range(2):
        with pytest.raises(InvalidUpload, match=sha256(FILM)):
            yard.uploads.complete(begun.id)

    assert yard.stored() == {}
    assert yard.nothing_open()
    assert yard.jobs == {}
    (video,), (row,) = yard.rows()
    assert (video.state, row.state) == (VideoState.FAILED, UploadState.FAILED)
    assert video.error is not None
    assert video.error["code"] == "invalid_upload"


def test_a_digest_that_changes_on_the_way_is_refused_before_anything_is_done(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM, sha256=sha256(FILM)))
    assert begun.id is not None
    yard.send(begun, FILM)

    with pytest.raises(InvalidUpload, match="announced with sha256"):
        yard.uploads.complete(begun.id, sha256=sha256(b"another"))

    assert yard.uploads.complete(begun.id).state is UploadState.COMPLETED


@pytest.mark.parametrize(
    "impostor",
    [b"<!DOCTYPE html><script>", b"PK\x03\x04" + bytes(40), b"MZ\x90\0\3", b"#EXTM3U\nfile:///etc/passwd"],
)
def test_what_is_no_film_is_refused_and_removed(yard: Yard, impostor: bytes) -> None:
    content = impostor + bytes(PART)
    begun = yard.uploads.begin(announced(content))
    assert begun.id is not None
    yard.send(begun, content)

    with pytest.raises(InvalidUpload, match=r"no \.mp4"):
        yard.uploads.complete(begun.id)

    assert yard.stored() == {}


def test_the_same_content_again_needs_no_upload(yard: Yard) -> None:
    first = yard.upload(FILM)

    again = yard.uploads.begin(announced(FILM, filename="other.mov", sha256=sha256(FILM)))

    assert (again.id, again.video_id, again.duplicate, again.urls) == (None, first.video_id, True, ())
    assert len(yard.rows()[0]) == 1


@pytest.mark.databases("memory", "postgres")
def test_content_found_to_be_there_only_at_the_end_gives_the_video_that_has_it(yard: Yard) -> None:
    first = yard.upload(FILM)

    second = yard.upload(FILM, filename="other.mov")

    assert (second.video_id, second.duplicate, second.state) == (
        first.video_id,
        True,
        UploadState.COMPLETED,
    )
    assert len(yard.stored()) == 1
    assert len(yard.rows()[0]) == 1
    assert len(yard.jobs) == 1


@pytest.mark.databases("memory", "postgres")
def test_giving_up_leaves_nothing(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)

    yard.uploads.abort(begun.id)

    assert yard.rows() == ([], [])
    assert yard.stored() == {}
    assert yard.nothing_open()
    for act in (yard.uploads.show, yard.uploads.abort, yard.uploads.complete):
        with pytest.raises(UploadNotFound):
            act(begun.id)


def test_what_is_completed_cannot_be_given_up(yard: Yard) -> None:
    done = yard.upload(FILM)
    assert done.id is not None

    with pytest.raises(UploadNotFound):
        yard.uploads.abort(done.id)

    assert len(yard.stored()) == 1


@pytest.mark.databases("memory", "postgres")
def test_the_same_request_again_gives_the_same_upload(yard: Yard) -> None:
    first = yard.uploads.begin(announced(FILM, idempotency_key="k"))
    again = yard.uploads.begin(announced(FILM, idempotency_key="k"))

    assert (again.id, again.video_id) == (first.id, first.video_id)
    for other in (announced(FILM[:-1]), announced(FILM, filename="b.mp4")):
        with pytest.raises(IdempotencyConflict):
            yard.uploads.begin(replace(other, idempotency_key="k"))
    someone_elses = yard.uploads.begin(announced(FILM, idempotency_key="k", uploader="b"))
    assert someone_elses.id != first.id


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"filename": "film.exe"}, InvalidUpload),
        ({"filename": "film.webm"}, InvalidUpload),  # not in this installation's list
        ({"filename": "../.mp4"}, FramemillError),
        ({"bytes": 0}, InvalidUpload),
        ({"bytes": (64 << 20) + 1}, LimitExceeded),
        ({"sha256": "abc"}, InvalidSpec),
        ({"workspace": "nowhere"}, WorkspaceNotFound),
        ({"collection": "nothing"}, CollectionNotFound),
        ({"idempotency_key": ""}, InvalidSpec),
    ],
)
def test_what_is_refused_leaves_no_row(
    yard: Yard, changes: dict[str, object], error: type[FramemillError]
) -> None:
    with pytest.raises(error):
        yard.uploads.begin(announced(FILM, **changes))

    assert yard.rows() == ([], [])


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd.mp4", "a/b\\c.mp4", "-evil.mp4", "img%03d.mp4", "x\0y\n.mp4", "…🎬.mp4"]
)
def test_a_hostile_name_never_becomes_a_path(yard: Yard, name: str, tmp_path: Path) -> None:
    yard.upload(FILM, filename=name)

    (video,), _ = yard.rows()
    assert list(yard.stored()) == [f"workspaces/{video.workspace_id}/{video.id}/original.mp4"]
    assert "/" not in video.filename
    assert video.filename.isprintable()


def test_addresses_are_given_in_slices_and_end_with_the_upload(yard: Yard) -> None:
    yard.max_bytes = 1 << 50
    begun = yard.uploads.begin(announced(b"", bytes=200 * PART))
    assert begun.id is not None
    assert [url.number for url in begun.urls] == list(range(1, 101))

    more = yard.uploads.urls(begun.id, range(101, 201))
    assert [url.number for url in more] == list(range(101, 201))
    for numbers in (range(201, 202), range(1, 1002), [0]):
        with pytest.raises(InvalidSpec):
            yard.uploads.urls(begun.id, numbers)

    yard.clock.pass_by(6 * HOUR)
    with pytest.raises(UploadNotFound):
        yard.uploads.urls(begun.id, [1])


def test_the_store_may_forget_an_upload_without_its_sender_being_lost(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM, numbers=[1])
    _, (row,) = yard.rows()
    yard.store.abort_parts(row.key, row.store_id)

    seen = yard.uploads.show(begun.id)

    assert seen.missing == (1, 2)
    yard.send(seen, FILM)
    assert yard.uploads.complete(begun.id).state is UploadState.COMPLETED


def test_bytes_that_go_while_it_is_completed_can_be_sent_again(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)
    _, (row,) = yard.rows()
    yard.fuse = Fuse(at=3)  # accepted, and no more
    with pytest.raises(Crash):
        yard.uploads.complete(begun.id)
    yard.fuse = Fuse()
    yard.store.abort_parts(row.key, row.store_id)

    with pytest.raises(InvalidUpload):
        yard.uploads.complete(begun.id)

    seen = yard.uploads.show(begun.id)
    assert seen.missing == (1, 2)
    yard.send(seen, FILM)
    assert yard.uploads.complete(begun.id).state is UploadState.COMPLETED


def test_while_somebody_completes_it_others_are_told_so(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)
    second = []

    def while_reading(video: str, *, pipeline: str | None) -> str | None:
        second.append(yard.uploads.complete(begun.id or "").state)
        return None

    yard.start = while_reading  # the moment in between
    yard.uploads.complete(begun.id)

    assert second == [UploadState.COMPLETING]


def test_a_pipeline_that_does_not_start_costs_no_original(yard: Yard) -> None:
    def refuse(video: str, *, pipeline: str | None) -> str | None:
        raise InvalidSpec("no such pipeline")

    yard.start = refuse  # a pipeline that was removed meanwhile
    done = yard.upload(FILM)

    assert (done.state, done.video_state) == (UploadState.COMPLETED, VideoState.READY)
    assert done.error is not None
    assert done.error["code"] == "invalid_spec"


def test_a_small_file_comes_in_one_go(yard: Yard) -> None:
    done = yard.uploads.take(announced(FILM, bytes=len(FILM) + 1000), [FILM[:10], FILM[10:]])

    assert (done.state, done.bytes, done.sha256) == (UploadState.COMPLETED, len(FILM), sha256(FILM))
    assert list(yard.stored().values()) == [FILM]
    again = yard.uploads.take(announced(FILM), [FILM])
    assert (again.video_id, again.duplicate) == (done.video_id, True)
    assert len(yard.stored()) == 1


def test_the_same_form_sent_again_gives_the_same_video(yard: Yard) -> None:
    asked = announced(FILM, bytes=len(FILM) + 1000, idempotency_key="k")
    done = yard.uploads.take(asked, [FILM])

    again = yard.uploads.take(asked, iter(()))

    assert (again.id, again.video_id, again.state) == (done.id, done.video_id, UploadState.COMPLETED)
    with pytest.raises(IdempotencyConflict):
        yard.uploads.take(replace(asked, filename="other.mp4"), [FILM])
    with pytest.raises(IdempotencyConflict):
        yard.uploads.take(replace(asked, bytes=1000), [FILM])


@pytest.mark.databases("memory", "postgres")
def test_two_of_the_same_form_at_once_leave_the_original_that_was_verified(yard: Yard) -> None:
    asked = announced(FILM, bytes=len(FILM) + 1000, idempotency_key="k")
    other = b"<html>" + FILM[6:]

    def slowly() -> Iterator[bytes]:
        yield other[:10]
        yard.uploads.take(asked, [FILM])
        yield other[10:]

    done = yard.uploads.take(asked, slowly())

    assert (done.state, done.sha256) == (UploadState.COMPLETED, sha256(FILM))
    assert list(yard.stored().values()) == [FILM]
    assert [video.key for video in yard.rows()[0]] == list(yard.stored())


def test_of_a_form_whose_upload_is_given_up_meanwhile_nothing_stays(yard: Yard) -> None:
    def given_up() -> Iterator[bytes]:
        yield FILM[:1000]
        yard.uploads.abort(yard.rows()[1][0].id)
        yield FILM[1000:]

    with pytest.raises(UploadNotFound):
        yard.uploads.take(announced(FILM), given_up())

    assert yard.stored() == {}
    assert yard.rows() == ([], [])


def _broken() -> Iterator[bytes]:
    yield FILM[:1000]
    raise ConnectionError


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([], InvalidUpload),
        ([b"<html>" * 1000], InvalidUpload),
        ([b"x" * 2000, b"x" * 2000], LimitExceeded),
        (_broken(), ConnectionError),
    ],
)
def test_of_a_form_that_fails_nothing_is_stored(
    yard: Yard, pieces: list[bytes], error: type[Exception]
) -> None:
    yard.max_bytes = 3000
    if error is InvalidUpload:
        yard.max_bytes = 1 << 30

    with pytest.raises(error):
        yard.uploads.take(announced(FILM, bytes=1000), pieces)

    assert yard.stored() == {}


@pytest.mark.databases("memory", "postgres")
def test_time_runs_out_and_nothing_stays(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    yard.send(begun, FILM)
    yard.clock.pass_by(6 * HOUR - 1)
    assert yard.watch.tidy().all == 0

    yard.clock.pass_by(1)

    assert yard.watch.tidy().removed == 1
    assert yard.rows() == ([], [])
    assert yard.nothing_open()


def test_what_the_store_holds_open_and_no_row_names_is_swept_after_an_hour(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    key = "workspaces/w/v/original.mp4"
    stray = yard.store.start_parts(key)
    yard.store.put_part(key, stray, 1, [b"x" * MIN_PART])

    watch = yard.watch
    assert watch.tidy().swept == 0
    yard.clock.pass_by(HOUR + 1)

    assert watch.tidy().swept == 1
    assert [one.upload for one in yard.store.unfinished("")] == [yard.rows()[1][0].store_id]
    assert yard.uploads.show(begun.id or "").state is UploadState.OPEN


@pytest.mark.databases("memory", "postgres")
def test_what_a_job_is_sending_for_hours_is_not_swept(yard: Yard) -> None:
    """An S3 store takes large files in parts that no row knows."""
    yard.upload(FILM)
    video, job_id = yard.rows()[0][0], new_id()
    with yard.database.write() as session:
        now = yard.database.now(session)
        session.add(
            Job(
                id=job_id,
                kind="publish",
                state="running",
                video_id=video.id,
                specs=[],
                inputs={},
                destination={},
                priority=5,
                max_attempts=3,
                created_at=now,
                updated_at=now,
            )
        )
    keys = {f"workspaces/{video.workspace_id}/{video.id}/{job_id}/big.mp4", f"work/{job_id}/step/0"}
    for key in keys:
        yard.store.start_parts(key)
    watch = yard.watch
    yard.clock.pass_by(HOUR + 1)

    assert watch.tidy().swept == 0

    assert {one.key for one in yard.store.unfinished("")} == keys
    with yard.database.write() as session:
        session.get_one(Job, job_id).state = "cancelled"
    yard.clock.pass_by(HOUR + 1)
    assert watch.tidy().swept == 2
    assert yard.nothing_open()


@pytest.mark.databases("memory", "postgres")
def test_what_comes_from_an_address_for_hours_is_not_swept(yard: Yard) -> None:
    coming = yard.videos.begin(
        NewOriginal(filename="film.mp4", bytes=0), workspace="default", collection="uploads"
    )
    yard.store.start_parts(coming.video.key or "")
    watch = yard.watch
    yard.clock.pass_by(HOUR + 1)

    assert watch.tidy().swept == 0

    yard.videos.failed(coming.video.id, {"code": "download_failed", "message": "it did not come"})
    assert yard.nothing_open()


def test_what_a_form_is_sending_for_hours_is_not_swept(yard: Yard) -> None:
    swept = []

    def slowly() -> Iterator[bytes]:
        yield FILM[:1000]
        part = yard.store.start_parts(yard.rows()[1][0].key)  # as an S3 store does for large files
        yard.clock.pass_by(HOUR + 1)
        swept.append(yard.watch.tidy().swept)
        yard.store.abort_parts(yard.rows()[1][0].key, part)
        yield FILM[1000:]

    assert yard.uploads.take(announced(FILM), slowly()).state is UploadState.COMPLETED
    assert swept == [0]


def test_failed_uploads_are_forgotten_when_their_time_is_over(yard: Yard) -> None:
    with pytest.raises(InvalidUpload):
        yard.upload(FILM, sha256=sha256(b"another"))

    yard.clock.pass_by(6 * HOUR)
    yard.watch.tidy()

    assert yard.rows() == ([], [])


def test_completed_uploads_are_forgotten_and_their_videos_stay(yard: Yard) -> None:
    yard.upload(FILM)

    yard.clock.pass_by(31 * HOUR)
    yard.watch.tidy()

    videos, uploads = yard.rows()
    assert (len(videos), uploads) == (1, [])
    assert list(yard.stored().values()) == [FILM]


@pytest.mark.databases("memory", "postgres")
def test_a_video_deleted_on_its_way_takes_its_upload_along(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)

    yard.videos.delete(begun.video_id)

    for act in (yard.uploads.show, yard.uploads.complete, yard.uploads.abort):
        with pytest.raises(UploadNotFound):
            act(begun.id)
    assert yard.rows() == ([], [])
    assert (yard.stored(), yard.nothing_open()) == ({}, True)


def test_a_video_deleted_while_it_is_completed_takes_its_bytes_along(yard: Yard) -> None:
    begun = yard.uploads.begin(announced(FILM))
    assert begun.id is not None
    yard.send(begun, FILM)
    yard.fuse = Fuse(at=3)  # accepted, and no more
    with pytest.raises(Crash):
        yard.uploads.complete(begun.id)
    yard.fuse = Fuse()
    yard.videos.delete(begun.video_id)

    yard.clock.pass_by(60)
    yard.watch.tidy()
    yard.sweep()

    assert yard.rows() == ([], [])
    assert (yard.stored(), yard.nothing_open(), yard.jobs) == ({}, True, {})


def test_a_workspace_takes_no_more_than_its_quota_with_what_is_on_its_way(yard: Yard) -> None:
    yard.workspaces.get("default")
    yard.workspaces.edit("default", {"quota_bytes": 2 * len(FILM)})
    yard.uploads.begin(announced(FILM))
    second = yard.uploads.begin(announced(FILM, filename="second.mp4"))

    with pytest.raises(QuotaExceeded, match="quota"):
        yard.uploads.begin(announced(FILM, filename="third.mp4"))

    yard.uploads.abort(second.id or "")
    assert yard.uploads.begin(announced(FILM, filename="third.mp4")).id is not None


@pytest.mark.databases("memory", "postgres")
def test_what_is_no_id_is_no_upload(yard: Yard) -> None:
    with pytest.raises(UploadNotFound):
        yard.uploads.show("nobody's")
