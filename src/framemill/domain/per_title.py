"""Which rungs a film needs: none that looks like the next smaller one, none that saves nothing.

Scores are VMAF at the source's size, as on a screen that shows every rung in
full; they come from trial encodes of samples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log

from framemill.domain.ladder import Rung
from framemill.domain.units import format_rate

# Half of what most viewers notice: VMAF is made so that 6 points are one step that they see.
LEAST_STEP = 3.0
# What the tallest rung may lose to the best: so little that nobody tells them apart.
_TOP_LOSS = 2.0
# More than this nobody sees, whatever it costs.
PLENTY = 95.0
# A lower rung helps a slow line only if it needs clearly less, sound included.
_LEAST_SAVING = 0.75
# Scenes need more than the mean, and the cap lets them; noise is not let have any rate.
_HEADROOM = 2.0
_TIMES_THE_TABLES = 4
_LEAST_CAP = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One crf of one rung."""

    crf: float
    score: float
    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A rung as this film needs it."""

    rung: Rung  # its cap is the film's
    crf: float
    score: float
    bps: int  # expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The rungs, tallest first, and why they are those."""

    steps: tuple[Step, ...]
    reasons: tuple[str, ...]


def choose(tried: Mapping[Rung, Sequence[Tried]], *, heard: bool) -> Choice:
    """The rungs worth having, of those that were tried with at least one crf each.

    Where there is sound to be `heard`, every rung carries it at the tallest one's rate.
    """
    steps = sorted((_step(rung, points) for rung, points in tried.items()), key=lambda s: -s.rung.short_side)
    best = max(step.score for step in steps)
    top = next(step for step in reversed(steps) if step.score > best - _TOP_LOSS)
    reasons = [
        f"left out {step.rung.name}: VMAF {step.score:.1f}, {top.rung.name} has {top.score:.1f} for less"
        for step in steps
        if step.rung.short_side > top.rung.short_side
    ]
    sound_bps = top.rung.audio_bps if heard else 0
    kept = [top]
    lower = (rung for rung in tried if rung.short_side < top.rung.short_side)
    for rung in sorted(lower, key=lambda r: -r.short_side):
        # Where the film looks perfect at a coarser crf, its smaller sizes are for slow lines all the more.
        step = _at(rung, tried[rung], top.crf)
        if (kept[-1].bps + sound_bps) * _LEAST_SAVING < step.bps + sound_bps:
            reasons.append(f"left out {step.rung.name}: it saves little beside {kept[-1].rung.name}")
        elif kept[-1].score - step.score < LEAST_STEP:
            reasons.append(
                f"left out {step.rung.name}: VMAF {step.score:.1f}, too near to {kept[-1].rung.name}"
            )
        else:
            kept.append(step)
    told = (
        f"{s.rung.name}: about {format_rate(s.bps)}bit/s, VMAF {s.score:.1f} at crf {s.crf:g},"
        f" at most {format_rate(s.rung.video_bps)}bit/s"
        for s in kept
    )
    return Choice(steps=tuple(kept), reasons=(*told, *reasons))


def _step(rung: Rung, points: Sequence[Tried]) -> Step:
    """The coarsest crf tried or between those that still gives plenty, the finest where none does."""
    ordered = sorted(points, key=lambda p: p.crf)
    crf = ordered[0].crf
    for a, b in pairwise(ordered):
        if b.score >= PLENTY:
            crf = b.crf
        elif a.score > PLENTY > b.score:
            crf = int(a.crf + (a.score - PLENTY) / (a.score - b.score) * (b.crf - a.crf))
    return _at(rung, ordered, crf)


def _at(rung: Rung, points: Sequence[Tried], crf: float) -> Step:
    """The rung at `crf`, on a line between those that were tried; a rate falls by equal factors."""
    first, last = min(points, key=lambda p: p.crf), max(points, key=lambda p: p.crf)
    share = (crf - first.crf) / (last.crf - first.crf) if last.crf > first.crf else 0.0
    bps = round(exp(log(first.bps) + share * (log(last.bps) - log(first.bps))))
    cap = min(_TIMES_THE_TABLES * rung.video_bps, max(_LEAST_CAP, round(bps * _HEADROOM)))
    return Step(
        rung=replace(rung, video_bps=round(cap / 10_000) * 10_000),
        crf=crf,
        score=first.score + share * (last.score - first.score),
        bps=bps,
    )
