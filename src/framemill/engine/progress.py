"""How far a step is: its commands weigh as much as the media that each of them works through."""

from collections.abc import Callable, Sequence

from framemill.commands.progress import Progress
from framemill.domain.plan import Command

# (percent, times real time, milliseconds left, pictures a second); the last three None where unknown.
Report = Callable[[float, float | None, int | None, float | None], None]

# What is left after the last command: looking at what was made.
_BEFORE_VERIFY = 99.0


class StepProgress:
    """Turns reports of single commands into the step's own."""

    def __init__(self, commands: Sequence[Command], report: Report) -> None:
        known = [command.duration_us or 0 for command in commands]
        # A command that reports nothing still counts a little.
        least = max(sum(known) // 50, 1)
        # What runs only if something went wrong is expected not to.
        self._weights = [
            least if command.only_if_missing or command.only_if_larger else duration or least
            for command, duration in zip(commands, known, strict=True)
        ]
        self._durations = known
        self._total = sum(self._weights) or 1
        self._report = report
        self._highest = 0.0

    def started(self, number: int) -> None:
        """Command `number` begins; those before it are done."""
        self._tell(number, 0.0, None)

    def reported(self, number: int, progress: Progress) -> None:
        """ffmpeg reported on command `number`."""
        percent = progress.percent(duration_us=self._durations[number] or None)
        if percent is not None:
            self._tell(number, percent, progress)

    def shared(self, number: int, share: float) -> None:
        """The action that is command `number` has done this share of its work, from 0 to 1."""
        self._tell(number, 100 * min(1.0, share), None)

    def _tell(self, number: int, percent: float, progress: Progress | None) -> None:
        done = sum(self._weights[:number]) + self._weights[number] * percent / 100
        speed = progress.speed if progress else None
        left = progress.left_ms(duration_us=self._durations[number] or None) if progress else None
        if left is not None and speed:
            left += round(sum(self._weights[number + 1 :]) / 1000 / speed)
        # With several outputs ffmpeg reports now one's time, now another's.
        self._highest = max(self._highest, min(_BEFORE_VERIFY, 100 * done / self._total))
        self._report(self._highest, speed, left, progress.pictures_per_s() if progress else None)
