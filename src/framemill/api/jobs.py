"""`/jobs`: what was submitted, how far it is, and steering it. Submitting is `api.submitting`'s."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.job_views import JobDetailView, JobView, LogView
from framemill.api.moments import Moment
from framemill.api.pages import Order, Page, Wanted, cursor_after
from framemill.api.texts import WHOLE
from framemill.app import App
from framemill.domain.states import JobState
from framemill.errors import JobNotFound
from framemill.services.records import JobRecord
from framemill.store.listing import Wanted as WantedJobs

router = APIRouter(prefix="/jobs", tags=["jobs"])
_Reader = Annotated[Caller, may(Action.JOBS_READ)]
_Controller = Annotated[Caller, may(Action.JOBS_CONTROL)]


class Priority(BaseModel):
    """How urgent a job is."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [{"priority": 8}]})

    priority: Annotated[int, WHOLE] = Field(ge=1, le=10, description="10 is the most urgent.")


@router.get("")
def list_all(
    app: TheApp,
    caller: _Reader,
    paging: Wanted,
    state: Annotated[tuple[JobState, ...], Query(description="Only these; may be given again.")] = (),
    kind: Annotated[str | None, Query(max_length=64, description="Only this operation or pipeline.")] = None,
    owner: Annotated[str | None, Query(max_length=64)] = None,
    workspace: Annotated[str | None, Query(max_length=64, description="Its id.")] = None,
    video: Annotated[str | None, Query(max_length=64, description="Its id.")] = None,
    batch: Annotated[str | None, Query(max_length=64, description="Its id.")] = None,
    text: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Part of an input's file name or of the kind, or how the id begins or ends.",
        ),
    ] = None,
    since: Annotated[Moment | None, Query(description="Submitted then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Submitted before.")] = None,
    sort: Annotated[Order, Query(description="By the time of submission.")] = Order.NEWEST,
) -> Page[JobView]:
    """Jobs, the newest first where nothing else is asked."""
    if workspace is not None and not caller.sees(workspace):
        return Page(items=(), total=0 if paging.total else None)
    wanted = WantedJobs(
        states=state,
        kind=kind,
        owner=owner,
        workspace_id=workspace,
        visible=None if workspace else caller.visible,
        video_id=video,
        batch_id=batch,
        text=text,
        since=since,
        until=until,
        oldest_first=sort is Order.OLDEST,
    )
    page = app.jobs.page(wanted, before=paging.after, limit=paging.limit)
    return Page(
        items=tuple(JobView.of(job) for job in page.jobs),
        next_cursor=cursor_after(page.next),
        total=app.jobs.count(wanted) if paging.total else None,
    )


@router.get("/{job_id}")
def show(job_id: str, app: TheApp, caller: _Reader) -> JobDetailView:
    """One job with its steps and what it made."""
    detail = app.jobs.show(job_id)
    caller.must_see(detail.job.workspace_id, else_=JobNotFound(job_id))
    return JobDetailView.of_detail(detail)


@router.get("/{job_id}/logs")
def logs(
    job_id: str,
    app: TheApp,
    caller: _Reader,
    after: Annotated[int, Query(ge=0, le=2**62, description="The last `id` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> tuple[LogView, ...]:
    """What happened to a job, oldest first."""
    seen(app, caller, job_id)
    return tuple(LogView.of(line) for line in app.jobs.logs(job_id, after=after, limit=limit))


@router.post("/{job_id}/cancel")
def cancel(job_id: str, app: TheApp, caller: _Controller) -> JobView:
    """End a job; doing so again changes nothing."""
    seen(app, caller, job_id)
    app.jobs.cancel(job_id, actor=caller.name)
    return JobView.of(app.jobs.get(job_id))


@router.post("/{job_id}/pause")
def pause(job_id: str, app: TheApp, caller: _Controller) -> JobView:
    """Hold a job up; its programs stand still."""
    seen(app, caller, job_id)
    app.jobs.pause(job_id, actor=caller.name)
    return JobView.of(app.jobs.get(job_id))


@router.post("/{job_id}/resume")
def resume(job_id: str, app: TheApp, caller: _Controller) -> JobView:
    """Let a paused job go on."""
    seen(app, caller, job_id)
    app.jobs.resume(job_id, actor=caller.name)
    return JobView.of(app.jobs.get(job_id))


@router.post("/{job_id}/retry", status_code=202)
def retry(job_id: str, app: TheApp, caller: _Controller) -> JobView:
    """Queue a job that failed or was cancelled again; steps that are done stay done."""
    seen(app, caller, job_id)
    app.jobs.retry(job_id, actor=caller.name)
    return JobView.of(app.jobs.get(job_id))


@router.put("/{job_id}/priority")
def prioritise(
    job_id: str, wish: Priority, app: TheApp, caller: Annotated[Caller, may(Action.JOBS_PRIORITISE)]
) -> JobView:
    """Make a job more or less urgent."""
    seen(app, caller, job_id)
    app.jobs.set_priority(job_id, wish.priority, actor=caller.name)
    return JobView.of(app.jobs.get(job_id))


def seen(app: App, caller: Caller, job_id: str) -> JobRecord:
    """The job; JobNotFound also where it does not exist for the caller."""
    job = app.jobs.get(job_id)
    caller.must_see(job.workspace_id, else_=JobNotFound(job_id))
    return job
