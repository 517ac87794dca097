import pytest

from framemill.domain.retention import RetentionRules
from framemill.domain.states import JobState
from framemill.errors import InvalidSpec, StorageUnavailable
from framemill.services.retention import Removal
from framemill.store.tables import Artifact, AuditEvent
from framemill.store.video_tables import Video
from tests.shelves import Shelves, digest

pytestmark = pytest.mark.databases("file", "postgres")

DAY = 86_400


def _told(removals: list[Removal]) -> list[tuple[str, str, str | None]]:
    return [(one.what, one.name, one.kept) for one in removals]


def test_a_plan_tells_what_would_go_and_changes_nothing(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    shelves.an_artifact(video, "rendition", "720p.mp4")
    shelves.an_artifact(video, "proxy", "proxy.mp4")
    shelves.clock.pass_by(31 * DAY)
    shelves.a_video(filename="new.mp4")
    before = shelves.stored()
    rules = RetentionRules(originals_days=30, artifacts_days={"proxy": 7})

    planned = list(shelves.retention.plan("default", rules=rules))

    assert _told(planned) == [("original", "film.mp4", None), ("artifact", "proxy.mp4", None)]
    assert [(one.video_id, one.bytes) for one in planned] == [(video.id, 4), (video.id, 10)]
    assert shelves.stored() == before
    assert shelves.videos.get(video.id).stored_bytes == 24
    with pytest.raises(InvalidSpec, match="keeps everything"):
        list(shelves.retention.plan("default"))


def test_originals_go_when_their_renditions_are_there_and_the_video_stays(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    shelves.an_artifact(video, "hls", "hls/", files=("master.m3u8", "720p/1.m4s"))
    shelves.workspaces.edit("default", {"retention": {"originals_days": 30}})
    shelves.clock.pass_by(30 * DAY)

    removed = list(shelves.retention.apply("default", actor="ann"))

    after = shelves.videos.get(video.id)
    assert _told(removed) == [("original", "film.mp4", None)]
    assert (after.state, after.key, after.bytes, after.stored_bytes, after.sha256) == (
        "ready",
        None,
        0,
        20,
        None,
    )
    assert video.key not in shelves.stored()
    assert len(shelves.stored()) == 2
    assert list(shelves.retention.apply("default")) == []
    (event,) = [row for row in shelves.rows(AuditEvent) if row.action == "video.original_removed"]
    assert (event.actor, event.subject) == ("ann", f"video:{video.id}")
    assert event.data["sha256"] == digest(b"film")
    assert "30 days" in event.data["reason"]
    assert shelves.a_video(b"film").id != video.id


def test_an_original_stays_where_the_store_has_not_all_of_its_renditions(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    shelves.an_artifact(video, "rendition", "720p.mp4")
    stream = shelves.an_artifact(video, "hls", "hls/", files=("master.m3u8", "1.m4s"))
    shelves.workspaces.edit("default", {"retention": {"originals_days": 1}})
    shelves.clock.pass_by(2 * DAY)
    (lost,) = [key for key in shelves.stored() if key.endswith("1.m4s")]
    shelves.blobs.delete([lost])

    removed = list(shelves.retention.apply("default"))

    assert _told(removed) == [("original", "film.mp4", "the store has not all of its renditions")]
    assert video.key in shelves.stored()
    assert stream in {row.id for row in shelves.rows(Artifact)}
    assert shelves.retention.run() == 0


def test_what_a_job_works_on_stays(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    shelves.an_artifact(video, "rendition", "720p.mp4")
    shelves.workspaces.edit("default", {"retention": {"originals_days": 0, "videos_days": 1}})
    shelves.clock.pass_by(2 * DAY)
    job = shelves.a_job(video, JobState.PAUSED)

    busy = list(shelves.retention.apply("default"))
    shelves.jobs.cancel(job)
    idle = list(shelves.retention.apply("default"))

    assert busy == []
    assert _told(idle) == [("video", "film.mp4", None)]
    assert shelves.stored() == []


def test_of_each_collection_the_newest_stay(shelves: Shelves) -> None:
    shelves.collections.create("default", "door")
    here = [shelves.a_video(filename=f"{n}.mp4") for n in range(4)]
    there = shelves.a_video(collection="door")
    uploading = shelves.begin()
    shelves.videos.failed(shelves.begin("failed.mp4").id, {"code": "x"})
    shelves.workspaces.edit("default", {"retention": {"keep_newest": 2}})

    removed = list(shelves.retention.apply("default"))

    assert _told(removed) == [("video", "1.mp4", None), ("video", "0.mp4", None)]
    left = {row.id for row in shelves.rows(Video) if row.state != "failed"}
    assert left == {here[2].id, here[3].id, there.id, uploading.id}
    assert ("retention", "video.deleted") in shelves.audited()


def test_an_artifact_goes_without_what_others_need(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    clip = shelves.an_artifact(video, "clip", "parts/", files=("1.mp4", "2.mp4"))
    with shelves.database.write() as session:
        row = session.get_one(Artifact, clip)
        other = {"role": "thumbnail", "path": "parts/2.mp4", "key": f"{row.key}2.mp4", "position": 1}
        session.add(
            Artifact(
                id=row.id[:-4] + "ffff",
                video_id=video.id,
                bytes=10,
                provenance={},
                created_at=row.created_at,
                **other,
            )
        )
    shelves.workspaces.edit("default", {"retention": {"artifacts_days": {"clip": 3}}})
    shelves.clock.pass_by(3 * DAY)

    count = shelves.retention.run()

    assert count == 1
    assert [row.role for row in shelves.rows(Artifact)] == ["thumbnail"]
    assert [key.rpartition("/")[2] for key in shelves.stored()] == ["2.mp4", "original.mp4"]
    assert shelves.videos.get(video.id).stored_bytes == 14


def test_a_removal_that_broke_off_is_finished_the_next_time(shelves: Shelves) -> None:
    video = shelves.a_video(b"film")
    shelves.an_artifact(video, "rendition", "720p.mp4")
    shelves.an_artifact(video, "proxy", "proxy.mp4")
    rules = {"originals_days": 1, "artifacts_days": {"proxy": 1}}
    shelves.workspaces.edit("default", {"retention": rules})
    shelves.clock.pass_by(2 * DAY)
    whole = shelves.blobs
    shelves.blobs = _Away(whole)  # type: ignore[assignment]  # the rest is the store's

    with pytest.raises(StorageUnavailable):
        shelves.retention.run()
    halfway = shelves.videos.get(video.id)
    shelves.blobs = whole
    count = shelves.retention.run()

    assert (halfway.key, halfway.bytes) == (video.key, 0)
    assert count == 2
    assert shelves.videos.get(video.id).key is None
    assert [key.rpartition("/")[2] for key in shelves.stored()] == ["720p.mp4"]
    assert [action for _, action in shelves.audited()].count("video.original_removed") == 1


class _Away:
    """A store that removes nothing."""

    def __init__(self, blobs: object) -> None:
        self._blobs = blobs

    def __getattr__(self, name: str) -> object:
        return getattr(self._blobs, name)

    def delete(self, keys: object) -> None:  # noqa: ARG002 - the port names it
        raise StorageUnavailable("the store is away")


def test_the_rules_of_every_workspace_are_kept(shelves: Shelves) -> None:
    for name in ("one", "two", "three"):
        shelves.workspaces.create(name)
        shelves.a_video(filename=f"{name}.mp4", workspace=name)
    for name in ("one", "two"):
        shelves.workspaces.edit(name, {"retention": {"videos_days": 1}})
    shelves.clock.pass_by(DAY)

    assert shelves.retention.run() == 2

    assert [row.filename for row in shelves.rows(Video)] == ["three.mp4"]
