"""A database that goes away in the middle of things; whether a commit arrived is not always known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from framemill.domain.states import JobState
from framemill.engine import patience
from framemill.engine.machine import Machine, Report, Stop
from framemill.engine.patience import patiently
from framemill.engine.planning import Request
from framemill.errors import DatabaseUnavailable
from framemill.store.database import Database, open_database
from tests.engines import Bench, Clock, a_copy, a_plan


class Unsteady(Database):
    """Once it is told to, it fails what is done with patience, by turns before it begins and after it."""

    unsteady = False
    patient = False
    failed = 0

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Session]:
        faulty = self.unsteady and self.patient
        odd = self.failed % 2 == 1
        if faulty and not odd:
            self.failed += 1
            raise DatabaseUnavailable
        with super().write(durable=durable) as session:
            yield session
        if faulty:
            self.failed += 1
            error = DatabaseUnavailable()
            error.undone = False
            raise error


@pytest.fixture(name="database")
def _database(database_url: str) -> Iterator[Unsteady]:
    made = open_database(database_url, clock=Clock())
    yield Unsteady(made.engine, clock=Clock())
    made.close()


@pytest.mark.databases("memory", "postgres")
def test_a_job_completes_once_though_every_answer_is_lost(
    database: Unsteady, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watched(call: Callable[[], object]) -> object:
        database.patient = True
        try:
            return patiently(call)
        finally:
            database.patient = False

    monkeypatch.setattr(patience, "_FIRST_S", 0.0)
    monkeypatch.setattr(patience, "patiently", watched)
    bench = Bench(database=database, clock=Clock(), folder=tmp_path)
    job = bench.submit()
    plan = a_plan(a_copy("one", publish="one.txt"), a_copy("two", ref="one.out", publish="two.txt"))

    def planner(_request: Request, _machine: Machine, _stop: Stop, _report: Report) -> object:
        database.unsteady = True
        return plan

    worker = bench.worker(plan)
    object.__setattr__(worker, "planner", planner)
    worker.run_job(job)

    detail = bench.jobs.show(job)
    assert detail.job.state is JobState.COMPLETED
    assert bench.left_over() == ["one.txt", "two.txt"]
    assert [task.attempt for task in detail.tasks] == [1, 1, 1, 1]
    assert [entry.message for entry in bench.jobs.logs(job)].count("done: copy input") == 1
    assert database.failed > 8


def test_a_database_that_stays_away_is_given_up_at_last() -> None:
    waited: list[float] = []

    def call() -> None:
        raise DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable):
        patiently(call, wait=waited.append)

    assert 300 < sum(waited) <= 600
    assert max(waited) <= 5
