"""Where a long file is cut: boundaries by length, count, times or size, and the keyframes that serve them.

Times are µs from the file's start; a list of boundaries never holds the start
or the end. Cutting is commands.segmenting's.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from framemill.domain.units import US, format_size, format_time
from framemill.errors import InvalidSpec, TimeOutOfRange

# A last part shorter than this is nobody's wish: it stays with the one before.
SLIVER_US = 100_000
MOST_PARTS = 2000
# On real footage hard cuts differ by 22 and more, a webcam's jump in exposure by 8, a wing's beat by 6.
SCENE_THRESHOLD = 10.0
# Containers round times to their ticks (matroska: 1 ms); a cut looks for frames from this much earlier.
EARLY_US = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A keyframe: when it is shown, and how much of the file stands before it."""

    time_us: int
    bytes_before: int
    packets_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How the bytes of a file are spread over its keyframes."""

    marks: tuple[Mark, ...]
    total_bytes: int
    total_packets: int


def by_length(duration_us: int, every_us: int) -> tuple[int, ...]:
    """Boundaries `every_us` apart."""
    _check_count(duration_us // max(1, every_us))
    last = duration_us - min(SLIVER_US, every_us // 2)
    return tuple(range(every_us, last, every_us))


def by_count(duration_us: int, parts: int) -> tuple[int, ...]:
    """Boundaries of `parts` equal parts."""
    _check_count(parts)
    return tuple(duration_us * n // parts for n in range(1, parts))


def at_times(duration_us: int, times_us: Sequence[int]) -> tuple[int, ...]:
    """The times themselves; InvalidSpec where they do not rise, TimeOutOfRange where one is outside."""
    _check_count(len(times_us))
    for earlier, later in pairwise(times_us):
        if later <= earlier:
            raise InvalidSpec(
                f"at: {format_time(later)} does not come after {format_time(earlier)}",
                hint="give each time once, in rising order",
            )
    for time in times_us:
        if not 0 < time < duration_us:
            raise TimeOutOfRange(
                f"{format_time(time)} is not inside the file, which lasts {format_time(duration_us)}",
                hint="cut between its start and its end",
            )
    return tuple(times_us)


def by_scenes(duration_us: int, starts_us: Sequence[int], *, least_us: int) -> tuple[int, ...]:
    """Those beginnings of scenes that leave every part at least `least_us`."""
    found: list[int] = []
    for start in starts_us:
        if start - (found[-1] if found else 0) >= least_us and duration_us - start >= least_us:
            found.append(start)
    _check_count(len(found) + 1)
    return tuple(found)


def by_size(weights: Weights, *, limit: int) -> tuple[int, ...]:
    """Keyframes to cut at so that each part's bytes, as `weigh` counts them, stay at or below `limit`.

    A single stretch between keyframes that is larger stays one part.
    """
    boundaries: list[int] = []
    begin = (0, 0)
    for mark, after in _stretches(weights):
        here = (mark.bytes_before, mark.packets_before)
        if mark.time_us > 0 and weigh(after[0] - begin[0], after[1] - begin[1]) > limit and here != begin:
            boundaries.append(mark.time_us)
            begin = here
    _check_count(len(boundaries) + 1)
    return tuple(boundaries)


def heaviest(weights: Weights) -> int:
    """The bytes of the largest stretch between two keyframes, as `weigh` counts them."""
    return max(
        (weigh(after[0] - m.bytes_before, after[1] - m.packets_before) for m, after in _stretches(weights)),
        default=weigh(weights.total_bytes, weights.total_packets),
    )


def weigh(size: int, packets: int) -> int:
    """An upper estimate of a file with `packets` of `size` bytes in all: headers, index, padding."""
    # Measured: mp4 16-24 bytes a packet, matroska 8-12; a transport stream pads each packet to 188.
    return size + size // 40 + packets * 32 + 16_384


def keyframes_for(wanted: Sequence[int], keyframes: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Each wanted boundary with the first keyframe from it on, once per keyframe.

    Those without one are left out.
    """
    found: dict[int, int] = {}
    for want in wanted:
        place = bisect_left(keyframes, want - EARLY_US)
        if place < len(keyframes) and keyframes[place] > 0:
            # Of several wishes between the same keyframes the nearest one counts.
            found[keyframes[place]] = want
    return tuple((want, keyframe) for keyframe, want in found.items())


def keyframe_before(time_us: int, keyframes: Sequence[int]) -> int:
    """The last keyframe at or before `time_us`, the file's start where none is."""
    place = bisect_left(keyframes, time_us + EARLY_US)
    return max(0, keyframes[place - 1]) if place else 0


def bit_rate_length(limit: int, bits_per_second: int) -> int:
    """How many µs fit into `limit` bytes at `bits_per_second`, which an encoder may overshoot a little."""
    length = limit * 8 * 97 * US // (100 * max(1, bits_per_second)) - US // 2
    if length < US:
        raise InvalidSpec(
            f"max_size: {format_size(limit)} is less than a second of this profile",
            hint="choose a larger size or a profile with a lower bit rate",
        )
    return length


def _stretches(weights: Weights) -> Iterator[tuple[Mark, tuple[int, int]]]:
    ends = [(m.bytes_before, m.packets_before) for m in weights.marks[1:]]
    ends.append((weights.total_bytes, weights.total_packets))
    return zip(weights.marks, ends, strict=True)


def _check_count(parts: int) -> None:
    if parts > MOST_PARTS:
        raise InvalidSpec(f"that would be {parts} parts, more than {MOST_PARTS}", hint="make longer parts")
