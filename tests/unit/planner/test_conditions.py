from fractions import Fraction

import pytest

from framemill.errors import InvalidSpec
from framemill.planner.conditions import holds
from tests.builders import a_film, a_video


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("audio", True),
        ("not audio", False),
        ("height > 720", True),
        ("height > 720 and audio == 2", False),
        ("short_side <= 1080 and fps >= 30", True),
        ("duration < 10", False),
        ("hdr", False),
        ("not interlaced", True),
        ("subtitles", False),
    ],
)
def test_a_condition_is_about_the_input(condition: str, truth: bool) -> None:
    assert holds(condition, a_film()) is truth


def test_height_is_that_of_the_shown_picture() -> None:
    assert holds("height == 1920", a_film(video=(a_video(rotation=90, sar=Fraction(1)),)))


def test_a_film_without_picture_has_no_height() -> None:
    assert not holds("height", a_film(video=()))


@pytest.mark.parametrize(
    "condition", ["", "colour", "height >", "height > x", "audio or video", "__import__"]
)
def test_what_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(InvalidSpec, match="is not a condition"):
        holds(condition, a_film())
