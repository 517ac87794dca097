"""What became of the jobs of a time range: as a whole, by operation, worker, user, workspace and time.

The queue as it is now is `services.stats`'.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from framemill.domain.costs import Cost
from framemill.domain.states import JobState
from framemill.errors import RangeRefused
from framemill.services.costs import Spent
from framemill.store import grouping, statistics
from framemill.store.database import Database
from framemill.store.grouping import By, Ending, Range
from framemill.store.shelves import list_workspaces
from framemill.store.statistics import Times

MOST_GROUPS: Final = 1000
_STEPS: Final[Mapping[By, timedelta]] = {By.HOUR: timedelta(hours=1), By.DAY: timedelta(days=1)}
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Jobs that ended, and what became of them."""

    completed: int
    failed: int
    cancelled: int
    success_rate: float | None  # completed, of those completed or failed; None where there were none
    per_hour: float | None  # completed; None for all time
    times: Times | None  # of completed jobs, in milliseconds; None where there were none
    spent: Spent  # as the jobs' records say

    @property
    def ended(self) -> int:
        """How many in all."""
        return self.completed + self.failed + self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Jobs that have something in common."""

    key: str  # an id or a name, as records have it; "": none
    name: str  # for people; "" of a workspace that has gone
    begins_at: datetime | None  # of an hour or a day
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """What ended in a time range."""

    since: datetime | None  # None: ever
    until: datetime
    now: dict[JobState, int]  # jobs that have not ended, at this moment
    whole: Tally
    groups: tuple[Group, ...]  # times in their order, others by how many jobs ended
    left_out: int  # groups of fewer jobs that are not among them
    currency: str


class Breakdowns:
    """Numbers about jobs that ended, in groups."""

    def __init__(self, database: Database, *, currency: str = "") -> None:
        self._database = database
        self._currency = currency

    def make(
        self,
        *,
        since: datetime | timedelta | None,
        until: datetime | None = None,
        by: By | None = None,
        workspaces: Collection[str] | None = None,
    ) -> Breakdown:
        """What ended after `since`, or within it from now, and not after `until`; of some workspaces, or all.

        RangeRefused where the range is none, or has more hours or days than are told.
        """
        names: dict[str, str] = {}
        with self._database.read() as session:
            now = self._database.now(session)
            start = now - since if isinstance(since, timedelta) else since
            span = Range(since=start, until=min(until or now, now), workspaces=workspaces)
            if start is not None and start >= span.until:
                raise RangeRefused("the range ends before it begins", hint="`since` is before `until`")
            whole = _tallies(session, None, span)
            found = {} if by is None else _tallies(session, by, span)
            here = (
                statistics.open_jobs(session)
                if workspaces is None
                else grouping.open_jobs_of(session, workspaces)
            )
            if by is By.WORKSPACE:
                names = {row.id: row.name for row in list_workspaces(session)}
        if by is not None and by in _STEPS:
            groups = _over_time(found, span, _STEPS[by])
        else:
            groups = [
                Group(
                    key=key,
                    name=names.get(key, "") if by is By.WORKSPACE else key,
                    begins_at=None,
                    tally=tally,
                )
                for key, tally in sorted(found.items(), key=lambda one: (-one[1].ended, one[0]))
            ]
        return Breakdown(
            since=start,
            until=span.until,
            now=here,
            whole=whole.get("") or _tally([], None, span),
            groups=tuple(groups[:MOST_GROUPS]),
            left_out=max(len(groups) - MOST_GROUPS, 0),
            currency=self._currency,
        )


def _tallies(session: Session, by: By | None, span: Range) -> dict[str, Tally]:
    endings, times = grouping.endings(session, by, span), grouping.times(session, by, span)
    by_group: dict[str, list[Ending]] = {}
    for row in endings:
        by_group.setdefault(row.group, []).append(row)
    length = _STEPS.get(by) if by is not None else None
    return {group: _tally(rows, times.get(group), span, length) for group, rows in by_group.items()}


def _tally(
    rows: Sequence[Ending], times: Times | None, span: Range, length: timedelta | None = None
) -> Tally:
    count = {state: sum(row.count for row in rows if row.state is state) for state in JobState}
    completed, failed = count[JobState.COMPLETED], count[JobState.FAILED]
    if length is None and span.since is not None:
        length = span.until - span.since
    storage, bandwidth = sum(row.storage for row in rows), sum(row.bandwidth for row in rows)
    compute = sum(row.cost for row in rows) - storage - bandwidth
    return Tally(
        completed=completed,
        failed=failed,
        cancelled=count[JobState.CANCELLED],
        success_rate=completed / (completed + failed) if completed + failed else None,
        per_hour=None if length is None else completed / (length / _HOUR),
        times=times,
        spent=Spent.of(Cost(compute=compute, storage=storage, bandwidth=bandwidth)),
    )


def _over_time(found: Mapping[str, Tally], span: Range, step: timedelta) -> list[Group]:
    """One group for each step of the range, also where nothing ended."""
    if span.since is None and not found:
        return []
    seconds = step // timedelta(seconds=1)
    begin = min(map(int, found)) if span.since is None else int(span.since.timestamp()) // seconds * seconds
    begins = range(begin, int(span.until.timestamp()) + 1, seconds)
    if len(begins) > MOST_GROUPS:
        raise RangeRefused(
            f"the range has {len(begins)} {'hours' if step == _HOUR else 'days'}, and {MOST_GROUPS} are told",
            hint="ask for days instead of hours, or for a shorter range",
        )
    nothing = _tally([], None, span, step)
    return [_at(at, found.get(str(at), nothing)) for at in begins]


def _at(seconds: int, tally: Tally) -> Group:
    begins = datetime.fromtimestamp(seconds, UTC)
    return Group(key=begins.isoformat(), name=f"{begins:%Y-%m-%d %H:%M}", begins_at=begins, tally=tally)
