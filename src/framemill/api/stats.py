"""`/stats`: what became of jobs in a time range, in groups, and what was spent; what the caller may see."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api import workspaces
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.time_ranges import TheTime
from framemill.app import App
from framemill.domain.states import JobState
from framemill.errors import RangeRefused
from framemill.services.breakdowns import Breakdown, Tally
from framemill.services.costs import Bill
from framemill.store.grouping import By

router = APIRouter(prefix="/stats", tags=["stats"])
_Reader = Annotated[Caller, may(Action.STATS_READ)]
_Place = Annotated[str | None, Query(max_length=64, description="Only this workspace, by its name or id.")]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class SpentView(_View):
    """In the installation's currency."""

    compute: float
    storage: float
    bandwidth: float
    total: float


class TimesView(_View):
    """How long completed jobs took, without the time that they stood still."""

    count: int
    mean_ms: int
    min_ms: int
    max_ms: int
    p95_ms: int = Field(description="95 of a hundred took no longer.")


class TallyView(_View):
    """Jobs that ended, and what became of them."""

    ended: int
    completed: int
    failed: int
    cancelled: int
    success_rate: float | None = Field(description="Completed, of those completed or failed; from 0 to 1.")
    per_hour: float | None = Field(description="Completed; null for all time.")
    times: TimesView | None
    cost: SpentView = Field(
        description="As the jobs' records say: computing, and storing results for a month and delivering "
        "them once."
    )

    @classmethod
    def of(cls, tally: Tally) -> "TallyView":
        """The value for a client."""
        t = tally.times
        return cls(
            ended=tally.ended,
            completed=tally.completed,
            failed=tally.failed,
            cancelled=tally.cancelled,
            success_rate=tally.success_rate,
            per_hour=tally.per_hour,
            times=None
            if t is None
            else TimesView(count=t.count, mean_ms=t.mean, min_ms=t.least, max_ms=t.most, p95_ms=t.p95),
            cost=SpentView.model_validate(tally.spent),
        )


class GroupView(TallyView):
    """Jobs that have something in common."""

    key: str = Field(description="An id or a name; the beginning of an hour or day in UTC; empty: none.")
    name: str = Field(description="For people.")
    begins_at: datetime | None = Field(description="Of an hour or a day.")


class StatsView(_View):
    """What ended in a time range."""

    since: datetime | None = Field(description="null: ever.")
    until: datetime
    now: dict[JobState, int] = Field(description="Jobs that have not ended, at this moment.")
    all: TallyView
    by: By | None
    groups: tuple[GroupView, ...] = Field(
        description="Hours and days in their order, also where nothing ended; others by how many jobs ended."
    )
    left_out: int = Field(description="Groups of fewer jobs that are not told; 1,000 are.")
    currency: str

    @classmethod
    def of(cls, found: Breakdown, by: By | None) -> "StatsView":
        """The value for a client."""
        return cls(
            since=found.since,
            until=found.until,
            now=found.now,
            all=TallyView.of(found.whole),
            by=by,
            groups=tuple(
                GroupView(
                    **dict(TallyView.of(group.tally)),
                    key=group.key,
                    name=group.name,
                    begins_at=group.begins_at,
                )
                for group in found.groups
            ),
            left_out=found.left_out,
            currency=found.currency,
        )


class CostLineView(_View):
    """One job, user or workspace."""

    id: str
    name: str
    jobs: int
    spent: SpentView
    gb_months: float | None = Field(description="Of a workspace: kept, in 10^9 bytes for 30 days.")
    egress_bytes: int | None = Field(description="Of a workspace: sent out by this server.")


class CostsView(_View):
    """What was spent; the dearest first."""

    since: datetime | None
    until: datetime
    lines: tuple[CostLineView, ...]
    total: SpentView = Field(description="Of all lines.")
    currency: str

    @classmethod
    def of(cls, bill: Bill) -> "CostsView":
        """The value for a client."""
        return cls.model_validate(bill)


@router.get("")
def show(
    app: TheApp,
    caller: _Reader,
    time: TheTime,
    by: Annotated[
        By | None,
        Query(description="Groups: `operation` (or pipeline), `user`, `workspace`, `hour`, `day`, `worker`."),
    ] = None,
    workspace: _Place = None,
) -> StatsView:
    """Counts, success rate, throughput, processing times and cost of the jobs that ended.

    Only those of workspaces that the caller sees; who worked is for admins.
    """
    if by is By.WORKER:  # their names are those of machines
        caller.must_be_allowed(Action.ADMIN_READ)
    found = app.breakdowns.make(
        since=time.since, until=time.until, by=by, workspaces=_visible(app, caller, workspace)
    )
    return StatsView.of(found, by)


@router.get("/costs")
def costs(
    app: TheApp,
    caller: _Reader,
    time: TheTime,
    by: Annotated[Literal["job", "user", "workspace"], Query()] = "workspace",
    workspace: _Place = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many jobs; the dearest.")] = 100,
) -> CostsView:
    """What jobs, users or workspaces cost.

    Of a job and a user: what the jobs' records say. Of a workspace: computing
    by its jobs, and what was kept and sent out on the days (UTC) that the range
    touches.
    """
    now = datetime.now(UTC)
    since, until = time.begin(now), min(time.until or now, now)
    if since is not None and since >= until:
        raise RangeRefused("the range ends before it begins", hint="`since` is before `until`")
    seen = _visible(app, caller, workspace)
    if by == "job":
        return CostsView.of(app.costs.by_job(since=since, until=until, workspaces=seen, limit=limit))
    if by == "user":
        return CostsView.of(app.costs.by_user(since=since, until=until, workspaces=seen))
    return CostsView.of(app.costs.by_workspace(since=since, until=until, workspaces=seen))


def _visible(app: App, caller: Caller, workspace: str | None) -> frozenset[str] | None:
    """The workspaces whose jobs count: one that is asked for, or all that exist for the caller."""
    return caller.visible if workspace is None else frozenset({workspaces.seen(app, caller, workspace).id})
