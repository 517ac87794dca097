"""What a batch in the foreground shows: one bar for all and one for each running job, or lines."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING

from framemill.cli.page import colourful
from framemill.cli.terminal import err, harmless
from framemill.domain.states import JobState
from framemill.engine.events import Event, JobChanged, Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

_EVERY_S = 10.0


class Board:
    """Shows nothing; the others show more. Called from several threads."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._over = 0
        self._names: dict[str, str] = {}
        self._lock = Lock()

    def __enter__(self) -> "Board":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was opened."""

    def begins(self, job_id: str, name: str) -> None:
        """A job is about to run."""
        with self._lock:
            self._names[job_id] = harmless(name)

    def __call__(self, event: Event) -> None:
        """Something happened to a running job."""

    def ends(self, job_id: str | None, line: str) -> None:  # noqa: ARG002 - others show it
        """An input is done with; `line` says how."""
        with self._lock:
            self._over += 1
            self._names.pop(job_id or "", None)


class Lines(Board):
    """A line for each input, and one now and then for what takes long."""

    def __init__(
        self, total: int, *, say: Callable[[str], None] = err, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(total)
        self._say = say
        self._now = now
        self._last = now()

    def __call__(self, event: Event) -> None:
        """Say how far a job is where nothing was said for a while, and where one is held up."""
        if isinstance(event, JobChanged) and event.state is JobState.PAUSED:
            with self._lock:
                name = self._names.get(event.job_id, "")
                self._say(f"paused {name}: `framemill jobs resume {event.job_id}` lets it go on")
        if not isinstance(event, Progress):
            return
        with self._lock:
            if self._now() - self._last >= _EVERY_S and event.job_id in self._names:
                self._last = self._now()
                self._say(f"{event.job_percent:5.1f} %  {self._names[event.job_id]}: {event.title}")

    def ends(self, job_id: str | None, line: str) -> None:
        """Say it."""
        super().ends(job_id, line)
        with self._lock:
            self._last = self._now()
            self._say(f"[{self._over}/{self._total}] {line}")


class Bars(Board):
    """On a terminal."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Shown

        super().__init__(total)
        self._bars: Shown = Shown(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[what]}", markup=False),
            console=Console(stderr=True, no_color=not colourful(sys.stderr), highlight=False),
            transient=True,
        )
        self._all = self._bars.add_task("all of it", total=total, what=f"0 of {total}")
        self._jobs: dict[str, TaskID] = {}
        self._done: dict[str, float] = {}

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal may be gone
            self._bars.stop()

    def begins(self, job_id: str, name: str) -> None:
        """Show its bar."""
        super().begins(job_id, name)
        with self._lock:
            self._jobs[job_id] = self._bars.add_task(self._names[job_id][-40:], total=100, what="")

    def __call__(self, event: Event) -> None:
        """Move its bar and that of all."""
        if isinstance(event, JobChanged) and event.state is JobState.PAUSED:
            with self._lock:
                if (bar := self._jobs.get(event.job_id)) is not None:
                    self._bars.update(bar, what="paused")
        if not isinstance(event, Progress):
            return
        with self._lock:
            if (bar := self._jobs.get(event.job_id)) is not None:
                self._done[event.job_id] = event.job_percent / 100
                self._bars.update(bar, completed=event.job_percent, what=event.title[:40])
                self._show_all()

    def ends(self, job_id: str | None, line: str) -> None:
        """Take its bar away and leave a line."""
        super().ends(job_id, line)
        with self._lock:
            self._done.pop(job_id or "", None)
            if (bar := self._jobs.pop(job_id or "", None)) is not None:
                self._bars.remove_task(bar)
            self._show_all()
            from rich.text import Text

            self._bars.console.print(Text.from_ansi(line))

    def _show_all(self) -> None:
        done = self._over + sum(self._done.values())
        self._bars.update(self._all, completed=done, what=f"{self._over} of {self._total}")


def board(total: int, *, quiet: bool, as_json: bool) -> Board:
    """The right one for this terminal."""
    if quiet:
        return Board(total)
    if sys.stderr.isatty():
        return Bars(total)
    return Board(total) if as_json else Lines(total)
