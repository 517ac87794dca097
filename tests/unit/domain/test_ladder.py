from fractions import Fraction

import pytest

from framemill.domain.ladder import capped_rate, keyframe_every_us, rungs_named, size_at
from framemill.errors import InvalidSpec
from tests.builders import a_video


def test_rungs_come_tallest_first_whatever_the_order_asked() -> None:
    assert [r.name for r in rungs_named(("360p", "1080p"))] == ["1080p", "360p"]


def test_an_unknown_rung_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidSpec, match=r"'500p'.*720p"):
        rungs_named(("500p",))


def test_the_short_side_names_the_rung_of_a_portrait_video() -> None:
    assert size_at(a_video(rotation=90), 720) == (720, 1280)


def test_a_rung_keeps_the_shown_shape_of_anamorphic_video() -> None:
    assert size_at(a_video(width=720, height=480, sar=Fraction(8, 9)), 360) == (480, 360)


@pytest.mark.parametrize(
    ("rate", "cap", "capped"),
    [
        (Fraction(25), 30, Fraction(25)),
        (Fraction(60), 30, Fraction(30)),
        (Fraction(60000, 1001), 30, Fraction(30000, 1001)),
        (Fraction(50), 30, Fraction(30)),
        (Fraction(30), 24, Fraction(24)),
        (Fraction(30000, 1001), 24, Fraction(24000, 1001)),
        (Fraction(48), 24, Fraction(24)),
    ],
)
def test_a_rate_above_the_cap_is_divided_where_that_fits(rate: Fraction, cap: int, capped: Fraction) -> None:
    assert capped_rate(rate, cap) == capped


def test_keyframes_are_a_whole_number_of_frames_apart() -> None:
    assert keyframe_every_us(Fraction(30000, 1001), 2_000_000) == 2_002_000
    assert keyframe_every_us(Fraction(25), 2_000_000) == 2_000_000
