"""Which parts of an encode to make again so that its mean score comes to lie where it is wanted.

A mean that missed is mended from its outlying parts: the worst where it is
too low, the best where it is too high. Making them is engine.patching's work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framemill.domain.crf_search import Goal, Scale, change_to, score_after

# More than this share of the video is not outlying: then all of it is better made again.
_MOST = 0.6
# Of the way across the goal: near its edge is enough, and what is promised is measured once more.
_INSIDE = 0.25
# A bad part may come out better than the aim, where that halves its distance from perfect.
_HALF = 0.5
_PERFECT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What stands between two keyframes, as it is now."""

    crf: float
    score: float  # mean of the pictures that were measured
    weight: int  # how many those are


def mean_of(parts: Sequence[Part]) -> float:
    """The score of all parts together."""
    return sum(p.score * p.weight for p in parts) / sum(p.weight for p in parts)


def corrections(parts: Sequence[Part], scale: Scale, goal: Goal, *, growth: float) -> dict[int, float] | None:
    """Another crf for the fewest parts, by their place, with which the mean should meet `goal`.

    `growth` is what one crf more does to the distance from perfect. None
    where that takes most of the video, or no crf brings it there.
    """
    total, mean = sum(p.weight for p in parts), mean_of(parts)
    low = mean < goal.low
    inside = (goal.high - goal.low) * _INSIDE
    missing = ((goal.low + inside if low else goal.high - inside) - mean) * total
    found: dict[int, float] = {}
    taken = 0
    for place in sorted(range(len(parts)), key=lambda n: parts[n].score, reverse=not low):
        if (missing <= 0) if low else (missing >= 0):
            return found
        part = parts[place]
        wished = part.score + missing / part.weight
        wished = min(wished, _best(part, goal)) if low else max(wished, goal.low)
        # Rounded towards finer: a little too good costs less than another round.
        change = change_to(part.score, wished, growth) // scale.step * scale.step
        crf = scale.on(part.crf + change)
        if (crf >= part.crf) if low else (crf <= part.crf):
            continue
        found[place] = crf
        taken += part.weight
        missing -= (score_after(part.score, crf - part.crf, growth) - part.score) * part.weight
        if taken > _MOST * total:
            return None
    short = -missing if low else missing
    return found if found and short >= -inside * total else None


def _best(part: Part, goal: Goal) -> float:
    """How good a bad part may become."""
    return max(goal.aim, _PERFECT - (_PERFECT - part.score) * _HALF)
