"""`GET /jobs/{id}/events`: a job's progress and log as server-sent events, until it has ended.

Each listener looks at its own job once a second, in a thread that is free
again at once; a client that goes away ends that.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from framemill.api import jobs
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.job_views import JobView, LogView
from framemill.app import App
from framemill.services.records import JobRecord, LogRecord

router = APIRouter(tags=["jobs"])

_LOOK_S = 1.0
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def _followed(job_id: str, app: TheApp, caller: Annotated[Caller, may(Action.JOBS_READ)]) -> JobRecord:
    # Before the answer has begun, so that its status can still say that there is no such job.
    return jobs.seen(app, caller, job_id)


@router.get("/jobs/{job_id}/events", response_class=EventSourceResponse)
async def follow(
    app: TheApp,
    job: Annotated[JobRecord, Depends(_followed)],
    last_event_id: Annotated[
        str | None, Header(max_length=32, description="Go on after this line of the log.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Follow a job: an event `job` whenever it has changed, and `log` for each line."""
    line = int(last_event_id) if last_event_id and _NUMBER.fullmatch(last_event_id) else 0
    yield ServerSentEvent(data=JobView.of(job), event="job")
    while True:
        found, lines = await run_in_threadpool(_look, app, job.id, line)
        for one in lines:
            line = one.id
            yield ServerSentEvent(data=LogView.of(one), event="log", id=str(line))
        if found.updated_at != job.updated_at:
            job = found
            yield ServerSentEvent(data=JobView.of(job), event="job")
        if job.state.ended and not lines:
            return
        if not lines:
            await asyncio.sleep(_LOOK_S)


def _look(app: App, job_id: str, after: int) -> tuple[JobRecord, tuple[LogRecord, ...]]:
    # The job first: what is written between the two is not missed.
    return app.jobs.get(job_id), app.jobs.logs(job_id, after=after)
