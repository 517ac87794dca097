"""`/health/live`: the process answers; `/health/ready`: what work needs is there; `/health`: how it is."""

import shutil
from collections.abc import Mapping
from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.metrics import Figures
from framemill.app import App
from framemill.domain.states import JobState
from framemill.errors import DiskFull
from framemill.telemetry import health
from framemill.telemetry.health import OFF, OK, Checkup, Found, Look

router = APIRouter(prefix="/health", tags=["health"])

_LEAST_FREE = 256 * 1024 * 1024  # bytes; below that not even the database has room for long


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Part(BaseModel):
    """One thing that work needs."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(examples=["database"])
    ok: bool = Field(description="False where nothing can be done without it.")
    state: health.State = Field(
        description="`ok`; `off`, not in use here; `degraded`, work is accepted and waits; or `down`."
    )
    code: str | None = Field(None, description="Why it is not `ok`.")
    latency_ms: int = Field(description="How long looking took, up to the limit of two seconds.")

    @classmethod
    def of(cls, part: health.Part) -> "Part":
        """What was found, for a client."""
        return cls(
            name=part.name,
            ok=part.state != "down",
            state=part.state,
            code=part.code,
            latency_ms=part.latency_ms,
        )


class Ready(BaseModel):
    """Everything that work needs."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    parts: tuple[Part, ...]


class Condition(BaseModel):
    """How things are."""

    model_config = ConfigDict(frozen=True)

    version: str
    uptime_s: int = Field(description="Of the process that answers.")
    jobs: dict[JobState, int] | None = Field(
        description="How many have not ended; null for keys of one workspace."
    )
    workers: dict[str, int] | None = Field(
        description="Processes that take tasks, by state; null for keys of one workspace."
    )


@router.get("/live")
def live() -> Alive:
    """Answer, to whoever asks."""
    return Alive()


@router.get("/ready", responses={503: {"model": Ready, "description": "Something is missing."}})
def ready(request: Request, response: Response, _: Annotated[Caller, may(Action.HEALTH_READ)]) -> Ready:
    """Look at the database, the store, the programs, the disk, the broker and the workers."""
    found = looked(request.app.state.checkup)
    response.status_code = 200 if found.ok else 503
    return found


@router.get("")
def condition(request: Request, app: TheApp, caller: Annotated[Caller, may(Action.HEALTH_READ)]) -> Condition:
    """Say which version this is, how long it has been up, and what there is to do."""
    return condition_of(request.app.state.figures, app, whole=caller.visible is None)


def looked(checkup: Checkup) -> Ready:
    """What a look at everything found."""
    parts = tuple(Part.of(part) for part in checkup.look())
    return Ready(ok=all(part.ok for part in parts), parts=parts)


def condition_of(figures: Figures, app: App, *, whole: bool) -> Condition:
    """How things are; `whole` with what goes on in all workspaces."""
    workers: dict[str, int] = {}
    for worker in app.workers.list() if whole else ():
        workers[worker.state] = workers.get(worker.state, 0) + 1
    return Condition(
        version=version("framemill"),
        uptime_s=round(figures.uptime_s),
        jobs=app.stats.open_jobs() if whole else None,
        workers=workers if whole else None,
    )


def checkup_of(app: App) -> Checkup:
    """Who looks at what `app` needs."""
    looks: Mapping[str, Look] = {
        "database": lambda: _database(app),
        "storage": lambda: _storage(app),
        "ffmpeg": lambda: _programs(app),
        "disk": lambda: _disk(app),
        "broker": lambda: _broker(app),
        "workers": lambda: _workers(app),
    }
    return Checkup(looks)


def _database(app: App) -> Found:
    app.database.describe()
    return OK


def _storage(app: App) -> Found:
    for _ in app.blobs.list("workspaces/00000000-"):  # asked for, though nothing is there
        break
    return OK


def _programs(app: App) -> Found:
    _ = app.capabilities
    return OK


def _disk(app: App) -> Found:
    folder = next(path for path in (app.settings.data_dir, *app.settings.data_dir.parents) if path.exists())
    if shutil.disk_usage(folder).free < _LEAST_FREE:
        raise DiskFull
    return OK


def _broker(app: App) -> Found:
    if app.settings.engine != "celery":
        return OFF
    from framemill.engine.broker import Broker

    broker = app.dispatcher
    # Jobs are accepted without it, and announced again later.
    return OK if not isinstance(broker, Broker) or broker.answers() else ("degraded", "broker_unreachable")


def _workers(app: App) -> Found:
    return OK if app.workers.alive(within=app.settings.lease_ttl) else ("degraded", "no_workers")
