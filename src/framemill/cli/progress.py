"""What a running job shows: bars on a terminal, a line now and then elsewhere, nothing if quiet."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from framemill.cli.page import colourful
from framemill.cli.terminal import err, painted
from framemill.cli.wording import clock
from framemill.domain.states import JobState, TaskState
from framemill.engine.events import Event, JobChanged, Progress, TaskChanged

if TYPE_CHECKING:
    from rich.progress import TaskID

_EVERY_S = 3.0
_PLAN = "plan"  # the task that plans


class Watcher(Protocol):
    """Shows events while it is entered."""

    def __enter__(self) -> "Watcher": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, event: Event) -> None:
        """Show `event`. Called from the worker's threads."""


def watcher(*, quiet: bool, only_bars: bool = False) -> Watcher:
    """The right one for this terminal; `only_bars` where lines would get in the way."""
    if quiet:
        return Quiet()
    if sys.stderr.isatty():
        return OnTerminal()
    return Quiet() if only_bars else InLines()


def _is_before_work(task: str) -> bool:
    """True for what goes on before it is known how much work there is."""
    return task == _PLAN or task.startswith("fetch:")


def planning(share: float) -> Progress:
    """How far a plan is that is only made to be shown."""
    return Progress(job_id="", task=_PLAN, title="plan the work", percent=100 * share, job_percent=0)


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> "Quiet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was opened."""

    def __call__(self, event: Event) -> None:
        """Forget it."""


class InLines(Quiet):
    """A line every few seconds, for logs."""

    def __init__(
        self, *, say: Callable[[str], None] = err, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._now = now
        self._last = now()
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Write a line where one is due."""
        with self._lock:
            if isinstance(event, Progress) and self._now() - self._last >= _EVERY_S:
                self._last = self._now()
                percent = event.percent if _is_before_work(event.task) else event.job_percent
                self._say(f"{percent:5.1f} %  {event.title}{_pace(event)}")
            elif line := _told(event):
                self._say(line)


class OnTerminal(Quiet):
    """A bar for each step that runs, gone when it is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bars

        self._bars: Bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[pace]}", markup=False),
            console=Console(stderr=True, no_color=not colourful(sys.stderr), highlight=False),
            transient=True,
        )
        self._steps: dict[str, TaskID] = {}
        self._all: TaskID | None = None
        self._lock = Lock()

    def __enter__(self) -> "OnTerminal":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal may be gone
            self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Move the bars."""
        with self._lock:
            if isinstance(event, Progress):
                bar = self._bar(event.task, event.title)
                self._bars.update(bar, completed=event.percent, pace=_pace(event))
                self._show_all(event)
            elif isinstance(event, TaskChanged):
                self._changed(event)
            self._say(event)

    def _changed(self, event: TaskChanged) -> None:
        if event.state is TaskState.LEASED:
            self._bar(event.task, event.title)
            return
        if (bar := self._steps.pop(event.task, None)) is not None:
            self._bars.remove_task(bar)

    def _say(self, event: Event) -> None:
        if line := _told(event):
            from rich.text import Text

            self._bars.console.print(Text.from_ansi(line))

    def _show_all(self, event: Progress) -> None:
        """A bar of the whole job, once there is more to it than this step."""
        if _is_before_work(event.task):
            return
        if self._all is None and abs(event.job_percent - event.percent) > 1:
            self._all = self._bars.add_task("all of it", total=100, pace="")
        if self._all is not None:
            self._bars.update(self._all, completed=event.job_percent)

    def _bar(self, key: str, title: str) -> "TaskID":
        if key not in self._steps:
            shown = _fitting(title, self._bars.console.width)
            self._steps[key] = self._bars.add_task(shown, total=100, pace="")
        return self._steps[key]


def _told(event: Event) -> str | None:
    """What is worth a line: work that is tried again, a pause."""
    if isinstance(event, JobChanged) and event.state is JobState.PAUSED:
        return f"{painted('paused:', 'yellow', sys.stderr)} `framemill jobs resume {event.job_id}` goes on"
    if isinstance(event, TaskChanged) and event.state is TaskState.READY and event.message:
        return f"{painted('again:', 'yellow', sys.stderr)} {event.title}: {event.message}"
    return None


def _pace(event: Progress) -> str:
    parts = [f"{event.speed:.3g}×"] if event.speed else []
    if event.fps:
        parts.append(f"{event.fps:.3g} fps")
    if event.eta_ms is not None:
        parts.append(f"{clock(event.eta_ms)} left")
    return "".join(f"  {part}" for part in parts)


def _fitting(title: str, width: int) -> str:
    room = max(16, width - 60)
    return title if len(title) <= room else title[: room - 1] + "…"
