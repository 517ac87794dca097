"""Which parts are made again, on parts that behave as the search expects."""

from dataclasses import replace

import pytest

from framemill.domain.corrections import Part, corrections, mean_of
from framemill.domain.crf_search import SCALES, Goal, score_after

H264 = SCALES["h264"]
GOAL = Goal(low=95.0, aim=95.5, high=96.0)
GROWTH = 0.15


def parts(*scores: float, weight: int = 10) -> list[Part]:
    return [Part(crf=23, score=score, weight=weight) for score in scores]


def after(before: list[Part], found: dict[int, float]) -> float:
    """The mean once the parts are as they are expected to be."""
    return mean_of(
        [
            replace(p, score=score_after(p.score, found[n] - p.crf, GROWTH)) if n in found else p
            for n, p in enumerate(before)
        ]
    )


def test_of_a_mean_that_is_too_low_the_worst_parts_are_made_finer() -> None:
    made = parts(96, 95, 91, 95, 96, 95, 94, 96, 95, 95)

    found = corrections(made, H264, GOAL, growth=GROWTH)

    assert found is not None
    assert set(found) == {2}
    assert found[2] < 23
    assert 95.1 <= after(made, found) <= 96


def test_of_a_mean_that_is_too_high_the_best_parts_are_made_coarser_but_none_poor() -> None:
    made = parts(96, 96, 99, 96, 95, 96, 96, 99, 96, 96)

    found = corrections(made, H264, GOAL, growth=GROWTH)

    assert found is not None
    assert set(found) <= {2, 7}
    assert all(crf > 23 for crf in found.values())
    assert 95 <= after(made, found) <= 95.9
    assert all(score_after(99, crf - 23, GROWTH) >= 95 for crf in found.values())


def test_no_more_is_made_again_than_is_missing() -> None:
    made = parts(*[94.9] * 30)

    found = corrections(made, H264, GOAL, growth=GROWTH)

    assert found is not None
    assert len(found) <= 6
    assert after(made, found) == pytest.approx(95.25, abs=0.1)


def test_what_takes_most_of_the_video_is_left_to_an_encode_of_all() -> None:
    assert corrections(parts(*[88.0] * 20), H264, GOAL, growth=GROWTH) is None


def test_what_no_crf_mends_is_not_tried() -> None:
    finest = [Part(crf=1, score=94.0, weight=5) for _ in range(4)]

    assert corrections(finest, H264, GOAL, growth=GROWTH) is None
