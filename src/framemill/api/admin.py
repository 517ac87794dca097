"""`/admin`: the queue, the workers, the room that is taken and the settings, for those who run all this."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.job_views import Said
from framemill.domain.states import JobState
from framemill.services.queue import Why
from framemill.settings import Settings, origins, secrets, shown

router = APIRouter(prefix="/admin", tags=["admin"])
_Reader = Annotated[Caller, may(Action.ADMIN_READ)]
_Actor = Annotated[Caller, may(Action.ADMIN_ACT)]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class DepthView(_View):
    """The queue at one priority."""

    priority: int
    waiting: int = Field(description="Jobs.")
    oldest: datetime = Field(description="When the one that waits longest was submitted.")


class KindOfWorkView(_View):
    """Steps that need the same of a worker."""

    resource: str = Field(description="cpu, gpu or io.")
    requires: tuple[str, ...] = Field(description="Encoders that a worker must have.")
    waiting: int
    able: int = Field(description="Workers that are there, take new steps, and can do it.")


class WaitingView(_View):
    """A step that nobody has taken yet."""

    job_id: str
    title: Said
    priority: int
    owner: str
    workspace_id: str | None
    resource: str
    requires: tuple[str, ...]
    since: datetime | None
    not_before: datetime | None
    attempt: int = Field(description="How often it was tried.")
    why: Why = Field(description="What it waits for.")


class QueueStateView(_View):
    """The queue at one moment."""

    at: datetime
    jobs: dict[JobState, int] = Field(description="That have not ended.")
    priorities: tuple[DepthView, ...] = Field(description="The most urgent first.")
    kinds: tuple[KindOfWorkView, ...]
    foreground: int = Field(description="Steps that commands in a foreground keep for themselves.")
    next: tuple[WaitingView, ...] = Field(description="In the order in which they would be taken.")


class HeldView(_View):
    """A step that a worker is at."""

    job_id: str
    title: Said
    progress: float = Field(description="Percent.")


class WorkerView(_View):
    """A process that takes steps."""

    id: str
    host: str
    pid: int
    version: str
    engine: str
    state: str = Field(description="active, draining or gone.")
    drained: bool = Field(validation_alias="asked_to_drain", description="It was asked to take nothing more.")
    at: tuple[HeldView, ...]
    done: int
    failed: int
    started_at: datetime
    seen_at: datetime


class WorkersWish(BaseModel):
    """Which workers."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"workers": ["mill-2:4711:1793712000"]}]}
    )

    workers: tuple[Annotated[str, Field(max_length=255)], ...] | None = Field(
        None, max_length=1000, description="Their ids; left away: all that are there."
    )


class AskedView(_View):
    """Whom it reached."""

    workers: tuple[str, ...]


class RoleUseView(_View):
    """Things of one kind."""

    role: str = Field(description="original, or what was made: rendition, hls ...")
    objects: int = Field(description="Files, and packaged streams as one each.")
    bytes: int


class WorkspaceUseView(_View):
    """What a workspace holds."""

    id: str
    name: str = Field(description="Empty while it is being deleted.")
    quota_bytes: int | None
    objects: int
    bytes: int
    roles: tuple[RoleUseView, ...]


class StorageView(_View):
    """The room that is taken."""

    objects: int
    bytes: int
    workspaces: tuple[WorkspaceUseView, ...] = Field(description="The largest first.")


class SettingView(_View):
    """One setting as it holds."""

    name: str
    description: str
    origin: str = Field(description="default, file or environment.")
    secret: bool
    is_set: bool
    value: str | int | None = Field(description="null where it is unset, and of every secret.")


@router.get("/queue")
def show_queue(
    app: TheApp, _: _Reader, limit: Annotated[int, Query(ge=0, le=200, description="Of `next`.")] = 20
) -> QueueStateView:
    """How much waits at each priority, since when, and what waits for what."""
    return QueueStateView.model_validate(app.queue.look(limit=limit))


@router.get("/workers")
def list_workers(
    app: TheApp, _: _Reader, gone: Annotated[bool, Query(description="Also those that have gone.")] = False
) -> tuple[WorkerView, ...]:
    """Who works, where, at what."""
    return tuple(WorkerView.model_validate(worker) for worker in app.workers.list(gone=gone))


@router.post("/workers/drain")
def drain_workers(wish: WorkersWish, app: TheApp, caller: _Actor) -> AskedView:
    """Let workers finish what they are at and end, on any machine; until they have it can be taken back."""
    there = [worker.id for worker in app.workers.list()]
    wanted = [one for one in there if wish.workers is None or one in wish.workers]
    app.workers.drain(wanted, actor=caller.name)
    return AskedView(workers=tuple(wanted))


@router.post("/workers/undrain")
def undrain_workers(wish: WorkersWish, app: TheApp, caller: _Actor) -> AskedView:
    """Take that back: they go on, as long as they are at something; those that have ended have."""
    wanted = wish.workers if wish.workers is not None else [worker.id for worker in app.workers.list()]
    return AskedView(workers=app.workers.undrain(wanted, actor=caller.name))


@router.get("/storage")
def show_storage(app: TheApp, _: _Reader) -> StorageView:
    """Bytes and how many things, by workspace and by what they are."""
    found = app.holdings.by_workspace()
    return StorageView(
        objects=sum(one.objects for one in found),
        bytes=sum(one.bytes for one in found),
        workspaces=tuple(WorkspaceUseView.model_validate(one) for one in found),
    )


@router.get("/settings")
def list_settings(app: TheApp, _: _Reader) -> tuple[SettingView, ...]:
    """Every setting as it holds here, and where it comes from; of secrets only whether they are set."""
    values, sources, hidden = shown(app.settings), origins(), secrets()
    return tuple(
        SettingView(
            name=name,
            description=Settings.model_fields[name].description or "",
            origin=sources[name],
            secret=name in hidden,
            is_set=value is not None,
            value=None if name in hidden else value,
        )
        for name, value in values.items()
    )
