from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from framemill.domain.videos import VideoState
from framemill.errors import VideoNotFound, WorkspaceNotFound
from framemill.store import shelves, videos
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.video_tables import Collection, Video, Workspace
from framemill.store.videos import Wanted, page_of_videos
from tests.unit.store.rows import NOON, plans_of

pytestmark = pytest.mark.databases("memory", "postgres")


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def _workspace(database: Database, name: str = "team") -> str:
    row = Workspace(id=new_id(), name=name, title=name, pipeline="proxy", created_at=NOON, updated_at=NOON)
    with database.write() as session:
        session.add(row)
    return row.id


def _collection(database: Database, workspace: str, name: str = "uploads") -> str:
    row = Collection(id=new_id(), workspace_id=workspace, name=name, created_at=NOON, updated_at=NOON)
    with database.write() as session:
        session.add(row)
    return row.id


def _video(database: Database, workspace: str, collection: str, **columns: Any) -> str:  # noqa: ANN401 - columns of Video
    row = Video(
        workspace_id=workspace,
        collection_id=collection,
        **{
            "id": new_id(),
            "title": "Film",
            "filename": "film.mp4",
            "state": VideoState.READY,
            "bytes": 1,
            "stored_bytes": 1,
            "created_at": NOON,
            "updated_at": NOON,
            **columns,
        },
    )
    with database.write() as session:
        session.add(row)
    return row.id


def test_days_and_the_order_bound_what_is_listed(database: Database) -> None:
    team = _workspace(database)
    shelf = _collection(database, team)
    at = [NOON + timedelta(days=day) for day in range(4)]
    ids = [
        _video(database, team, shelf, id=str(UUID(int=int(when.timestamp() * 1000) << 80 | 7)), state=state)
        for when, state in zip(at, [VideoState.READY, VideoState.FAILED] * 2, strict=True)
    ]

    for limit in (1, 2, 9):
        some = Wanted(workspace_id=team, since=at[1], until=at[3])
        assert _all(database, some, limit=limit) == [ids[2], ids[1]]
        oldest = Wanted(workspace_id=team, collection_id=shelf, since=at[1], oldest_first=True)
        assert _all(database, oldest, limit=limit) == ids[1:]
    with database.read() as session:
        assert videos.count_videos(session, Wanted(workspace_id=team, since=at[1], until=at[3])) == 2


def _all(database: Database, wanted: Wanted, *, limit: int) -> list[str]:
    """Page after page to the end."""
    found: list[str] = []
    before: str | None = None
    while True:
        with database.read() as session:
            page = page_of_videos(session, wanted, before=before, limit=limit)
        assert len(page.videos) <= limit
        found += [video.id for video in page.videos]
        before = page.next
        if before is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_every_filter_lists_just_what_fits_the_newest_first(database: Database, limit: int) -> None:
    team, other = _workspace(database), _workspace(database, "other")
    shelf = {place: [_collection(database, place, n) for n in ("a", "b")] for place in (team, other)}
    rows = {
        _video(database, place, shelf[place][number], state=state, notes=f"seen by {who}"): (
            place,
            shelf[place][number],
            state,
            who,
        )
        for number, place, state, who in product((0, 1), (team, other), VideoState, ("Ann", "bob"))
    }
    newest = list(rows)[::-1]
    a = shelf[team][0]
    seen = {"uploading", "ready", "failed"}
    cases: list[tuple[Wanted, Callable[..., bool]]] = [
        (Wanted(workspace_id=team), lambda w, _c, s, _n: w == team and s in seen),
        (Wanted(workspace_id=team, collection_id=a), lambda _w, c, s, _n: c == a and s in seen),
        (
            Wanted(workspace_id=team, states=(VideoState.FAILED, VideoState.READY)),
            lambda w, _c, s, _n: w == team and s in {"failed", "ready"},
        ),
        (
            Wanted(workspace_id=team, collection_id=a, states=(VideoState.DELETING,)),
            lambda _w, c, s, _n: c == a and s == "deleting",
        ),
        (
            Wanted(workspace_id=team, text="BY ANN"),
            lambda w, _c, s, n: w == team and s in seen and n == "Ann",
        ),
        (Wanted(workspace_id=team, text="none such"), lambda *_: False),
    ]

    for wanted, fits in cases:
        assert _all(database, wanted, limit=limit) == [i for i in newest if fits(*rows[i])], wanted
        with database.read() as session:
            count = videos.count_videos(session, wanted)
        if wanted.text is None:
            assert count == sum(fits(*row) for row in rows.values())


def test_a_text_is_found_in_title_filename_and_notes(database: Database) -> None:
    team = _workspace(database)
    shelf = _collection(database, team)
    found = [
        _video(database, team, shelf, title="Straße am Tor"),
        _video(database, team, shelf, filename="x_STRASSE.mp4"),
        _video(database, team, shelf, notes="two\nstrasse"),
    ]
    _video(database, team, shelf, title="100% _")

    assert _all(database, Wanted(workspace_id=team, text="strasse"), limit=9) == found[::-1]
    assert len(_all(database, Wanted(workspace_id=team, text="% _"), limit=9)) == 1


