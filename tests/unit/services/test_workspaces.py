import pytest

from framemill.errors import (
    CollectionNotFound,
    InvalidSpec,
    NameTaken,
    VideoNotFound,
    WorkspaceNotFound,
)
from framemill.store.video_tables import Collection, Video, Workspace
from tests.shelves import Shelves, at_once

pytestmark = pytest.mark.databases("file", "postgres")


def test_the_default_workspace_and_its_collection_are_there_when_asked_for(shelves: Shelves) -> None:
    (first,) = shelves.workspaces.list()

    assert (first.name, first.title, first.pipeline, first.quota_bytes) == (
        "default",
        "Default",
        "proxy",
        None,
    )
    assert shelves.workspaces.get("default") == shelves.workspaces.get(first.id) == first
    assert [shelf.name for shelf in shelves.collections.list("default")] == ["uploads"]
    assert shelves.collections.get("default").name == "uploads"
    assert len(shelves.rows(Workspace)) == 1


def test_many_may_ask_for_the_default_first(shelves: Shelves) -> None:
    found = at_once(6, lambda _: shelves.collections.get("default").id)

    assert len(set(found)) == 1, found
    assert len(shelves.rows(Workspace)) == 1


def test_a_workspace_is_made_found_by_name_or_id_and_listed_by_name(shelves: Shelves) -> None:
    made = shelves.workspaces.create(
        "team-b", title="Team B", pipeline="publish", quota_bytes=10, actor="ann"
    )
    shelves.workspaces.create("team-a", pipeline="for-the-phone")

    assert shelves.workspaces.get(made.id.upper()) == made
    assert [(w.name, w.title, w.pipeline) for w in shelves.workspaces.list()] == [
        ("team-a", "team-a", "for_the_phone"),
        ("team-b", "Team B", "publish"),
    ]
    assert ("ann", "workspace.created") in shelves.audited()


def test_a_name_is_given_once_and_only_what_can_be_one(shelves: Shelves) -> None:
    shelves.workspaces.create("team")
    shelves.workspaces.create("other")

    with pytest.raises(NameTaken, match="'team' is in use"):
        shelves.workspaces.create("team")
    with pytest.raises(NameTaken):
        shelves.workspaces.edit("other", {"name": "team"})
    with pytest.raises(InvalidSpec, match="not a name of a workspace"):
        shelves.workspaces.create("No Such")
    with pytest.raises(InvalidSpec, match="no pipeline 'cut' for new videos"):
        shelves.workspaces.create("third", pipeline="cut")
    with pytest.raises(InvalidSpec, match="no quota"):
        shelves.workspaces.create("third", quota_bytes=-1)
    with pytest.raises(WorkspaceNotFound, match="framemill workspaces list"):
        shelves.workspaces.get("third")


def test_one_of_many_who_want_a_name_gets_it(shelves: Shelves) -> None:
    found = at_once(5, lambda _: shelves.workspaces.create("team"))

    assert sum(isinstance(one, NameTaken) for one in found) == 4, found
    assert [w.name for w in shelves.workspaces.list()] == ["team"]


def test_what_is_given_is_changed_and_the_rest_stays(shelves: Shelves) -> None:
    shelves.workspaces.create("team", quota_bytes=10)
    shelves.clock.pass_by(5)

    changed = shelves.workspaces.edit(
        "team", {"name": "crew", "pipeline": "none", "quota_bytes": None, "retention": {"keep_newest": 3}}
    )

    assert (changed.name, changed.title, changed.pipeline) == ("crew", "team", "none")
    assert (changed.quota_bytes, changed.retention) == (None, {"keep_newest": 3})
    assert changed.updated_at == shelves.clock.at
    assert shelves.workspaces.get("crew") == changed
    assert shelves.workspaces.edit("crew", {"retention": None}).retention is None
    with pytest.raises(InvalidSpec, match="no rule 'keep'"):
        shelves.workspaces.edit("crew", {"title": "never", "retention": {"keep": 1}})
    assert shelves.workspaces.get("crew").title == "team"


