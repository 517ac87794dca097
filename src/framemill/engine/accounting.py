"""A job's accounts: the time and money that it is expected to cost, and what it did cost.

The prices of the day it was planned go into the record: they hold to its end,
whoever ends it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from framemill.domain.costs import Cost, Prices, Use, cost, in_units
from framemill.domain.plan import Plan, Resource
from framemill.engine.stored import dump

if TYPE_CHECKING:  # a plan is shown with its cost, and that loads no database
    from framemill.store.tables import Job, Task

Json = dict[str, Any]  # Any: JSON as the tables hold it
_ONE_MS = timedelta(milliseconds=1)


def expected(plan: Plan, prices: Prices) -> Json:
    """A plan's estimate with its cost and the prices behind it."""
    total = plan.estimate
    use = Use(
        cpu_ms=total.cpu_ms,
        gpu_ms=sum(step.estimate.wall_ms for step in plan.steps if step.resource is Resource.GPU),
        output_bytes=total.output_bytes,
    )
    return {
        **dump(total),
        "gpu_ms": use.gpu_ms,
        "cost": _as_json(cost(use, prices), prices),
        "prices": {name: str(value) for name, value in asdict(prices).items()},
    }


def count_idle(job: "Job", *, now: datetime) -> None:
    """The time that the job has stood still, paused or ended, will not count as processing."""
    since = job.paused_at or job.finished_at
    if since is not None and job.started_at is not None:
        job.idle_ms += (now - since) // _ONE_MS
    job.paused_at = None


def settle(job: "Job", tasks: "Sequence[Task]", *, now: datetime, output_bytes: int) -> None:
    """The job ends now: write down what its tasks used, what it published, and what that cost."""
    count_idle(job, now=now)
    job.finished_at = job.updated_at = now
    if job.started_at is not None:
        job.processing_ms = (now - job.started_at) // _ONE_MS - job.idle_ms
    steps = [task for task in tasks if task.kind == "step"]
    use = Use(
        cpu_ms=sum(task.cpu_ms for task in steps),
        gpu_ms=sum(task.wall_ms for task in steps if task.resource == Resource.GPU),
        output_bytes=output_bytes,
    )
    prices = _prices_of(job)
    spent = cost(use, prices)
    job.cost_micros, job.storage_micros, job.bandwidth_micros = spent.total, spent.storage, spent.bandwidth
    job.worker = _busiest(tasks)
    job.actual = {
        "wall_ms": sum(task.wall_ms for task in steps),
        **asdict(use),
        "peak_memory_bytes": max((task.peak_memory_bytes for task in steps), default=0),
        "cost": _as_json(spent, prices),
    }


def unsettle(job: "Job") -> None:
    """The job goes on: what was written down at its end does not hold any more."""
    job.actual = job.processing_ms = job.worker = None
    job.cost_micros = job.storage_micros = job.bandwidth_micros = None


def _busiest(tasks: "Sequence[Task]") -> str | None:
    """The worker that was at the job's tasks longest; None where none was."""
    at_it: dict[str, int] = {}
    for task in tasks:
        if task.worker is not None:
            at_it[task.worker] = at_it.get(task.worker, 0) + task.wall_ms
    return max(sorted(at_it), key=at_it.__getitem__, default=None)


def _prices_of(job: "Job") -> Prices:
    kept = dict((job.estimate or {}).get("prices") or {})
    currency = str(kept.pop("currency", ""))
    return Prices(currency=currency, **{name: Decimal(value) for name, value in kept.items()})


def _as_json(amount: Cost, prices: Prices) -> Json:
    parts = {**asdict(amount), "total": amount.total}
    return {name: in_units(micros) for name, micros in parts.items()} | {"currency": prices.currency}