def test_files_are_found_by_what_operations_read_them_as(database: Database) -> None:
    team = _workspace(database)
    shelf = _collection(database, team)
    names = ("film.MP4", "film.de.srt", "logo.PNG", "Sans.otf", "song.mp3", "words.ass")
    made = {name: _video(database, team, shelf, filename=name) for name in names}

    def found(**wanted: str) -> list[str]:
        ids = _all(database, Wanted(workspace_id=team, **wanted), limit=2)  # type: ignore[arg-type]  # texts
        return [name for name in names if made[name] in ids]

    assert found(kind="subtitles") == ["film.de.srt", "words.ass"]
    assert found(kind="picture") == ["logo.PNG"]
    assert found(kind="font") == ["Sans.otf"]
    assert found(kind="media") == ["film.MP4", "song.mp3"]
    assert found(kind="subtitles", text="DE") == ["film.de.srt"]


def test_a_search_in_vain_stops_and_says_where_to_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(videos, "_PATIENCE", 4)
    monkeypatch.setattr(videos, "_CHUNK", 2)
    team = _workspace(database)
    shelf = _collection(database, team)
    old = _video(database, team, shelf, title="sought")
    rest = [_video(database, team, shelf) for _ in range(5)]
    wanted = Wanted(workspace_id=team, text="sought")

    with database.read() as session:
        page = page_of_videos(session, wanted, before=None, limit=3)

    assert (page.videos, page.next) == ((), rest[1])
    assert _all(database, wanted, limit=3) == [old]


@pytest.mark.databases("memory")
def test_nothing_is_looked_through_that_grows(database: Database) -> None:
    """Pages, counts and sums are read from an index alone: no scan of a table, and no sorting."""
    team = _workspace(database)
    shelf = _collection(database, team)
    video = _video(database, team, shelf, sha256="0" * 64)
    text = Wanted(workspace_id=team, text="film")

    with plans_of(database) as plans, database.read() as session:
        for wanted in (
            Wanted(workspace_id=team),
            Wanted(workspace_id=team, collection_id=shelf),
            Wanted(workspace_id=team, collection_id=shelf, states=(VideoState.FAILED,)),
            text,
        ):
            for before in (None, new_id()):
                page_of_videos(session, wanted, before=before, limit=2)
            videos.count_videos(session, wanted)
        shelves.held_by_workspaces(session, [team])
        shelves.held_by_collections(session, team)
        shelves.find_workspace(session, "team")
        shelves.find_collection(session, team, "uploads")
        shelves.going(session, limit=5)
        videos.twin_of(session, shelf, "0" * 64)
        videos.going(session, limit=5)
        videos.forsaken(session, before=NOON, limit=5)
        videos.jobs_to_end(session, video)
        videos.is_held(session, video, now=NOON, completing_since=NOON)
        videos.ids_like(session, "0199")

    found = set(plans())
    assert found
    assert [p for p in found if "SCAN" in p or "TEMP B-TREE" in p] == []
    assert [p for p in found if "ix_videos_usage" in p and "COVERING" not in p] == []
    assert any("ix_videos_usage" in p for p in found)


def test_what_is_being_deleted_is_not_found(database: Database) -> None:
    team = _workspace(database)
    shelf = _collection(database, team)
    video = _video(database, team, shelf, sha256="0" * 64)

    with database.write() as session:
        session.get_one(Workspace, team).deleting_at = NOON
        shelves.mark_videos(session, workspace_id=team, collection_id=shelf, now=NOON)
    with database.read() as session:
        with pytest.raises(WorkspaceNotFound):
            shelves.find_workspace(session, "team")
        with pytest.raises(VideoNotFound):
            videos.get_video(session, video)
        assert shelves.list_workspaces(session) == []
        assert videos.twin_of(session, shelf, "0" * 64) is None
        assert videos.get_video(session, video, going=True).id == video
        assert videos.going(session, limit=5) == [video]
        assert [len(rows) for rows in shelves.going(session, limit=5)] == [0, 1]
        # It counts until its bytes have gone.
        assert shelves.held_by_workspaces(session, [team])[team].stored_bytes == 1


def test_rows_go_with_what_they_belong_to(database: Database) -> None:
    team = _workspace(database)
    _video(database, team, _collection(database, team))

    with database.write() as session:
        session.delete(session.get_one(Workspace, team))

    with database.read() as session:
        assert session.scalars(select(Video.id)).all() == []
        assert session.scalars(select(Collection.id)).all() == []


@pytest.mark.parametrize("wrong", ["", "x", "0199", "'; --", "\0"])
def test_what_is_no_id_is_no_video(database: Database, wrong: str) -> None:
    with database.read() as session, pytest.raises(VideoNotFound):
        videos.get_video(session, wrong)
