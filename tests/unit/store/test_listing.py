import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from framemill.domain.states import JobState
from framemill.store import listing
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.listing import Wanted, count_jobs, ids_like, page_of_jobs
from tests.unit.store.rows import add_job, plans_of

pytestmark = pytest.mark.databases("memory", "postgres")


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def _all(database: Database, wanted: Wanted, *, limit: int) -> list[str]:
    """Page after page to the end."""
    found: list[str] = []
    before: str | None = None
    while True:
        with database.read() as session:
            page = page_of_jobs(session, wanted, before=before, limit=limit)
        assert len(page.jobs) <= limit
        found += [job.id for job in page.jobs]
        before = page.next
        if before is None:
            return found


def test_pages_go_on_where_the_last_ended_and_the_last_says_so(database: Database) -> None:
    jobs = [add_job(database) for _ in range(7)]

    pages = {limit: _all(database, Wanted(), limit=limit) for limit in (1, 2, 3, 7, 9)}

    assert all(found == jobs[::-1] for found in pages.values())


@pytest.mark.parametrize("column", ["batch_id", "video_id", "workspace_id"])
def test_an_id_is_understood_in_any_spelling_and_what_is_none_fits_nothing(
    database: Database, column: str
) -> None:
    known = new_id()
    job = add_job(database, **{column: known})

    def wanted(text: str) -> Wanted:
        given: dict[str, Any] = {column: text}  # Any: fields of Wanted
        return replace(Wanted(kind="proxy"), **given)

    for text in (known, known.upper(), f"urn:uuid:{known}"):
        assert _all(database, wanted(text), limit=2) == [job]
    nothing = wanted("nobody's")
    assert _all(database, nothing, limit=2) == []
    with database.read() as session:
        assert count_jobs(session, nothing) == 0


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_every_filter_and_pair_of_filters_lists_just_what_fits(database: Database, limit: int) -> None:
    batch = new_id()
    rows = {
        add_job(database, state=state, kind=kind, owner=owner, batch_id=in_batch, source=f"/x/{owner}.mp4"): (
            state,
            kind,
            owner,
            in_batch,
        )
        for state, kind, owner, in_batch in product(
            (JobState.QUEUED, JobState.FAILED, JobState.RUNNING),
            ("cut", "gif"),
            ("Ann", "bob"),
            (None, batch),
        )
    }
    newest = list(rows)[::-1]
    cases: list[tuple[Wanted, Callable[..., bool]]] = [
        (Wanted(states=(JobState.FAILED,)), lambda s, _k, _o, _b: s == "failed"),
        (Wanted(states=(JobState.FAILED, JobState.QUEUED)), lambda s, _k, _o, _b: s != "running"),
        (Wanted(kind="cut"), lambda _s, k, _o, _b: k == "cut"),
        (Wanted(owner="Ann"), lambda _s, _k, o, _b: o == "Ann"),
        (Wanted(batch_id=batch), lambda _s, _k, _o, b: b == batch),
        (Wanted(name="ANN."), lambda _s, _k, o, _b: o == "Ann"),
        (Wanted(text="ann.M"), lambda _s, _k, o, _b: o == "Ann"),
        (Wanted(text=" GI", owner="bob"), lambda _s, k, o, _b: (k, o) == ("gif", "bob")),
        (Wanted(owner="bob", kind="gif"), lambda _s, k, o, _b: (k, o) == ("gif", "bob")),
        (
            Wanted(batch_id=batch, states=(JobState.FAILED,), name="bob"),
            lambda s, _k, o, b: (s, o, b) == ("failed", "bob", batch),
        ),
    ]

    for wanted, fits in cases:
        assert _all(database, wanted, limit=limit) == [i for i in newest if fits(*rows[i])], wanted


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_of_jobs_only_those_of_visible_workspaces_are_listed(database: Database, limit: int) -> None:
    here, there, elsewhere = new_id(), new_id(), new_id()
    jobs = {
        add_job(database, workspace_id=place, state=state, kind=kind): (place, state, kind)
        for state, kind, place in product(
            (JobState.QUEUED, JobState.FAILED), ("cut", "gif"), (here, elsewhere, None, there)
        )
    }
    newest = [(job, *facts) for job, facts in reversed(jobs.items())]
    seen = frozenset({here, there})

    def found(wanted: Wanted) -> list[str]:
        listed = _all(database, wanted, limit=limit)
        with database.read() as session:
            assert count_jobs(session, wanted) == len(listed)
        return listed

    assert found(Wanted(visible=seen)) == [job for job, place, *_ in newest if place in seen]
    assert found(Wanted(visible=seen, kind="cut", states=(JobState.FAILED,))) == [
        job for job, place, state, kind in newest if place in seen and (state, kind) == ("failed", "cut")
    ]
    assert found(Wanted(visible=frozenset())) == []
    assert found(Wanted(visible=seen, workspace_id=elsewhere)) == []


