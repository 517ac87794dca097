"""`/admin/stuck`, `/admin/cleanup`, `/admin/retention`: clearing up, which says first what it would do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from framemill.api.alternatives import Way, one_of
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.job_views import JobView, Said
from framemill.api.retention_rules import Rules
from framemill.api.texts import SPAN, SPAN_OF_MINUTES
from framemill.api.time_ranges import duration
from framemill.app import App
from framemill.domain.retention import parse_rules
from framemill.domain.states import JobState
from framemill.domain.videos import UploadState
from framemill.errors import InvalidSpec
from framemill.services.retention import Removal

router = APIRouter(prefix="/admin", tags=["admin"])
_Reader = Annotated[Caller, may(Action.ADMIN_READ)]
_Actor = Annotated[Caller, may(Action.ADMIN_ACT)]
_MOST_REMOVALS = 1000  # in one request
_KEPT = timedelta(days=30)
_Id = Annotated[str, Field(max_length=64)]
_Silence = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": SPAN_OF_MINUTES})]
_Ended = Literal[JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StuckView(_View):
    """A running job of which nothing was heard for long."""

    job: JobView
    silent_s: int


class ResetWish(_Wish):
    """Which stuck jobs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"silent": "30m"}]})

    jobs: tuple[_Id, ...] | None = Field(None, max_length=1000, description="Left away: all.")
    silent: _Silence | None = Field(
        None, description="For how long at least, `30m`; left away: the setting stuck_after."
    )


class ResetView(_View):
    """Jobs that were taken from their workers; others try, or they failed."""

    jobs: tuple[str, ...]


