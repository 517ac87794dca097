"""`/ws/jobs`: what becomes of jobs, over one WebSocket for all that a client wants to hear of.

Messages are models of `api.live_views`. The client's are done in the order
they come; one task alone sends, so what a subscription missed is told before
what happens after it.
"""

import asyncio
from contextlib import suppress
from functools import lru_cache
from uuid import UUID

from fastapi import APIRouter, WebSocket
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError

from framemill.api.dependencies import Action
from framemill.api.events import place_of
from framemill.api.hub import Hub
from framemill.api.listeners import Chosen, Listener, Message, Replay
from framemill.api.live_views import (
    CLIENT_MESSAGE,
    Mistake,
    Pong,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Welcome,
)
from framemill.api.sockets import Bounds, Close, Closing, Visit, admit
from framemill.errors import FramemillError, InvalidSpec, JobNotFound

router = APIRouter()

_BOUNDS = Bounds(largest=16 * 1024)
_MOST_CHOSEN = 500


@router.websocket("/ws/jobs")
async def follow(socket: WebSocket) -> None:
    """Tell what becomes of jobs."""
    hub: Hub = socket.app.state.hub

    async def talk(visit: Visit) -> None:
        with hub.listener(visit.guest) as listener:
            await hub.ready()
            await visit.send(Welcome(name=visit.caller.name, cursor=hub.cursor).model_dump_json())
            teller = asyncio.create_task(_tell(hub, listener, visit))
            teller.add_done_callback(lambda done: _pass_on(done, visit))
            try:
                while True:
                    await _answer(hub, listener, visit, await visit.receive())
            finally:
                teller.cancel()

    await admit(socket, talk, action=Action.JOBS_READ, bounds=_BOUNDS)


async def _answer(hub: Hub, listener: Listener, visit: Visit, said: str | bytes) -> None:
    try:
        message = CLIENT_MESSAGE.validate_json(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Closing(Close.BAD_MESSAGE, f"{where}: {first['msg']}" if where else first["msg"]) from None
    try:
        if isinstance(message, Subscribe):
            await _subscribe(hub, listener, visit, message)
        elif isinstance(message, Unsubscribe):
            listener.leave(_chosen(message))
            _say(listener, Subscribed(type="unsubscribed", request=message.request, cursor=hub.cursor))
        else:
            _say(listener, Pong(request=message.request))
    except FramemillError as error:
        _say(listener, Mistake(request=message.request, code=error.code, message=error.message))


async def _subscribe(hub: Hub, listener: Listener, visit: Visit, wish: Subscribe) -> None:
    """Raises JobNotFound, WorkspaceNotFound, InvalidSpec; then nothing has changed."""
    chosen = _chosen(wish)
    if not chosen:
        raise InvalidSpec("nothing was named to subscribe to: jobs, a workspace, or all")
    if len(listener.chosen.union(chosen)) > _MOST_CHOSEN:
        raise InvalidSpec(f"one connection follows {_MOST_CHOSEN} things at most; subscribe to a workspace")
    jobs = [await run_in_threadpool(visit.app.jobs.get, job_id) for job_id in wish.jobs]
    for job in jobs:
        visit.caller.must_see(job.workspace_id, else_=JobNotFound(job.id))
    if wish.workspace is not None:
        place_of(visit.caller, wish.workspace)
    _say(listener, Subscribed(type="subscribed", request=wish.request, cursor=hub.cursor))
    if wish.logs:
        listener.lines.update({job.id: listener.lines.get(job.id, wish.after_line) for job in jobs})
    hub.choose(listener, chosen, since=wish.since)


def _chosen(wish: Subscribe | Unsubscribe) -> tuple[Chosen, ...]:
    named = [Chosen(job_id=_plain(job_id)) for job_id in wish.jobs]
    if wish.workspace is not None:
        named.append(Chosen(workspace_id=_plain(wish.workspace)))
    if wish.all:
        named.append(Chosen())
    return tuple(named)


def _plain(name: str) -> str:
    """An id in the one way in which it is told; what is none stays, and names nothing."""
    with suppress(ValueError):
        return str(UUID(name))
    return name


async def _tell(hub: Hub, listener: Listener, visit: Visit) -> None:
    """Send what there is to tell, as it comes."""
    while True:
        changed: list[str] = []
        for one in await listener.next():
            if isinstance(one, Replay):
                async for message in hub.replay(listener, one):
                    await visit.send(message.text)
            elif one.kind == "progress":
                changed.append(one.text)  # those come last
            else:
                await visit.send(one.text)
        if changed:
            await visit.send(_together(tuple(changed)))


@lru_cache(maxsize=64)
def _together(texts: tuple[str, ...]) -> str:
    """One message of many; for all who hear of the same jobs it is put together once."""
    return f'{{"type":"progress","jobs":[{",".join(texts)}]}}'


def _pass_on(done: "asyncio.Task[None]", visit: Visit) -> None:
    """Where nothing more can be sent, the visit is over."""
    if done.cancelled():
        return
    error = done.exception()
    if isinstance(error, Closing):
        visit.end(error.code, error.reason)
    else:
        visit.end(Close.ENDED, "")


def _say(listener: Listener, message: BaseModel) -> None:
    """In its turn, behind what is to be told before it."""
    listener.tell(Message("answer", message.model_dump_json()))
