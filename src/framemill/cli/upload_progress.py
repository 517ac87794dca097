"""What `framemill upload` shows while it sends: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from framemill.cli.page import colourful
from framemill.cli.terminal import err, harmless
from framemill.cli.wording import size

_EVERY_S = 3.0


class Meter(Protocol):
    """Told of bytes that were read or sent, from any thread."""

    def __call__(self, count: int) -> None:
        """So many more; less than none where some go again."""


@contextmanager
def meter(title: str, total: int, *, quiet: bool, only_bars: bool) -> Iterator[Meter]:
    """The right one for this terminal; `only_bars` where lines would get in the way."""
    if quiet or (only_bars and not sys.stderr.isatty()):
        yield _nothing
    elif sys.stderr.isatty():
        with _bar(title, total) as bar:
            yield bar
    else:
        yield _Lines(title, total)


def _nothing(count: int) -> None:
    """Nobody looks."""


@contextmanager
def _bar(title: str, total: int) -> Iterator[Meter]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as Speed

    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        Speed(),
        TimeRemainingColumn(),
        console=Console(stderr=True, no_color=not colourful(sys.stderr), highlight=False),
        transient=True,
    )
    with bars:
        task = bars.add_task(harmless(title)[:60], total=total)
        yield lambda count: bars.advance(task, count)


class _Lines:
    def __init__(
        self,
        title: str,
        total: int,
        *,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = err,
    ) -> None:
        self._title = harmless(title)
        self._total = total
        self._now = now
        self._say = say
        self._lock = Lock()
        self._done = 0
        self._last = now()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._now() - self._last >= _EVERY_S:
                self._last = self._now()
                percent = 100 * self._done / max(1, self._total)
                self._say(f"{percent:5.1f} %  {self._title}  {size(self._done)} of {size(self._total)}")
