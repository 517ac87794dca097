"""What listeners are told, and what they say over `/ws/jobs`: one model for each type of message."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from framemill.api.job_views import ErrorView, LogView, Said
from framemill.domain.happenings import Happening
from framemill.domain.states import JobState
from framemill.services.events import EventRecord, ProgressRecord

_MOST_NAMED = 100
_Id = Annotated[str, Field(min_length=1, max_length=64)]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class StateView(_View):
    """A job's state changed. None of these is left out."""

    type: Literal["state"] = "state"
    id: int = Field(description="The cursor: who goes on from it misses nothing.")
    change: Happening
    job_id: str
    workspace_id: str | None
    state: JobState = Field(description="The job's from then on.")
    at: datetime
    error: ErrorView | None = Field(None, description="Why it failed.")
    priority: int | None = Field(None, description="The new one, where that changed.")

    @classmethod
    def of(cls, event: EventRecord) -> "StateView":
        """The record for a client."""
        data = event.data or {}
        return cls(
            id=event.id,
            change=event.change,
            job_id=event.job_id,
            workspace_id=event.workspace_id,
            state=event.state,
            at=event.at,
            error=ErrorView.of(data) if event.change is Happening.FAILED and data.get("code") else None,
            priority=data.get("priority"),
        )


class ProgressView(_View):
    """How far a job is. Only the newest is told: who reads slowly gets fewer of these."""

    job_id: str
    workspace_id: str | None
    state: JobState
    percent: float
    step: Said | None = Field(description="What is being done, for people.")
    tasks_total: int
    tasks_done: int
    speed: float | None = Field(description="Times real time, of the step that takes longest.")
    fps: float | None = Field(description="Pictures a second, of that step.")
    eta_ms: int | None = Field(description="Until that step is done.")

    @classmethod
    def of(cls, record: ProgressRecord) -> "ProgressView":
        """The record for a client."""
        return cls(**{name: getattr(record, name) for name in cls.model_fields})


class LogLine(LogView):
    """A line of a job's log."""

    type: Literal["log"] = "log"
    job_id: str


class Gap(_View):
    """Events that were asked for are kept no longer: look at the jobs themselves, and go on from here."""

    type: Literal["gap"] = "gap"
    since: int
    oldest: int


class Subscribe(_View):
    """Hear of jobs, of a workspace, or of all that one may see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["subscribe"]
    request: str | None = Field(None, max_length=64, description="Comes back with the answer.")
    jobs: tuple[_Id, ...] = Field((), max_length=_MOST_NAMED)
    workspace: _Id | None = None
    all: bool = False
    since: int | None = Field(None, ge=0, le=2**62, description="Go on after this event.")
    logs: bool = Field(False, description="Of `jobs`, their logs' lines too.")
    after_line: int = Field(0, ge=0, le=2**62, description="Of those, the ones after this `id`.")


class Unsubscribe(_View):
    """Hear of them no more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["unsubscribe"]
    request: str | None = Field(None, max_length=64)
    jobs: tuple[_Id, ...] = Field((), max_length=_MOST_NAMED)
    workspace: _Id | None = None
    all: bool = False


class Ping(_View):
    """Is anybody there?"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["ping"]
    request: str | None = Field(None, max_length=64)


class Welcome(_View):
    """The first message of the server: the client is known."""

    type: Literal["welcome"] = "welcome"
    name: str = Field(description="Who the client is.")
    cursor: int


class Subscribed(_View):
    """Done; what follows happened after `cursor`."""

    type: Literal["subscribed", "unsubscribed"]
    request: str | None
    cursor: int


class Pong(_View):
    """Yes."""

    type: Literal["pong"] = "pong"
    request: str | None


class Mistake(_View):
    """A request could not be done; the connection goes on."""

    type: Literal["error"] = "error"
    request: str | None
    code: str
    message: str


ClientMessage = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="type")]
CLIENT_MESSAGE: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(ClientMessage)
