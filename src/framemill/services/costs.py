"""What was spent in a time range, by job, by user and by workspace.

A job's own record says what its computing cost, and what storing its results
for a month and delivering them once would. Of a workspace the storing and the
sending are what really was, day by day.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from framemill.domain.costs import Cost, Prices, in_units
from framemill.domain.usage import byte_seconds, gb_months, used, whole_days
from framemill.store import grouping, usage
from framemill.store.database import Database
from framemill.store.grouping import By, Range
from framemill.store.shelves import list_workspaces

_MOST_DAYS: Final = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What something cost, in the installation's currency."""

    compute: float
    storage: float
    bandwidth: float
    total: float

    @classmethod
    def of(cls, cost: Cost) -> "Spent":
        """The same in whole units."""
        return cls(
            compute=in_units(cost.compute),
            storage=in_units(cost.storage),
            bandwidth=in_units(cost.bandwidth),
            total=in_units(cost.total),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One job, user or workspace, and what it cost."""

    id: str  # "": whoever runs the machine, or jobs that belong to no workspace
    name: str
    jobs: int
    spent: Spent
    gb_months: float | None = None  # of a workspace: kept
    egress_bytes: int | None = None  # of a workspace: sent out


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What was spent in a range; the dearest first."""

    since: datetime | None  # None: ever
    until: datetime
    lines: tuple[CostLine, ...]
    total: Spent  # of all lines
    currency: str


class Costs:
    """The use cases around what was spent."""

    def __init__(self, database: Database, *, prices: Prices) -> None:
        self._database = database
        self._prices = prices

    def by_job(
        self,
        *,
        since: datetime | None,
        until: datetime,
        workspaces: Collection[str] | None = None,
        limit: int = 100,
    ) -> Bill:
        """The jobs that ended in the range and cost most. The total is of those that are named."""
        with self._database.read() as session:
            rows = grouping.dearest(
                session, Range(since=since, until=until, workspaces=workspaces), limit=limit
            )
        costs = [
            (row, _parts(row.cost_micros or 0, row.storage_micros or 0, row.bandwidth_micros or 0))
            for row in rows
        ]
        lines = [CostLine(id=row.id, name=row.kind, jobs=1, spent=Spent.of(cost)) for row, cost in costs]
        return self._bill(since, until, lines, [cost for _, cost in costs])

    def by_user(
        self, *, since: datetime | None, until: datetime, workspaces: Collection[str] | None = None
    ) -> Bill:
        """What the jobs of each owner cost that ended in the range."""
        found = self._of_jobs(By.USER, Range(since=since, until=until, workspaces=workspaces))
        return self._sorted(
            since,
            until,
            [
                (CostLine(id=owner, name=owner, jobs=jobs, spent=Spent.of(cost)), cost)
                for owner, (jobs, cost) in found.items()
            ],
        )

    def by_workspace(
        self, *, since: datetime | None, until: datetime, workspaces: Collection[str] | None = None
    ) -> Bill:
        """What each workspace cost, on the days (in UTC) that the range touches.

        Computing is that of the jobs that ended; keeping and sending are as
        they were measured, at today's prices.
        """
        with self._database.read() as session:
            now = self._database.now(session)
            begin = max(since or now - timedelta(days=_MOST_DAYS), until - timedelta(days=_MOST_DAYS))
            first, last = whole_days(begin, until)
            last = min(last, now)
            days = usage.days_between(session, first.date(), last.date(), workspaces)
            before = usage.stored_before(session, first.date(), workspaces)
            names = {row.id: row.name for row in list_workspaces(session)}
        jobs = self._of_jobs(By.WORKSPACE, Range(since=first, until=last, workspaces=workspaces))
        lines = []
        for workspace_id in {row.workspace_id for row in days} | set(before) | set(jobs):
            mine = [row for row in days if row.workspace_id == workspace_id]
            kept = byte_seconds(
                before.get(workspace_id, 0),
                {row.day: row.stored_bytes for row in mine if row.stored_bytes is not None},
                since=first,
                until=last,
            )
            served = sum(row.served_bytes for row in mine)
            count, cost = jobs.get(workspace_id, (0, Cost()))
            whole = used(compute=cost.compute, stored=kept, served=served, prices=self._prices)
            line = CostLine(
                id=workspace_id,
                name=names.get(workspace_id, ""),
                jobs=count,
                spent=Spent.of(whole),
                gb_months=float(round(gb_months(kept), 9)),
                egress_bytes=served,
            )
            lines.append((line, whole))
        return self._sorted(first, last, lines)

    def _of_jobs(self, by: By, span: Range) -> dict[str, tuple[int, Cost]]:
        with self._database.read() as session:
            rows = grouping.endings(session, by, span)
        found: dict[str, tuple[int, Cost]] = {}
        for row in rows:
            count, cost = found.get(row.group, (0, Cost()))
            more = _parts(row.cost, row.storage, row.bandwidth)
            found[row.group] = (count + row.count, _sum([cost, more]))
        return found

    def _sorted(
        self, since: datetime | None, until: datetime, lines: Sequence[tuple[CostLine, Cost]]
    ) -> Bill:
        dearest = sorted(lines, key=lambda one: (-one[1].total, -one[0].jobs, one[0].name, one[0].id))
        return self._bill(since, until, [line for line, _ in dearest], [cost for _, cost in dearest])

    def _bill(
        self, since: datetime | None, until: datetime, lines: Sequence[CostLine], costs: Sequence[Cost]
    ) -> Bill:
        return Bill(
            since=since,
            until=until.astimezone(UTC),
            lines=tuple(lines),
            total=Spent.of(_sum(costs)),
            currency=self._prices.currency,
        )


def _parts(total: int, storage: int, bandwidth: int) -> Cost:
    return Cost(compute=total - storage - bandwidth, storage=storage, bandwidth=bandwidth)


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(
        compute=sum(cost.compute for cost in costs),
        storage=sum(cost.storage for cost in costs),
        bandwidth=sum(cost.bandwidth for cost in costs),
    )
