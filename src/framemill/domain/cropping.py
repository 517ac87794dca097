"""Where the picture lies between black bars, decided from a few places of a video.

Reading the places is tools' work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

# Edges are blurred by encoding, and lines of chroma come in pairs.
_NEAR = 4
# What is left must be a picture, not the one lamp of a night scene.
_LEAST_SHARE = 4
_LEAST_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of a picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int


def agreed(seen: Sequence[Box | None], *, width: int, height: int) -> Box | None:
    """The part of a `width`×`height` picture that is not bars; None where nothing is sure to be.

    `seen` is what was not black at each place, None where all of it was. Bars
    come in pairs of about the same size and stay where they are: a side that is
    dark in some scenes only, or on one side only, is no bar.
    """
    bright = [box for box in seen if box is not None]
    if len(bright) < _LEAST_PLACES:
        return None
    left, right = _pair([b.x for b in bright], [width - b.x - b.width for b in bright])
    top, bottom = _pair([b.y for b in bright], [height - b.y - b.height for b in bright])
    x, y = left + left % 2, top + top % 2
    w, h = (width - x - right) // 2 * 2, (height - y - bottom) // 2 * 2
    if not (left or top) or w * _LEAST_SHARE < width or h * _LEAST_SHARE < height:
        return None
    return Box(x=x, y=y, width=w, height=h)


def _pair(before: Sequence[int], after: Sequence[int]) -> tuple[int, int]:
    """The bars on two opposite sides, 0 and 0 where they are not sure."""
    first, last = min(before), min(after)
    needed = max(2, ceil(len(before) * 0.4))
    sure = all(
        sum(size - least <= _NEAR for size in sizes) >= needed
        for sizes, least in ((before, first), (after, last))
    )
    alike = abs(first - last) <= max(_NEAR, (first + last) // 10)
    return (first, last) if sure and alike and min(first, last) > 1 else (0, 0)
