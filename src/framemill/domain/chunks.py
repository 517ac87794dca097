"""Where a long source is split into chunks that are encoded side by side.

Pure; times are µs from the source's start.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from framemill.domain.cuts import EARLY_US
from framemill.domain.units import US

# Starting ffmpeg and decoding up to a chunk should cost little of it, and losing one little of the whole.
USUAL_US = 20 * US
LEAST_US = 8 * US
# Of one job: each is a task, and each rendition of it a file that joining opens.
_MOST = 200
# How far a border may move to where decoding can begin, as a share of a chunk.
_MOVES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One range of a source."""

    number: int  # counted from 1
    start_us: int
    end_us: int | None  # None: to the end, wherever that is
    length_us: int

    @property
    def first(self) -> bool:
        """True for the one that begins the source."""
        return not self.start_us


def split(
    length_us: int, *, keyframes: Sequence[int], slots: int, grid_us: int | None = None
) -> tuple[Chunk, ...]:
    """The chunks of a picture of `length_us`: one where there is nothing to gain by more.

    Borders are whole multiples of `grid_us` where that is given, else keyframes
    of the source. Each chunk holds a keyframe, and so at least one picture.
    """
    inside = [0]
    for want in _wanted(length_us, slots):
        at = _near(want, keyframes, grid_us, within=_step(length_us, slots) // _MOVES)
        if at is not None and at - inside[-1] >= LEAST_US // 2 and _holds(keyframes, inside[-1], at):
            inside.append(at)
    while len(inside) > 1 and not _holds(keyframes, inside[-1], length_us - EARLY_US):
        inside.pop()
    ends = [*inside[1:], None]
    return tuple(
        Chunk(
            number=number,
            start_us=start,
            end_us=end,
            length_us=(length_us if end is None else end) - start,
        )
        for number, (start, end) in enumerate(zip(inside, ends, strict=True), 1)
    )


def _step(length_us: int, slots: int) -> int:
    return length_us // _count(length_us, slots)


def _count(length_us: int, slots: int) -> int:
    """How many chunks: as many for each slot, so that none waits long for the last."""
    if slots < 2:
        return 1
    usual = -(-length_us // USUAL_US)
    rounds = -(-usual // slots)
    # With few rounds, an idle slot in the last is a large share of all.
    count = slots * max(2, rounds) if rounds <= 4 else usual
    return max(1, min(count, length_us // LEAST_US, _MOST))


def _wanted(length_us: int, slots: int) -> list[int]:
    count = _count(length_us, slots)
    return [length_us * n // count for n in range(1, count)]


def _near(want: int, keyframes: Sequence[int], grid_us: int | None, *, within: int) -> int | None:
    """The border nearest `want` behind which least is decoded in vain; None where there is none near."""
    if grid_us is None:
        place = bisect_left(keyframes, want)
        near = [at for at in keyframes[max(0, place - 1) : place + 1] if abs(at - want) <= 2 * within]
        return min(near, key=lambda at: abs(at - want), default=None)
    first, last = -(-(want - within) // grid_us), (want + within) // grid_us
    multiples = [n * grid_us for n in range(max(1, first), last + 1)]
    return min(multiples, key=lambda at: (_in_vain(keyframes, at) // (US // 2), abs(at - want)), default=None)


def _in_vain(keyframes: Sequence[int], at: int) -> int:
    place = bisect_right(keyframes, at + EARLY_US)
    return max(0, at - keyframes[place - 1]) if place else at


def _holds(keyframes: Sequence[int], start_us: int, end_us: int) -> bool:
    place = bisect_left(keyframes, start_us - EARLY_US)
    return place < len(keyframes) and keyframes[place] < end_us - EARLY_US
