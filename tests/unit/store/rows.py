"""Rows for tests of the store, and what SQLite means to do for a query."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event

from framemill.domain.states import JobState
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.tables import Job

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def add_job(database: Database, **columns: Any) -> str:  # noqa: ANN401 - columns of Job
    """A job with what is given, queued if nothing else is said; returns its id."""
    source = columns.pop("source", "/films/film.mp4")
    took: int | None = columns.pop("took_ms", None)
    state = columns.get("state", JobState.QUEUED)
    if JobState(state).ended:
        columns.setdefault("finished_at", NOON)
        columns.setdefault("started_at", columns["finished_at"] - timedelta(milliseconds=took or 0))
        columns.setdefault("processing_ms", took)
    job = Job(
        **{
            "id": new_id(),
            "kind": "proxy",
            "specs": [],
            "inputs": {"input": {"path": source}},
            "destination": {"path": "/results", "overwrite": False, "missing": []},
            "state": state,
            "priority": 5,
            "max_attempts": 3,
            "created_at": NOON,
            "updated_at": NOON,
            **columns,
        },
    )
    with database.write() as session:
        session.add(job)
    return job.id


@contextmanager
def plans_of(database: Database) -> Iterator[Callable[[], list[str]]]:
    """While this holds, SQLite's plans of all queries are kept; the function tells them."""
    asked: list[tuple[str, object]] = []

    def keep(_c: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    def plans() -> list[str]:
        with database.read() as session:
            driver = session.connection().connection.dbapi_connection
            assert driver is not None
            return [
                row[-1]
                for statement, parameters in asked
                for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        yield plans
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)
