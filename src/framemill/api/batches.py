"""`/jobs/batch` and `/batches`: many jobs that are asked for, watched and ended as one."""

import base64
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from framemill.api.alternatives import Json, Way, one_of
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.job_views import ErrorView
from framemill.api.moments import Moment
from framemill.api.pages import Order, Page
from framemill.api.repeating import Key, creates
from framemill.api.submitting import A_VIDEO, NORMAL, JobRequest, WorkOn, ways
from framemill.api.texts import WHOLE
from framemill.app import App
from framemill.domain.states import JobState
from framemill.errors import BatchNotFound, InvalidSpec
from framemill.services.records import BatchRecord
from framemill.services.video_batches import Taken, Wish
from framemill.store.batch_listing import Position, Wanted

router = APIRouter(tags=["batches"])

_MOST_JOBS = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EXAMPLES: list[Json] = [
    {"title": "Monday", "videos": [A_VIDEO], "pipeline": "proxy"},
    {"jobs": [{"video": A_VIDEO, "operation": {"op": "trim", "start": 10, "end": 20}, "priority": 3}]},
]


class BatchRequest(WorkOn):
    """The same work on many videos, or many jobs of any kind."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=one_of(
            *ways("Batch", needs=("videos",), takes=("priority",)),
            Way(title="BatchOfJobs", needs=("jobs",)),
            examples=_EXAMPLES,
        ),
    )

    title: str = Field("", max_length=200, description="What lists call it.")
    videos: tuple[Annotated[str, Field(max_length=64)], ...] | None = Field(
        None,
        min_length=1,
        max_length=_MOST_JOBS,
        description="Ids of videos, for each of which the work is done.",
    )
    jobs: tuple[JobRequest, ...] | None = Field(None, min_length=1, max_length=_MOST_JOBS)
    priority: Annotated[int, WHOLE] = Field(
        NORMAL, ge=1, le=10, description="Of each of `videos`; more than 5 needs admin."
    )

    @model_validator(mode="after")
    def _either(self) -> "BatchRequest":
        if (self.jobs is None) == (self.videos is None):
            raise ValueError("give one of videos and jobs")
        if self.jobs is not None and self.model_fields_set - {"jobs", "title"}:
            raise ValueError("beside jobs only a title is given: each job says what it does")
        if self.videos is not None:
            self.must_be_one_kind()
        return self

    def wishes(self) -> tuple[Wish, ...]:
        """One for each job; InvalidSpec names the field that is wrong."""
        if self.jobs is not None:
            return tuple(
                Wish(
                    specs=job.specs(),
                    video=job.video,
                    inputs=job.videos(),
                    priority=job.priority,
                    kind=job.pipeline,
                )
                for job in self.jobs
            )
        specs = self.specs()
        return tuple(
            Wish(
                specs=specs,
                video=video,
                inputs={"input": video},
                priority=self.priority,
                kind=self.pipeline,
            )
            for video in self.videos or ()
        )


class BatchItemView(BaseModel):
    """What became of one job of a batch."""

    model_config = ConfigDict(frozen=True)

    video_id: str
    job_id: str | None = Field(description="null where it was refused.")
    error: ErrorView | None = Field(description="Why it was refused.")

    @classmethod
    def of(cls, wish: Wish, taken: Taken) -> "BatchItemView":
        """What a client is told."""
        error = taken.error
        said = None if error is None else ErrorView(code=error.code, message=error.message, hint=error.hint)
        return cls(video_id=wish.video, job_id=taken.job_id, error=said)


class BatchView(BaseModel):
    """Many jobs as one, and how far they are."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    owner: str
    total: int
    ended: int
    counts: dict[JobState, int] = Field(description="How many jobs are in each state.")
    progress: float = Field(description="Percent; what ended badly counts as over.")
    created_at: datetime

    @classmethod
    def of(cls, batch: BatchRecord) -> "BatchView":
        """The record for a client."""
        same = ("id", "title", "owner", "total", "ended", "counts", "progress", "created_at")
        return cls(**{name: getattr(batch, name) for name in same})


class NewBatchView(BatchView):
    """A batch as it was accepted."""

    items: tuple[BatchItemView, ...] = Field(description="In the order of the request.")


