from collections.abc import Iterator
from datetime import timedelta

import pytest

from framemill.store.auditing import Sought, count_events, events
from framemill.store.database import Database, open_database
from framemill.store.workers import audit
from tests.unit.store.rows import NOON, plans_of

pytestmark = pytest.mark.databases("memory", "postgres")

HOUR = timedelta(hours=1)


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    with database.write() as session:
        for number in range(6):
            audit(
                session,
                at=NOON + number * 3 * HOUR,
                actor="ann" if number % 2 else "bob",
                action="job.cancelled" if number < 3 else "job.retried",
                subject=f"job:{number}",
                outcome="refused" if number == 5 else "ok",
            )
            session.flush()
    yield database
    database.close()


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(), "543210"),
        (Sought(actor="ann"), "531"),
        (Sought(action="job.retried"), "543"),
        (Sought(subject="job:2"), "2"),
        (Sought(outcome="refused"), "5"),
        (Sought(actor="ann", action="job.cancelled"), "1"),
        (Sought(since=NOON + 6 * HOUR), "5432"),
        (Sought(until=NOON + 3 * HOUR), "10"),
        (Sought(since=NOON + HOUR, until=NOON + 9 * HOUR, actor="bob"), "2"),
        (Sought(since=NOON + 99 * HOUR), ""),
        (Sought(until=NOON - 99 * HOUR), ""),
    ],
)
def test_what_is_sought_comes_newest_first(database: Database, sought: Sought, found: str) -> None:
    with database.read() as session:
        pages = [events(session, sought, before=None, limit=2)]
        while len(pages[-1]) == 2:
            pages.append(events(session, sought, before=pages[-1][-1].id, limit=2))
        count = count_events(session, sought)

    assert "".join(row.subject[-1] for page in pages for row in page) == found
    assert count == len(found)


@pytest.mark.databases("memory")
@pytest.mark.parametrize(
    "sought",
    [
        Sought(),
        Sought(actor="ann"),
        Sought(action="job.retried"),
        Sought(subject="job:2"),
        Sought(since=NOON, until=NOON + HOUR),
        Sought(actor="ann", since=NOON, until=NOON + HOUR),
    ],
)
def test_no_order_is_made_and_nothing_is_passed_over_but_by_an_index(
    database: Database, sought: Sought
) -> None:
    with plans_of(database) as plans, database.read() as session:
        events(session, sought, before=5, limit=2)

    assert all(plan.startswith("SEARCH audit_events USING") for plan in plans())
