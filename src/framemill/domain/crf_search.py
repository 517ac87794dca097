"""Which crf reaches a wished quality: few trials, each chosen from the ones before.

The quality that a crf gives falls as crf rises. How far it is from perfect
grows by about the same factor with every crf, so lines are drawn through the
logarithm of that; where the curve is another, halving finds it all the same.
Encoding and measuring the trials is engine.trials' work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

# The most trials that a search makes; a curve without jumps takes two to four.
MOST_TRIALS = 12
# After this many a search only halves what is left, whatever the curve looks like.
_INTERPOLATED = 5
# A crf so near to a trial, in growth, needs no trial of its own: 2 of x264's.
_SURE = 0.3
# How far beyond the line it looks where all trials lie on one side.
_BOLDER = 1.3
# Scores end at 100; a little more keeps the logarithm finite.
_PERFECT = 101.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An encoder's crf: its bounds, the steps it takes, its usual value, and what one more does."""

    floor: float
    ceiling: float
    step: float
    usual: float  # the encoder's own default
    growth: float  # of the distance from perfect, per crf, before anything is known of the footage

    def on(self, crf: float) -> float:
        """The nearest crf that the encoder takes."""
        return min(self.ceiling, max(self.floor, round(crf / self.step) * self.step))


# crf 0 is lossless in x264 and x265, which few players show. SVT-AV1 takes whole numbers only.
SCALES = {
    "h264": Scale(floor=1, ceiling=51, step=0.25, usual=23, growth=0.15),
    "hevc": Scale(floor=1, ceiling=51, step=0.25, usual=28, growth=0.16),
    "av1": Scale(floor=1, ceiling=63, step=1, usual=35, growth=0.05),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The score to come near to, and what is near enough."""

    low: float
    aim: float
    high: float

    def met(self, score: float) -> bool:
        """True where `score` is near enough."""
        return self.low <= score <= self.high


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """What a crf gave."""

    crf: float
    score: float


def next_crf(scale: Scale, goal: Goal, seen: Sequence[Point], *, growth: float | None = None) -> float | None:
    """The crf to try next; None where a trial met the goal or no other crf can come nearer.

    `growth` replaces the encoder's usual one where the footage's own is known.
    """
    if not seen:
        return scale.usual
    if len(seen) >= MOST_TRIALS or any(goal.met(point.score) for point in seen):
        return None
    fine = max((p for p in seen if p.score > goal.aim), default=None)
    coarse = min((p for p in seen if p.score < goal.aim), default=None)
    if fine is not None and coarse is not None:
        return _between(scale, goal, fine, coarse, trials=len(seen))
    known = fine or coarse
    assert known is not None  # a score that is neither above nor below the aim has met the goal
    reach = (_distance(goal.aim) - _distance(known.score)) / (
        growth_at(seen, known.crf) or growth or scale.growth
    )
    wanted = scale.on(known.crf + reach * (_BOLDER if len(seen) > 1 else 1))
    if wanted == known.crf:
        wanted = scale.on(known.crf + (scale.step if known.score > goal.aim else -scale.step))
    return wanted if wanted != known.crf else None


def nearest(goal: Goal, seen: Sequence[Point]) -> Point:
    """The trial that came nearest to the aim; of equals the one that needs less space."""
    return min(seen, key=lambda p: (not goal.met(p.score), abs(p.score - goal.aim), -p.crf))


def growth_at(seen: Sequence[Point], crf: float) -> float | None:
    """How fast the distance from perfect grows per crf around `crf`; None where too little is known."""
    found = [
        (abs((a.crf + b.crf) / 2 - crf), (_distance(b.score) - _distance(a.score)) / (b.crf - a.crf))
        for a, b in pairwise(sorted(seen))
        if b.crf > a.crf and _distance(b.score) > _distance(a.score)
    ]
    return min(found)[1] if found else None


def score_at(seen: Sequence[Point], crf: float) -> float | None:
    """What `crf` would give, on the line between its neighbours; None outside of what was tried."""
    points = sorted(seen)
    for point in points:
        if point.crf == crf:
            return point.score
    for a, b in pairwise(points):
        if a.crf < crf < b.crf:
            share = (crf - a.crf) / (b.crf - a.crf)
            return _PERFECT - exp(_distance(a.score) * (1 - share) + _distance(b.score) * share)
    return None


def foretold(seen: Sequence[Point], crf: float) -> float | None:
    """What `crf` surely gives; None where the trials are too few, or too far away, to say."""
    growth = growth_at(seen, crf)
    near = min(seen, key=lambda p: abs(p.crf - crf), default=None)
    if growth is None or near is None or abs(crf - near.crf) * growth > _SURE:
        return None
    return score_at(seen, crf) or score_after(near.score, crf - near.crf, growth)


def score_after(score: float, change: float, growth: float) -> float:
    """What becomes of a score where the crf changes by so much."""
    return _PERFECT - exp(_distance(score) + growth * change)


def change_to(score: float, wanted: float, growth: float) -> float:
    """The change of crf that makes `wanted` of a score."""
    return (_distance(wanted) - _distance(score)) / growth


def _between(scale: Scale, goal: Goal, fine: Point, coarse: Point, *, trials: int) -> float | None:
    width = coarse.crf - fine.crf
    if width <= scale.step:  # neighbours; or the curve is not monotone here, and nothing more can be learnt
        return None
    near, far = _distance(fine.score), _distance(coarse.score)
    share = (_distance(goal.aim) - near) / (far - near)
    if trials >= _INTERPOLATED:
        share = 0.5
    wanted = scale.on(fine.crf + share * width)
    return min(coarse.crf - scale.step, max(fine.crf + scale.step, wanted))


def _distance(score: float) -> float:
    return log(max(0.01, _PERFECT - score))