@router.post("/jobs/batch", status_code=202)
def submit(
    wish: BatchRequest,
    response: Response,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.JOBS_SUBMIT)],
    idempotency_key: Key = None,
) -> NewBatchView:
    """Queue many jobs at once; those that cannot be are told in their places."""
    wishes = wish.wishes()
    if any(one.priority > NORMAL for one in wishes):
        caller.must_be_allowed(Action.JOBS_PRIORITISE)
    taken = app.video_batches.submit(
        wishes,
        title=wish.title or wish.pipeline or "batch",
        owner=caller.name,
        sees=partial(_may_submit, caller),
        idempotency_key=idempotency_key,
    )
    response.headers["Location"] = f"/api/v1/batches/{taken.id}"
    items = tuple(map(BatchItemView.of, wishes, taken.items))
    return NewBatchView(**BatchView.of(app.batches.get(taken.id)).model_dump(), items=items)


@router.get("/batches")
def list_all(
    app: TheApp,
    caller: Annotated[Caller, may(Action.JOBS_READ)],
    state: Annotated[
        tuple[JobState, ...], Query(description="Only those with a job in it; may be given again.")
    ] = (),
    workspace: Annotated[
        str | None, Query(max_length=64, description="Its id: only those with a job in it.")
    ] = None,
    owner: Annotated[str | None, Query(max_length=64, description="Who asked for them.")] = None,
    since: Annotated[Moment | None, Query(description="Made then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Made before.")] = None,
    sort: Annotated[Order, Query(description="By the time at which they were made.")] = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    cursor: Annotated[
        str | None,
        Query(pattern=r"^[A-Za-z0-9_-]{32}$", description="`next_cursor` of the page before."),
    ] = None,
    total: Annotated[bool, Query(description="Also count them all.")] = False,
) -> Page[BatchView]:
    """Batches, the newest first where nothing else is asked; none with a job that the caller may not see."""
    if workspace is not None and not caller.sees(workspace):
        return Page(items=(), total=0 if total else None)
    wanted = Wanted(
        states=state,
        owner=owner,
        workspace_id=workspace,
        visible=caller.visible,
        since=since,
        until=until,
        oldest_first=sort is Order.OLDEST,
    )
    page = app.batch_listing.page(wanted, after=None if cursor is None else _position(cursor), limit=limit)
    return Page(
        items=tuple(BatchView.of(batch) for batch in page.batches),
        next_cursor=None if page.next is None else _cursor(page.next),
        total=app.batch_listing.count(wanted) if total else None,
    )


@router.get("/batches/{batch_id}")
def show(batch_id: str, app: TheApp, caller: Annotated[Caller, may(Action.JOBS_READ)]) -> BatchView:
    """How far a batch is; `GET /jobs?batch=` lists its jobs."""
    return BatchView.of(_seen(app, caller, batch_id))


@router.post("/batches/{batch_id}/cancel")
def cancel(batch_id: str, app: TheApp, caller: Annotated[Caller, may(Action.JOBS_CONTROL)]) -> BatchView:
    """End every job of a batch that has not ended; doing so again changes nothing."""
    app.batches.cancel(_seen(app, caller, batch_id).id, actor=caller.name)
    return BatchView.of(app.batches.get(batch_id))


def _cursor(end: Position) -> str:
    """The time, in microseconds since 1970, and the id: ids alone do not sort by time."""
    micros = (end.created_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(micros.to_bytes(8, "big") + UUID(end.id).bytes).decode()


def _position(cursor: str) -> Position:
    """Where the page before ended; InvalidSpec for what is no cursor."""
    try:
        data = base64.urlsafe_b64decode(cursor)
        at = _EPOCH + int.from_bytes(data[:8], "big") * _MICROSECOND
    except OverflowError:
        raise InvalidSpec("the cursor is none of ours", hint="begin without a cursor") from None
    return Position(created_at=at, id=str(UUID(bytes=data[8:])))


def _seen(app: App, caller: Caller, batch_id: str) -> BatchRecord:
    """The batch; BatchNotFound also where not all of its workspaces exist for the caller."""
    for workspace in app.batches.workspaces(batch_id):
        caller.must_see(workspace, else_=BatchNotFound(batch_id))
    return app.batches.get(batch_id)


def _may_submit(caller: Caller, workspace_id: str | None) -> bool:
    """Whether the workspace exists for the caller; Forbidden where it may only look."""
    if not caller.sees(workspace_id):
        return False
    caller.must_be_allowed_in(workspace_id, Action.JOBS_SUBMIT)
    return True
