from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from framemill.domain.costs import Prices
from framemill.domain.plan import Estimate, Resource
from framemill.engine import outcomes
from framemill.engine.identity import worker_id
from framemill.store.claiming import claim
from framemill.store.tables import Task
from tests.engines import Bench, a_copy, a_plan

pytestmark = pytest.mark.databases("memory", "postgres")

PRICES = Prices(
    cpu_second=Decimal("0.002"),
    gpu_second=Decimal("0.5"),
    gb_month=Decimal(10),
    gb_egress=Decimal(100),
    currency="EUR",
)
PLAN = a_plan(
    a_copy("cpu", estimate=Estimate(cpu_ms=3000, wall_ms=1000, output_bytes=2_000_000)),
    replace(
        a_copy("gpu", publish="g.txt", estimate=Estimate(cpu_ms=1000, wall_ms=2000)), resource=Resource.GPU
    ),
)


def _claimed(bench: Bench) -> Task:
    with bench.database.write() as session:
        task = claim(session.connection(), worker=worker_id(), now=bench.clock(), ttl=timedelta(minutes=1))
    assert task is not None
    return task


def _one_step_done(bench: Bench) -> None:
    outcomes.planned(bench.database, _claimed(bench), PLAN, {"input": "d"}, prices=PRICES)
    result = {"scratch": "x", "outputs": {}, "commands": []}
    for _ in range(2):
        task = _claimed(bench)
        outcomes.step_done(bench.database, task, result, wall_ms=4000, cpu_ms=500, peak_memory_bytes=9)


def test_a_planned_job_says_what_it_will_cost(bench: Bench) -> None:
    job = bench.submit()

    outcomes.planned(bench.database, _claimed(bench), PLAN, {"input": "d"}, prices=PRICES)

    estimate = bench.jobs.get(job).estimate
    assert estimate is not None
    assert estimate["cost"] == {
        "compute": 1.008,  # 4 s of processors, 2 s of a GPU
        "storage": 0.02,
        "bandwidth": 0.2,
        "total": 1.228,
        "currency": "EUR",
    }


def test_a_completed_job_says_what_it_did_cost(bench: Bench) -> None:
    job = bench.submit()
    _one_step_done(bench)

    outcomes.published(bench.database, _claimed(bench), [])

    record = bench.jobs.get(job)
    assert record.actual == {
        "wall_ms": 8000,
        "cpu_ms": 1000,
        "gpu_ms": 4000,
        "output_bytes": 0,
        "peak_memory_bytes": 9,
        "cost": {
            "compute": 2.002,
            "storage": 0.0,
            "bandwidth": 0.0,
            "total": 2.002,
            "currency": "EUR",
        },
    }


def test_a_cancelled_job_costs_what_was_done_of_it(bench: Bench) -> None:
    job = bench.submit()
    _one_step_done(bench)

    bench.jobs.cancel(job)

    actual = bench.jobs.get(job).actual
    assert actual is not None
    assert actual["cost"]["total"] == 2.002


def test_what_was_never_planned_costs_nothing(bench: Bench) -> None:
    job = bench.submit()

    bench.jobs.cancel(job)

    actual = bench.jobs.get(job).actual
    assert actual is not None
    assert (actual["cpu_ms"], actual["cost"]["total"]) == (0, 0.0)
