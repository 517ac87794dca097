"""Which crf reaches a wished quality: few trials, each chosen from the ones before.

The quality that a crf gives falls as crf rises; nothing else is assumed of
the curve. Encoding and measuring the trials is engine.trials' work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# The most trials that a search makes; a curve without jumps takes two to four.
MOST_TRIALS = 12
# After this many a search only halves what is left, whatever the curve looks like.
_INTERPOLATED = 5
# How far beyond a straight line it looks where all trials lie on one side.
_BOLDER = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """An encoder's crf: its bounds, the steps it takes, its usual value, and what one more changes."""

    floor: float
    ceiling: float
    step: float
    usual: float  # the encoder's own default
    slope: float  # VMAF per crf near VMAF 95, before anything is known of the footage

    def on(self, crf: float) -> float:
        """The nearest crf that the encoder takes."""
        return min(self.ceiling, max(self.floor, round(crf / self.step) * self.step))


# crf 0 is lossless in x264 and x265, which few players show. SVT-AV1 takes whole numbers only.
SCALES = {
    "h264": Scale(floor=1, ceiling=51, step=0.25, usual=23, slope=-0.9),
    "hevc": Scale(floor=1, ceiling=51, step=0.25, usual=28, slope=-1.0),
    "av1": Scale(floor=1, ceiling=63, step=1, usual=35, slope=-0.3),
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


def next_crf(scale: Scale, goal: Goal, seen: Sequence[Point], *, slope: float | None = None) -> float | None:
    """The crf to try next; None where a trial met the goal or no other crf can come nearer.

    `slope` replaces the encoder's usual one where the footage's own is known.
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
    reach = (known.score - goal.aim) / -(slope_at(seen, known.crf) or slope or scale.slope)
    wanted = scale.on(known.crf + reach * (_BOLDER if len(seen) > 1 else 1))
    if wanted == known.crf:
        wanted = scale.on(known.crf + (scale.step if known.score > goal.aim else -scale.step))
    return wanted if wanted != known.crf else None


def nearest(goal: Goal, seen: Sequence[Point]) -> Point:
    """The trial that came nearest to the aim; of equals the one that needs less space."""
    return min(seen, key=lambda p: (not goal.met(p.score), abs(p.score - goal.aim), -p.crf))


def slope_at(seen: Sequence[Point], crf: float) -> float | None:
    """How the score changes per crf around `crf`; None where too little is known."""
    falls = [
        (abs((a.crf + b.crf) / 2 - crf), (b.score - a.score) / (b.crf - a.crf))
        for a, b in pairwise(sorted(seen))
        if b.crf > a.crf and b.score < a.score
    ]
    return min(falls)[1] if falls else None


def score_at(seen: Sequence[Point], crf: float) -> float | None:
    """What `crf` would give, on a straight line between its neighbours; None outside of what was tried."""
    points = sorted(seen)
    for point in points:
        if point.crf == crf:
            return point.score
    for a, b in pairwise(points):
        if a.crf < crf < b.crf:
            return a.score + (b.score - a.score) * (crf - a.crf) / (b.crf - a.crf)
    return None


def _between(scale: Scale, goal: Goal, fine: Point, coarse: Point, *, trials: int) -> float | None:
    width = coarse.crf - fine.crf
    if width <= scale.step:  # neighbours; or the curve is not monotone here, and nothing more can be learnt
        return None
    share = (fine.score - goal.aim) / (fine.score - coarse.score)
    if trials >= _INTERPOLATED:
        share = 0.5
    wanted = scale.on(fine.crf + share * width)
    return min(coarse.crf - scale.step, max(fine.crf + scale.step, wanted))
