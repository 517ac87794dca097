"""`GET /jobs/{id}/events` and `GET /events`: what becomes of jobs as server-sent events.

What is told is the hub's (`api.hub`); how long somebody may listen, the
doorkeeper's. `/ws/jobs` tells the same to those who choose as they go.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from framemill.api import jobs
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.doorkeeper import Doorkeeper, credential_of
from framemill.api.event_stream import EVENTS, HEARTBEAT_S, EventStream, EventText, Telling
from framemill.api.hub import Hub, of_line
from framemill.api.job_views import JobView
from framemill.api.listeners import Chosen, Listener, Message, Replay
from framemill.errors import Unauthenticated, WorkspaceNotFound
from framemill.services.records import JobRecord

router = APIRouter(tags=["jobs"])

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_EVER = 2**62

_Reader = Annotated[Caller, may(Action.JOBS_READ)]
_LastEventId = Annotated[
    str | None, Header(max_length=32, description="Go on after this event; browsers send it by themselves.")
]
_Since = Annotated[int | None, Query(ge=0, le=_EVER, description="The same, for who can send no header.")]


def _followed(job_id: str, app: TheApp, caller: _Reader) -> JobRecord:
    # Before the answer has begun, so that its status can still say that there is no such job.
    return jobs.seen(app, caller, job_id)


@router.get("/jobs/{job_id}/events", response_class=EventText, responses=EVENTS)
async def follow(
    request: Request,
    app: TheApp,
    caller: _Reader,
    job: Annotated[JobRecord, Depends(_followed)],
    since: _Since = None,
    logs: Annotated[bool, Query(description="Tell the lines of its log too.")] = False,
    after_line: Annotated[int, Query(ge=0, le=_EVER, description="Of those, the ones after this `id`.")] = 0,
    last_event_id: _LastEventId = None,
) -> Response:
    """Follow a job until it has ended: how it is, then `state`, `progress` and `log` as they come."""
    last = _last(last_event_id, since)
    if last is not None and job.state.ended:
        rest = await run_in_threadpool(app.events.after, last, job_ids=(job.id,), limit=1)
        if not rest:
            return Response(status_code=204)  # which tells browsers not to come again
    hub: Hub = request.app.state.hub

    async def telling(listener: Listener) -> AsyncIterator[bytes]:
        chosen = (Chosen(job_id=job.id),)
        if logs:
            listener.lines[job.id] = after_line
        hub.choose(listener, chosen, since=last)
        cursor = hub.cursor
        # Read after it is known from where on changes will be heard, so that none falls between.
        found = await run_in_threadpool(app.jobs.get, job.id)
        number = "" if last is not None else f"id: {cursor}\n"
        yield f"event: job\n{number}data: {JobView.of(found).model_dump_json()}\n\n".encode()
        if not found.state.ended:
            async for piece in _pieces(hub, listener, until=job.id):
                yield piece
            return
        if logs:
            for line in await run_in_threadpool(app.jobs.logs, job.id, after=after_line):
                yield of_line(job.id, line).frame
        if last is not None:
            async for message in hub.replay(listener, Replay(chosen=chosen, since=last, until=_EVER)):
                yield message.frame

    return _stream(request, caller, telling)


@router.get("/events", response_class=EventText, responses=EVENTS)
async def listen(
    request: Request,
    caller: _Reader,
    workspace: Annotated[str | None, Query(max_length=64, description="Only what is in it; its id.")] = None,
    since: _Since = None,
    last_event_id: _LastEventId = None,
) -> Response:
    """Follow all jobs that one may see, or those of a workspace: `state` and `progress`, without end."""
    place = None if workspace is None else place_of(caller, workspace)
    last = _last(last_event_id, since)
    hub: Hub = request.app.state.hub

    async def telling(listener: Listener) -> AsyncIterator[bytes]:
        hub.choose(listener, (Chosen(workspace_id=place),), since=last)
        if last is None:
            yield f"id: {hub.cursor}\n\n".encode()
        async for piece in _pieces(hub, listener):
            yield piece

    return _stream(request, caller, telling)


def place_of(caller: Caller, workspace: str) -> str:
    """The workspace's id as it is told; WorkspaceNotFound where the caller knows of none such."""
    unknown = WorkspaceNotFound(workspace)
    try:
        found = str(UUID(workspace))
    except ValueError:
        raise unknown from None
    caller.must_see(found, else_=unknown)
    return found


async def _pieces(hub: Hub, listener: Listener, *, until: str | None = None) -> AsyncIterator[bytes]:
    """What there is to tell, at once what is there at once; until this job has ended."""
    while True:
        ready: list[bytes] = []
        for one in await listener.next(HEARTBEAT_S):
            if isinstance(one, Message):
                ready.append(one.frame)
                if one.final and one.job_id == until:
                    yield b"".join(ready)
                    return
                continue
            yield b"".join(ready)
            ready.clear()
            async for message in hub.replay(listener, one):
                yield message.frame
        yield b"".join(ready)


def _stream(request: Request, caller: Caller, telling: Telling) -> EventStream:
    credential = credential_of(request)
    if credential is None:
        raise Unauthenticated("the request says not who asks")
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    return EventStream(request.app.state.hub, doorkeeper, credential, caller, telling)


def _last(header: str | None, query: int | None) -> int | None:
    return int(header) if header and _NUMBER.fullmatch(header) else query
