"""`/health/live`: the process answers. `/health/ready`: what work needs is there."""

import shutil
import time
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.app import App
from framemill.errors import DiskFull, FramemillError

router = APIRouter(prefix="/health", tags=["health"])

_LEAST_FREE = 256 * 1024 * 1024  # bytes; below that not even the database has room for long


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Part(BaseModel):
    """One thing that work needs."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    code: str | None = None
    latency_ms: int


class Ready(BaseModel):
    """Everything that work needs."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    parts: tuple[Part, ...]


@router.get("/live")
def live() -> Alive:
    """Answer, to whoever asks."""
    return Alive()


@router.get("/ready", responses={503: {"model": Ready, "description": "Something is missing."}})
def ready(response: Response, app: TheApp, _: Annotated[Caller, may(Action.HEALTH_READ)]) -> Ready:
    """Look at the database, the store, the programs and the disk."""
    parts = tuple(_looked(name, look, app) for name, look in _LOOKS.items())
    if not all(part.ok for part in parts):
        response.status_code = 503
    return Ready(ok=all(part.ok for part in parts), parts=parts)


def _looked(name: str, look: Callable[[App], None], app: App) -> Part:
    began = time.monotonic()
    code = None
    try:
        look(app)
    except FramemillError as error:
        code = error.code
    return Part(name=name, ok=code is None, code=code, latency_ms=round((time.monotonic() - began) * 1000))


def _database(app: App) -> None:
    app.database.describe()


def _programs(app: App) -> None:
    _ = app.capabilities


def _disk(app: App) -> None:
    folder = next(path for path in (app.settings.data_dir, *app.settings.data_dir.parents) if path.exists())
    if shutil.disk_usage(folder).free < _LEAST_FREE:
        raise DiskFull


def _storage(app: App) -> None:
    for _ in app.blobs.list("workspaces/00000000-"):  # asked for, though nothing is there
        break


_LOOKS: dict[str, Callable[[App], None]] = {
    "database": _database,
    "storage": _storage,
    "programs": _programs,
    "disk": _disk,
}
