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
# More than this nobody sees, whatever it costs.
PLENTY = 95.0
# A lower rung helps a slow line only if it needs clearly less, sound included.
_LEAST_SAVING = 0.75
# Scenes need more than the mean; the cap lets them, up to twice the table's.
_HEADROOM = 2.0
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


def choose(tried: Mapping[Rung, Sequence[Tried]], *, sound_bps: int) -> Choice:
    """The rungs worth having, of those that were tried with at least one crf each."""
    steps = sorted((_step(rung, points) for rung, points in tried.items()), key=lambda s: -s.rung.short_side)
    best = max(step.score for step in steps)
    top = next(step for step in reversed(steps) if step.score > best - LEAST_STEP)
    reasons = [
        f"left out {step.rung.name}: VMAF {step.score:.1f}, {top.rung.name} has {top.score:.1f} for less"
        for step in steps
        if step.rung.short_side > top.rung.short_side
    ]
    kept = [top]
    for step in steps:
        if step.rung.short_side >= top.rung.short_side:
            continue
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
    found = ordered[0]
    for a, b in pairwise(ordered):
        if b.score >= PLENTY:
            found = b
        elif a.score > PLENTY > b.score:
            share = (a.score - PLENTY) / (a.score - b.score)
            crf = int(a.crf + share * (b.crf - a.crf))
            share = (crf - a.crf) / (b.crf - a.crf)
            found = Tried(
                crf=crf,
                score=a.score + share * (b.score - a.score),
                # A rate falls by equal factors, not by equal amounts.
                bps=round(exp(log(a.bps) + share * (log(b.bps) - log(a.bps)))),
            )
    cap = min(2 * rung.video_bps, max(_LEAST_CAP, round(found.bps * _HEADROOM)))
    return Step(rung=replace(rung, video_bps=_rounded(cap)), crf=found.crf, score=found.score, bps=found.bps)


def _rounded(rate: int) -> int:
    return round(rate / 10_000) * 10_000
