"""Which picture of one file belongs to which of another, by the times at which they are shown.

Pure arithmetic on lists of times. Reading the times of a file is the work of
commands.picture_times.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

# Containers round times to the millisecond, some of them twice.
_ROUNDING_US = 1_500
# Times that differ by no more than this are the same moment.
_SAME_US = 2_000
# The lead of a picture whose time on screen is not known.
_SMALL_LEAD_US = 4_000
# How long the only picture of a file stays.
_UNKNOWN_STEP_US = 40_000


class Clock(StrEnum):
    """What counts as the same moment in two files."""

    AUTO = "auto"  # whichever of the two makes more pictures coincide
    FILE = "file"  # as long after the start of the file, whatever starts there
    PICTURE = "picture"  # as long after the first picture


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTimes:
    """When each picture of a file is shown, in µs from the file's start, in order."""

    times_us: tuple[int, ...] = ()  # none: the file does not say
    last_us: int | None = None  # how long the last one stays, where the file says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How two files are brought to one clock, and what they have in common on it.

    A picture of the source is compared with the reference's picture that is on
    screen `lead_us` later: at the middle of its own time on screen where the
    source has a steady rate, as rate converters choose pictures.
    """

    clock: Clock  # the one used, never AUTO
    source_us: int  # to add to the times of the source's file to get those of the common clock
    reference_us: int  # the same of the reference's
    lead_us: int
    pairs: tuple[tuple[int, int], ...]  # times in the source's file and in the reference's, in order
    coinciding: int  # of the pairs, those shown at the same moment
    before: int = 0  # pictures of the source that are shown before the reference begins
    behind: int = 0  # and after it has ended
    skipped: int = 0  # pictures of the reference in the common part that no picture was compared with

    def led(self, source_time_us: int) -> int:
        """A time in the source's file on the common clock, lead included."""
        return source_time_us + self.source_us + self.lead_us


def aligned(
    source: PictureTimes,
    reference: PictureTimes,
    *,
    clock: Clock = Clock.AUTO,
    offset_us: int = 0,
    start_us: int = 0,
    end_us: int | None = None,
) -> Alignment:
    """How `source` lies on `reference`; both must have times.

    `offset_us` is how much later the same moment comes in the reference,
    `start_us` and `end_us` bound what is compared, in the source's own time.
    """
    found = [
        _paired(kind, source.times_us, reference, offset=offset_us, start=start_us, end=end_us)
        for kind in ((Clock.FILE, Clock.PICTURE) if clock is Clock.AUTO else (clock,))
    ]
    # Of equals the first: the file's own clock is what its maker said.
    return max(found, key=lambda alignment: alignment.coinciding)


def lead_of(times: Sequence[int]) -> int:
    """Half the time that a picture is on screen, less what containers round; little where that varies."""
    steps = [later - earlier for earlier, later in pairwise(times)]
    if not steps:
        return _SMALL_LEAD_US
    step = round(median(steps))
    # Of a rate that is twice as high the picture at the middle is the next one: stay before it.
    slack = min(_ROUNDING_US, step // 8)
    close = sum(abs(s - step) <= max(_ROUNDING_US, step // 10) for s in steps)
    if close >= 0.95 * len(steps):
        return step // 2 - slack
    return min(_SMALL_LEAD_US, step // 8)


def _paired(
    clock: Clock,
    source: Sequence[int],
    reference: PictureTimes,
    *,
    offset: int,
    start: int,
    end: int | None,
) -> Alignment:
    times = reference.times_us
    lead = lead_of(source)
    picture = clock is Clock.PICTURE
    source_us = -source[0] if picture else 0
    reference_us = (-times[0] if picture else 0) - offset
    over = times[-1] + (reference.last_us or _usual_step(times))
    pairs: list[tuple[int, int]] = []
    used: set[int] = set()
    coinciding = before = behind = 0
    for time in source:
        if time < start or (end is not None and time >= end):
            continue
        at = time + source_us - reference_us  # in the reference's file
        number = bisect_right(times, at + lead) - 1
        if number < 0:
            before += 1
        elif at >= over:
            behind += 1
        else:
            pairs.append((time, times[number]))
            used.add(number)
            coinciding += abs(times[number] - at) <= _SAME_US
    return Alignment(
        clock=clock,
        source_us=source_us,
        reference_us=reference_us,
        lead_us=lead,
        pairs=tuple(pairs),
        coinciding=coinciding,
        before=before,
        behind=behind,
        skipped=max(used) - min(used) + 1 - len(used) if used else 0,
    )


def _usual_step(times: Sequence[int]) -> int:
    return round(median([b - a for a, b in pairwise(times)])) if len(times) > 1 else _UNKNOWN_STEP_US