def test_collections_are_made_renamed_and_found(shelves: Shelves) -> None:
    made = shelves.collections.create("default", " Camera  1 ")

    assert made.name == "Camera 1"
    assert shelves.collections.get("default", "Camera 1") == made
    with pytest.raises(NameTaken):
        shelves.collections.create("default", "Camera 1")
    with pytest.raises(NameTaken, match="'uploads'"):
        shelves.collections.rename("default", "Camera 1", "uploads")
    assert shelves.collections.rename("default", made.id, "Door", actor="bob").id == made.id
    with pytest.raises(CollectionNotFound, match="Camera 1"):
        shelves.collections.get("default", "Camera 1")
    shelves.workspaces.create("other")
    with pytest.raises(CollectionNotFound):
        shelves.collections.get("other", made.id)
    assert shelves.collections.create("other", "Door").name == "Door"


def test_what_they_hold_is_counted(shelves: Shelves) -> None:
    shelves.collections.create("default", "door")
    shelves.a_video(b"12345")
    shelves.a_video(b"1234", collection="door")
    shelves.begin(size=100)

    place = shelves.workspaces.get("default")
    held = {shelf.name: (shelf.videos, shelf.stored_bytes) for shelf in shelves.collections.list("default")}

    assert (place.videos, place.stored_bytes) == (3, 109)
    assert held == {"door": (1, 4), "uploads": (2, 105)}
    assert shelves.workspaces.list() == (place,)


def test_a_deleted_collection_leaves_nothing_and_its_name_is_free(shelves: Shelves) -> None:
    kept = shelves.a_video()
    shelves.collections.create("default", "door")
    gone = [shelves.a_video(collection="door") for _ in range(3)]
    shelves.an_artifact(gone[0], "hls", "hls/", files=("master.m3u8", "1.m4s"))

    shelves.collections.delete("default", "door", actor="ann")

    assert shelves.stored() == [kept.key]
    assert [row.id for row in shelves.rows(Video)] == [kept.id]
    assert [row.name for row in shelves.rows(Collection)] == ["uploads"]
    assert ("ann", "collection.deleted") in shelves.audited()
    with pytest.raises(VideoNotFound):
        shelves.videos.get(gone[0].id)
    assert shelves.collections.create("default", "door").videos == 0


def test_a_deleted_workspace_leaves_nothing_and_its_jobs_end(shelves: Shelves) -> None:
    shelves.workspaces.create("team")
    video = shelves.a_video(workspace="team")
    job = shelves.a_job(video)

    shelves.workspaces.delete("team", actor="ann")

    assert shelves.stored() == []
    assert shelves.rows(Video) == []
    assert shelves.rows(Workspace) == []
    assert shelves.rows(Collection) == []
    assert shelves.jobs.get(job).state == "cancelled"
    with pytest.raises(WorkspaceNotFound):
        shelves.collections.create("team", "door")
    assert [w.name for w in shelves.workspaces.list()] == ["default"]


def test_a_deleted_workspace_is_gone_for_everyone_though_a_worker_holds_something_of_it(
    shelves: Shelves,
) -> None:
    shelves.workspaces.create("team")
    video = shelves.a_video(workspace="team")
    shelves.hold(shelves.a_job(video))

    shelves.workspaces.delete("team")

    with pytest.raises(WorkspaceNotFound):
        shelves.workspaces.get("team")
    with pytest.raises(VideoNotFound):
        shelves.videos.get(video.id)
    assert shelves.workspaces.create("team").videos == 0
    shelves.clock.pass_by(3600)
    assert shelves.remover.sweep() == 1
    assert [row.name for row in shelves.rows(Workspace)] == ["team"]
    assert shelves.stored() == []


def test_the_default_collection_comes_back_after_it_was_deleted(shelves: Shelves) -> None:
    old = shelves.collections.get("default")

    shelves.collections.delete("default", "uploads")

    assert shelves.collections.list("default") == ()
    assert shelves.collections.get("default").id != old.id


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_nothing_is_called_what_no_database_takes(shelves: Shelves, name: str) -> None:
    shelves.workspaces.list()

    with pytest.raises(WorkspaceNotFound):
        shelves.workspaces.get(name)
    with pytest.raises(CollectionNotFound):
        shelves.collections.get("default", name)
