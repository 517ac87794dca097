"""What a running job tells whoever watches. The database has it too; events only arrive sooner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from framemill.domain.states import JobState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a task and its job are."""

    job_id: str
    task: str  # its key
    title: str  # for people: "encode 720p and 480p"
    percent: float  # of the task
    job_percent: float
    speed: float | None = None  # times real time
    fps: float | None = None  # pictures a second
    eta_ms: int | None = None  # of the task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged:
    """A task went to another state."""

    job_id: str
    task: str
    title: str
    state: TaskState
    message: str | None = None  # why, where it went wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanged:
    """The job went to another state."""

    job_id: str
    state: JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something worth telling: what is copied and why, what was left behind, what was tried again."""

    job_id: str
    level: Literal["info", "warning"]
    message: str


Event = Progress | TaskChanged | JobChanged | Note


class EventSink(Protocol):
    """Where a worker puts its events."""

    def emit(self, event: Event) -> None:
        """Take `event`. Called from the worker's threads, in order per task; returns at once."""


class Silence:
    """Nobody watches."""

    def emit(self, event: Event) -> None:
        """Forget it."""


class Callback:
    """Hands every event to a function of this process."""

    def __init__(self, function: Callable[[Event], None]) -> None:
        self._function = function

    def emit(self, event: Event) -> None:
        """Call the function; what it raises reaches the worker."""
        self._function(event)
