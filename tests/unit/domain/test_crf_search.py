from collections.abc import Callable
from itertools import accumulate, cycle
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framemill.domain.crf_search import (
    MOST_TRIALS,
    SCALES,
    Goal,
    Point,
    Scale,
    growth_at,
    nearest,
    next_crf,
    score_at,
)

H264 = SCALES["h264"]
CODECS = st.sampled_from(sorted(SCALES))


def goal_for(target: float) -> Goal:
    return Goal(low=target + 0.3, aim=target + 0.5, high=target + 0.7)


def searched(scale: Scale, goal: Goal, curve: Callable[[float], float]) -> list[Point]:
    """Every trial that a search on `curve` makes."""
    seen: list[Point] = []
    while (crf := next_crf(scale, goal, seen)) is not None:
        seen.append(Point(crf, curve(crf)))
    return seen


def like_x264(crf: float, *, knee: float = 45.0) -> float:
    """As VMAF really falls: slowly at first, then faster and faster."""
    return 99.5 - 60 * float((crf / knee) ** 3.2)


def test_the_first_trial_is_the_encoders_own_default() -> None:
    assert {codec: next_crf(scale, goal_for(95), []) for codec, scale in SCALES.items()} == {
        "h264": 23,
        "hevc": 28,
        "av1": 35,
    }


@pytest.mark.parametrize("target", [70, 80, 90, 93, 95, 97])
@pytest.mark.parametrize("knee", [25.0, 35.0, 45.0, 60.0])
def test_a_curve_like_a_real_encoders_takes_at_most_five_trials(target: float, knee: float) -> None:
    goal = goal_for(target)

    seen = searched(H264, goal, lambda crf: like_x264(crf, knee=knee))

    assert len(seen) <= 5
    # A quarter of a crf is the finest step, and may jump over the goal where the curve is steep.
    best = nearest(goal, seen)
    steps = (like_x264(best.crf + d, knee=knee) for d in (-0.25, 0.25))
    assert goal.met(best.score) or all(abs(s - goal.aim) >= abs(best.score - goal.aim) for s in steps)


@settings(max_examples=300)
@given(
    codec=CODECS,
    target=st.floats(50, 98.5),
    drops=st.lists(st.floats(0.001, 12), min_size=1, max_size=12),
    top=st.floats(60, 100),
)
def test_any_falling_curve_ends_with_the_nearest_crf_there_is(
    codec: str, target: float, drops: list[float], top: float
) -> None:
    scale, goal = SCALES[codec], goal_for(target)
    count = round((scale.ceiling - scale.floor) / scale.step) + 1
    falls = accumulate(cycle(drops), initial=0.0)
    scores = {scale.floor + n * scale.step: top - fall for n, fall in zip(range(count), falls, strict=False)}

    seen = searched(scale, goal, lambda crf: scores[crf])

    assert len(seen) <= MOST_TRIALS
    assert len({p.crf for p in seen}) == len(seen)
    best = nearest(goal, seen)
    within = [s for c, s in scores.items() if c <= scale.ceiling and goal.met(s)]
    if not goal.met(best.score):
        # Then either nothing meets it, or the search had to stop; it never stops beside a crf that does.
        above = [p.crf for p in seen if p.score > goal.aim]
        below = [p.crf for p in seen if p.score < goal.aim]
        closed = above and below and min(below) - max(above) <= scale.step
        ended = (not below and max(above) == scale.ceiling) or (not above and min(below) == scale.floor)
        assert closed or ended
        assert not within


def test_what_cannot_be_reached_ends_at_the_finest_crf() -> None:
    seen = searched(H264, goal_for(98), lambda crf: 97 - crf / 10)

    assert seen[-1].crf == H264.floor
    assert len(seen) <= 6


def test_what_is_always_better_ends_at_the_coarsest_crf() -> None:
    seen = searched(H264, goal_for(60), lambda crf: 97 - crf / 10)

    assert seen[-1].crf == H264.ceiling


def test_a_curve_that_rises_somewhere_ends_the_search() -> None:
    noisy = {23.0: 94.0, 21.5: 96.0, 22.0: 94.1, 21.75: 94.9}

    seen = searched(H264, goal_for(95), lambda crf: noisy.get(crf, 96.5 if crf < 21.75 else 93.0))

    assert len(seen) <= MOST_TRIALS


def test_the_footages_own_growth_replaces_the_usual_one() -> None:
    goal = Goal(low=95.0, aim=95.5, high=96.0)

    assert next_crf(H264, goal, [Point(24, 94.5)]) == 23
    assert next_crf(H264, goal, [Point(24, 94.5)], growth=0.34) == 23.5
    assert next_crf(H264, goal, [Point(24, 94.5)], growth=0.08) == 22


def test_svt_av1_takes_whole_numbers_only() -> None:
    seen = searched(SCALES["av1"], goal_for(95), lambda crf: 99 - crf * 0.11)

    assert all(p.crf == int(p.crf) for p in seen)


def test_the_nearest_trial_that_meets_the_goal_wins_over_a_nearer_one_that_does_not() -> None:
    goal = Goal(low=95.0, aim=95.25, high=96.0)

    assert nearest(goal, [Point(24, 94.9), Point(23, 95.9)]) == Point(23, 95.9)


def test_between_trials_the_distance_from_perfect_grows_by_equal_factors() -> None:
    seen = [Point(23, 96.0), Point(27, 91.0), Point(31, 61.0)]

    assert score_at(seen, 25) == pytest.approx(101 - 50**0.5)
    assert score_at(seen, 27) == 91.0
    assert score_at(seen, 40) is None
    assert growth_at(seen, 24) == pytest.approx(log(2) / 4)
    assert growth_at(seen, 30) == pytest.approx(log(4) / 4)
    assert growth_at(seen[:1], 24) is None
