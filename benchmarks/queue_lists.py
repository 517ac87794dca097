"""How long listings, submits and looks at one job take as the table grows."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, insert, select

from framemill.domain.states import JobState
from framemill.operations.spec import Spec
from framemill.services.jobs import Jobs
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.tables import Job

_STATES = (JobState.COMPLETED,) * 8 + (JobState.FAILED, JobState.CANCELLED)
_BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """99th percentiles in ms."""

    rows: int
    first_page: float
    deep_page: float
    by_state: float
    one: float
    submit: float


def grow(database: Database, rows: int) -> None:
    """Bring the table to `rows` ended jobs."""
    with database.read() as session:
        there = session.scalar(select(func.count()).select_from(Job)) or 0
    now = datetime.now(UTC)
    for start in range(there, rows, _BATCH):
        with database.write() as session:
            session.execute(
                insert(Job),
                [
                    {
                        "id": new_id(),
                        "kind": "proxy",
                        "specs": [],
                        "inputs": {},
                        "destination": {"path": "/nonexistent", "overwrite": False, "missing": []},
                        "state": _STATES[number % len(_STATES)],
                        "priority": 5,
                        "max_attempts": 3,
                        "created_at": now,
                        "finished_at": now,
                        "updated_at": now,
                    }
                    for number in range(start, min(rows, start + _BATCH))
                ],
            )


def times(database: Database, *, rows: int, source: Path, spec: Spec, rounds: int = 200) -> Times:
    """Measure at `rows` jobs."""
    grow(database, rows)
    jobs = Jobs(database)
    page = jobs.list(limit=50)
    middle = _middle(database)
    return Times(
        rows=rows,
        first_page=_p99(lambda: jobs.list(limit=50), rounds),
        deep_page=_p99(lambda: jobs.list(limit=50, before=middle), rounds),
        by_state=_p99(lambda: jobs.list(states=[JobState.FAILED], limit=50), rounds),
        one=_p99(lambda: jobs.show(page[0].id), rounds),
        submit=_p99(
            lambda: jobs.submit([spec], inputs={"input": source}, destination=source.parent / "out"),
            rounds // 2,
        ),
    )


def _middle(database: Database) -> str:
    with database.read() as session:
        count = session.scalar(select(func.count()).select_from(Job)) or 0
        return session.scalars(select(Job.id).order_by(Job.id).offset(count // 2).limit(1)).one()


def _p99(act: Callable[[], object], rounds: int) -> float:
    act()
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(spent, n=100)[98]
