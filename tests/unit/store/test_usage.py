from collections.abc import Iterator
from datetime import date

import pytest

from framemill.store import usage
from framemill.store.database import Database, open_database
from framemill.store.holdings import Holding, holdings
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact
from framemill.store.video_tables import Collection, Video, Workspace
from tests.unit.store.rows import NOON, plans_of

pytestmark = pytest.mark.databases("memory", "postgres")

FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (1, 2, 3))


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def _a_workspace(database: Database, *sizes: int) -> str:
    """With a video for each of the sizes, of which half is a rendition of two."""
    times = {"created_at": NOON, "updated_at": NOON}
    place, shelf = new_id(), new_id()
    with database.write() as session:
        session.add(Workspace(id=place, name=place, title="", **times))
        session.flush()
        session.add(Collection(id=shelf, workspace_id=place, name="cameras", **times))
        session.flush()
        for size in sizes:
            video = new_id()
            session.add(
                Video(
                    id=video,
                    workspace_id=place,
                    collection_id=shelf,
                    title="",
                    filename="film.mp4",
                    state="ready",
                    key=f"workspaces/{place}/{video}/original.mp4",
                    bytes=size,
                    stored_bytes=2 * size,
                    **times,
                )
            )
            session.flush()
            for key in ("a", "b"):
                session.add(
                    Artifact(
                        id=new_id(),
                        video_id=video,
                        position=0,
                        role="rendition",
                        path="720p.mp4",
                        key=f"workspaces/{place}/{video}/{key}",
                        bytes=size // 2,
                        provenance={},
                        created_at=NOON,
                    )
                )
    return place


def _days(database: Database, workspace: str) -> list[tuple[date, int, int | None]]:
    with database.read() as session:
        rows = usage.days_between(session, FIRST, THIRD, [workspace])
    return [(row.day, row.served_bytes, row.stored_bytes) for row in rows]


def test_what_is_sent_on_one_day_is_added_up(database: Database) -> None:
    mine, theirs = new_id(), new_id()

    for day, counts in ((FIRST, {mine: 5, theirs: 1}), (FIRST, {mine: 7}), (SECOND, {mine: 2**40})):
        with database.write() as session:
            usage.add_served(session, day, counts)
    with database.write() as session:
        usage.set_stored(session, SECOND, {mine: 9})

    assert _days(database, mine) == [(FIRST, 12, None), (SECOND, 2**40, 9)]
    assert _days(database, theirs) == [(FIRST, 1, None)]


def test_the_last_measurement_of_a_day_counts(database: Database) -> None:
    mine = new_id()

    for count in (5, 3):
        with database.write() as session:
            usage.set_stored(session, FIRST, {mine: count})
    with database.read() as session:
        before = [usage.stored_before(session, day, [mine]) for day in (FIRST, THIRD)]

    assert _days(database, mine) == [(FIRST, 0, 3)]
    assert before == [{}, {mine: 3}]


def test_a_workspace_that_has_gone_keeps_nothing_any_more(database: Database) -> None:
    full, empty, gone = _a_workspace(database, 100, 50), _a_workspace(database), new_id()
    with database.write() as session:
        usage.set_stored(session, FIRST, {gone: 7})

    with database.read() as session:
        found = usage.measure_stored(session)

    assert {key: found[key] for key in (full, empty, gone)} == {full: 300, empty: 0, gone: 0}


def test_room_is_told_by_workspace_and_kind(database: Database) -> None:
    mine, theirs = _a_workspace(database, 100, 50), _a_workspace(database, 8)

    with database.read() as session:
        every, some = holdings(session), holdings(session, [theirs])

    of_theirs = [
        Holding(workspace_id=theirs, role="original", objects=1, bytes=8),
        Holding(workspace_id=theirs, role="rendition", objects=2, bytes=8),
    ]
    assert some == of_theirs
    assert [one for one in every if one.workspace_id == mine] == [
        Holding(workspace_id=mine, role="original", objects=2, bytes=150),
        Holding(workspace_id=mine, role="rendition", objects=4, bytes=150),
    ]


@pytest.mark.databases("memory")
def test_room_of_what_was_made_is_counted_in_an_index(database: Database) -> None:
    mine = _a_workspace(database, 8)

    with plans_of(database) as plans, database.read() as session:
        holdings(session)
        holdings(session, [mine])

    read = {plan for plan in plans() if plan.startswith(("SCAN", "SEARCH")) and "artifacts" in plan}
    assert read
    assert all("COVERING INDEX ix_artifacts_use" in plan for plan in read)
