"""Which moments of a video stand for the whole: short samples from its easy and its hard parts alike.

How many bytes the source spends on a stretch says how hard it is. The video is
sorted by that and cut into as many equal shares as there are samples, and each
share gives one moment: so the mean over the samples is the mean over the video.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import fmod

from framemill.domain.cuts import Weights
from framemill.domain.units import US

# What is measured of each sample: a second, or as many frames of a slow rate.
_FRAMES = 24
# As much is encoded behind it: encoders look ahead to see what a frame is good for, and the last ones would
# come out worse than in the whole (0.8 VMAF on samples of 2 s without a tail, 0.1 on 1 s with one).
# Up to this many samples' length the whole video is its own sample.
_WHOLE = 16
_FEWEST, _MOST = 8, 24
_EVERY_US = 60 * US
# The golden ratio's fractional part spreads what is equally hard over the length.
SPREAD = 0.618034


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A moment: times in the source, from its start."""

    start_us: int
    length_us: int  # that is measured
    tail_us: int  # that is encoded as well


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    start_us: int
    length_us: int
    density: float  # bytes per µs
    place: float  # spreads equals


def samples(
    *, begin_us: int, end_us: int, rate: Fraction, weights: Weights | None = None, count: int | None = None
) -> tuple[Sample, ...]:
    """Moments between `begin_us` and `end_us`, in order; none where the whole is short enough itself."""
    length = end_us - begin_us
    each = sample_us(rate)
    if length <= _WHOLE * each:
        return ()
    count = count or min(_MOST, max(_FEWEST, length // _EVERY_US))
    slots = list(_slots(begin_us, end_us, each, weights))
    chosen = dict.fromkeys(_shares(slots, count))
    return tuple(
        Sample(
            start_us=slot.start_us,
            length_us=each,
            tail_us=max(0, min(each, end_us - slot.start_us - each)),
        )
        for slot in sorted(chosen, key=lambda s: s.start_us)
    )


def measured(count: int, every: int) -> list[int]:
    """Which of `count` pictures are measured where one of `every` is: the first, then one of each so many.

    Their places follow no rhythm: footage does. Of 24 pictures a second shown
    as 30 one of five is a copy, and every fifth picture misled by more than a
    point of VMAF. So `every` is a prime above 5, or 1.
    """
    if every == 1:
        return list(range(count))
    found = (every * n + int((every - 2) * fmod(n * SPREAD, 1)) for n in range(-(-count // every)))
    # Each is compared with its neighbours, so the last picture is none of them.
    return [place for place in found if place + 1 < count]


def sample_us(rate: Fraction) -> int:
    """How long one sample of a video of `rate` frames a second is."""
    return max(US, round(_FRAMES * US / rate)) if rate else US


def _slots(begin: int, end: int, each: int, weights: Weights | None) -> Iterator[_Slot]:
    """The video in pieces of a sample's length or more, from keyframes where it has enough of them."""
    number = 0
    for start, until, density in _stretches(begin, end, each, weights):
        parts = max(1, (until - start) // (2 * each))
        for part in range(parts):
            at = start + (until - start) * part // parts
            if at + each <= end:
                yield _Slot(
                    start_us=at,
                    length_us=(until - start) // parts,
                    density=density,
                    place=number * SPREAD % 1,
                )
                number += 1


def _stretches(begin: int, end: int, each: int, weights: Weights | None) -> Iterator[tuple[int, int, float]]:
    """Start, end and bytes per µs of what lies between keyframes at least a sample apart."""
    kept: list[tuple[int, int]] = []
    for mark in weights.marks if weights else ():
        if begin <= mark.time_us < end and (not kept or mark.time_us - kept[-1][0] >= each):
            kept.append((mark.time_us, mark.bytes_before))
    if not kept or weights is None:
        yield begin, end, 0.0
        return
    if kept[0][0] > begin:
        yield begin, kept[0][0], kept[0][1] / (kept[0][0] - begin)
    kept.append((end, weights.total_bytes))
    for (start, before), (until, after) in pairwise(kept):
        if until > start:
            yield start, until, (after - before) / (until - start)


def _shares(slots: Sequence[_Slot], count: int) -> Iterator[_Slot]:
    ranked = sorted(slots, key=lambda s: (s.density, s.place))
    total = sum(slot.length_us for slot in ranked)
    passed = 0
    wanted = 0
    for slot in ranked:
        passed += slot.length_us
        # The middle of each share; a slot longer than a share stands for several.
        while wanted < count and (2 * wanted + 1) * total <= 2 * count * passed:
            yield slot
            wanted += 1