def test_a_text_finds_a_job_by_either_end_of_its_id_and_by_the_words_of_its_kind(database: Database) -> None:
    job = add_job(database, kind="remove_audio")
    add_job(database)

    for text in (job, job[:30].upper(), job[-6:], "remove aud", "move_a"):
        assert _all(database, Wanted(text=text), limit=2) == [job], text
    assert _all(database, Wanted(text=job[1:]), limit=2) == [job]
    assert _all(database, Wanted(text=job[1:-1]), limit=2) == []


def test_a_search_in_vain_stops_and_says_where_to_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_PATIENCE", 4)
    monkeypatch.setattr(listing, "_CHUNK", 2)
    old = add_job(database, source="/x/sought.mp4")
    jobs = [add_job(database) for _ in range(5)]

    with database.read() as session:
        page = page_of_jobs(session, Wanted(name="sought"), before=None, limit=3)

    assert (page.jobs, page.next) == ((), jobs[1])
    assert _all(database, Wanted(name="sought"), limit=3) == [old]


@pytest.mark.databases("memory")
def test_no_listing_reads_more_than_it_shows(database: Database) -> None:
    """The cost of a page must not grow with the table: no scan, and no sorting but of what walks found."""
    for state in JobState:
        add_job(database, state=state)
    batch = new_id()
    failed = (JobState.FAILED,)
    one_walk = [
        Wanted(),
        Wanted(states=failed),
        Wanted(kind="cut", states=failed),
        Wanted(owner="a", states=failed),
        Wanted(batch_id=batch, states=failed),
    ]
    walks = [
        Wanted(states=(JobState.FAILED, JobState.QUEUED)),
        Wanted(kind="cut"),
        Wanted(owner="a"),
        Wanted(batch_id=batch),
        Wanted(owner="a", kind="cut", name="film"),
        Wanted(workspace_id=batch, kind="cut", states=failed),
        Wanted(visible=frozenset({batch, new_id()})),
    ]

    def found(filters: list[Wanted]) -> set[str]:
        noon = datetime(2026, 11, 21, tzinfo=UTC)
        back = [replace(wanted, since=noon, until=noon, oldest_first=True) for wanted in filters]
        with plans_of(database) as plans, database.read() as session:
            for wanted in filters + back:
                for before in (None, new_id()):
                    page_of_jobs(session, wanted, before=before, limit=2)
            ids_like(session, "0199")
        return set(plans())

    alone, together = found(one_walk), found(walks)
    assert all(any(p.startswith("SEARCH") for p in plans) for plans in (alone, together))
    # Whatever else an index is asked for, ids bound what is read of it.
    assert [
        p for p in alone | together if p.startswith("SEARCH jobs") and not re.search(r"\bid[=<>]", p)
    ] == []
    assert [p for p in alone if p.startswith("SCAN") or "TEMP B-TREE" in p] == []
    # Walks that are asked for together are scanned and sorted as such: `anon_`.
    assert [p for p in together if re.match("SCAN (?!anon_)", p)] == []


def test_a_job_is_found_by_an_end_of_its_id(database: Database) -> None:
    jobs = [add_job(database) for _ in range(3)]
    wanted = jobs[1]

    with database.read() as session:
        found = [
            ids_like(session, part) for part in (wanted, wanted[:-4], wanted[-8:], wanted.replace("-", ""))
        ]
        many = ids_like(session, wanted[:4])
        none = [ids_like(session, part) for part in ("", "xyz", "f" * 40, "'; --")]

    assert found == [[wanted]] * 4
    assert sorted(many) == sorted(jobs)
    assert none == [[]] * 4


def _at(ms: int) -> str:
    """An id of a job that was submitted so many milliseconds after 1970."""
    return str(UUID(int=(ms << 80) | (7 << 76) | (2 << 62) | ms))


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("more", [{}, {"kind": "trim"}, {"kind": "trim", "owner": "me"}])
def test_jobs_of_a_span_are_listed_in_either_order(
    database: Database, oldest_first: bool, more: dict[str, Any]
) -> None:
    jobs = [add_job(database, id=_at(ms), kind="trim", owner="me") for ms in range(1000, 1010)]
    span = Wanted(
        since=datetime.fromtimestamp(1.002, UTC),
        until=datetime.fromtimestamp(1.008, UTC),
        oldest_first=oldest_first,
        **more,
    )

    found = _all(database, span, limit=2)

    assert found == (jobs[2:8] if oldest_first else jobs[7:1:-1])
    with database.read() as session:
        assert count_jobs(session, span) == 6


def test_a_span_that_no_time_is_in_has_no_jobs(database: Database) -> None:
    add_job(database)
    long_ago, far = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

    assert _all(database, Wanted(until=long_ago), limit=2) == []
    assert _all(database, Wanted(since=far), limit=2) == []
    assert len(_all(database, Wanted(since=long_ago, until=far), limit=2)) == 1