class CleanupWish(_Wish):
    """What is to be cleared up."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"what": ["uploads", "jobs"], "older_than": "30d"}]}
    )

    what: tuple[Literal["stuck", "uploads", "jobs"], ...] = Field(min_length=1, max_length=3)
    older_than: str | None = Field(
        None,
        max_length=40,
        json_schema_extra={"pattern": SPAN},
        description="Of jobs: ended longer ago; left away: the setting keep_jobs, or 30d.",
    )
    states: tuple[_Ended, ...] = Field((), description="Of jobs: only those that ended like this.")
    dry_run: StrictBool = Field(True, description="Only say what would go.")


class LeftView(_View):
    """An upload that nobody comes back to."""

    id: str
    workspace_id: str
    video_id: str
    state: UploadState
    bytes: int
    uploader: str
    expires_at: datetime
    updated_at: datetime


class CleanupView(_View):
    """What was cleared up, or would be; null where it was not asked for."""

    dry_run: bool
    stuck: tuple[str, ...] | None = Field(None, description="Ids of jobs.")
    uploads: int | None = None
    left: tuple[LeftView, ...] = Field((), description="The uploads that would go, a thousand at most.")
    jobs: int | None = Field(None, description="Old jobs; 10,000 at most go at a time.")


class RulesView(_View):
    """What a workspace keeps."""

    workspace_id: str
    workspace: str
    rules: dict[str, Any] | None = Field(description="null: everything is kept.")


class RetentionWish(_Wish):
    """Which rules are to be kept to."""

    model_config = ConfigDict(
        json_schema_extra=one_of(
            Way(title="RetentionRun", takes=("workspace",)),
            Way(title="RetentionTrial", needs=("workspace", "rules"), fixed={"dry_run": True}),
            examples=[{"workspace": "harbour", "dry_run": True}],
        )
    )

    workspace: str | None = Field(
        None, max_length=64, description="By its name or id; left away: every one that has rules."
    )
    rules: Rules | None = Field(None, description="Try these instead of the workspace's own: a dry run only.")
    dry_run: StrictBool = Field(True, description="Only say what would go.")


class RemovalView(_View):
    """One thing that the rules take, or took."""

    workspace: str
    video_id: str
    title: str
    what: Literal["video", "original", "artifact"]
    name: str
    bytes: int
    reason: str
    kept: Said | None = Field(description="Why it was not removed after all.")


class RetentionView(_View):
    """What goes, or went."""

    dry_run: bool
    removals: tuple[RemovalView, ...]
    bytes: int = Field(description="Of all that is named and was not kept.")
    more: bool = Field(description="There is more than the thousand that one request takes.")


@router.get("/stuck")
def list_stuck(
    app: TheApp,
    _: _Reader,
    silent: Annotated[
        _Silence | None, Query(description="For how long at least; left away: stuck_after.")
    ] = None,
) -> tuple[StuckView, ...]:
    """Running jobs of which nothing was heard for long; the longest silent first."""
    return tuple(
        StuckView(job=JobView.of(one.job), silent_s=round(one.silent_for.total_seconds()))
        for one in app.upkeep.stuck(silent=_silence(silent))
    )


@router.post("/stuck/reset")
def reset_stuck(wish: ResetWish, app: TheApp, caller: _Actor) -> ResetView:
    """Take stuck jobs from their workers, so that others try; what is done stays done."""
    done = app.upkeep.reset(wish.jobs, silent=_silence(wish.silent), actor=caller.name)
    return ResetView(jobs=done)


@router.post("/cleanup")
def clean_up(wish: CleanupWish, app: TheApp, caller: _Actor) -> CleanupView:
    """Clear up stuck jobs, uploads that were left and jobs that ended long ago."""
    upkeep, what, dry = app.upkeep, frozenset(wish.what), wish.dry_run
    kept = (
        duration(wish.older_than, name="older_than")
        if wish.older_than is not None
        else app.settings.keep_jobs
    )
    age = kept or _KEPT
    stuck = jobs = uploads = None
    left: tuple[LeftView, ...] = ()
    if "jobs" in what:
        jobs = (
            upkeep.old_jobs(older_than=age, states=wish.states)
            if dry
            else upkeep.forget_jobs(older_than=age, states=wish.states, actor=caller.name)
        )
    if "stuck" in what:
        stuck = tuple(one.job.id for one in upkeep.stuck()) if dry else upkeep.reset(actor=caller.name)
    if "uploads" in what:
        if dry:
            left = tuple(LeftView.model_validate(one) for one in upkeep.left_uploads())
        uploads = len(left) if dry else upkeep.end_uploads(actor=caller.name)
    return CleanupView(dry_run=dry, stuck=stuck, uploads=uploads, left=left, jobs=jobs)


@router.get("/retention")
def list_retention(app: TheApp, _: _Reader) -> tuple[RulesView, ...]:
    """The rules of every workspace; `PATCH /workspaces/{id}` changes them."""
    return tuple(
        RulesView(workspace_id=place.id, workspace=place.name, rules=place.retention)
        for place in app.workspaces.list()
    )


@router.post("/retention")
def keep_retention(wish: RetentionWish, app: TheApp, caller: _Actor) -> RetentionView:
    """Remove what the rules say is kept no longer, or only say what that would be."""
    if wish.rules is not None and (not wish.dry_run or wish.workspace is None):
        raise InvalidSpec(
            "other rules than a workspace's own can only be tried, and for one workspace",
            hint="give `workspace` and `dry_run`, or change its rules first",
        )
    removals = _removals(app, wish, caller)
    found = tuple(RemovalView.model_validate(one) for one in islice(removals, _MOST_REMOVALS))
    # A run stops before the next one; what is left, the next request removes.
    more = len(found) == _MOST_REMOVALS
    return RetentionView(
        dry_run=wish.dry_run,
        removals=found,
        bytes=sum(one.bytes for one in found if one.kept is None),
        more=more,
    )


def _removals(app: App, wish: RetentionWish, caller: Caller) -> Iterator[Removal]:
    names = [wish.workspace] if wish.workspace else [w.id for w in app.workspaces.list() if w.retention]
    rules = None if wish.rules is None else parse_rules(wish.rules.model_dump(exclude_unset=True))
    for name in names:
        if wish.dry_run:
            yield from app.retention.plan(name, rules=rules)
        else:
            yield from app.retention.apply(name, actor=caller.name)


def _silence(text: str | None) -> timedelta | None:
    if text is None:
        return None
    # A worker that is well is heard of more often than once in a minute.
    return duration(text, name="silent", written=SPAN_OF_MINUTES)
