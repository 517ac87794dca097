import pytest

from framemill.domain.cropping import Box, agreed


def box(left: int, top: int, right: int, bottom: int) -> Box:
    """What is left of 1920x1080 between bars of these sizes."""
    return Box(x=left, y=top, width=1920 - left - right, height=1080 - top - bottom)


WIDE = box(0, 140, 0, 140)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([WIDE] * 11, WIDE),
        ([box(240, 0, 240, 0)] * 11, box(240, 0, 240, 0)),
        # Dark scenes show less of the picture, or nothing.
        ([WIDE] * 5 + [box(300, 400, 500, 300)] * 3 + [None] * 3, WIDE),
        # Edges blur by a few lines; the largest picture is kept.
        ([WIDE, box(0, 142, 0, 140), box(0, 140, 0, 144), WIDE], WIDE),
        ([box(0, 139, 0, 141)] * 4, Box(x=0, y=140, width=1920, height=798)),
    ],
)  # fmt: skip
def test_bars_are_found(seen: list[Box | None], found: Box) -> None:
    assert agreed(seen, width=1920, height=1080) == found


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [None] * 11,
        [WIDE] * 2 + [None] * 9,  # hardly anything seen
        [WIDE] * 10 + [box(0, 0, 0, 0)],  # one scene fills the picture
        [box(0, 300, 0, 0)] * 11,  # a dark sky
        [box(0, 140, 0, 60)] * 11,  # subtitles in the lower bar
        [box(900, 500, 900, 500)] * 11,  # a lamp
        [box(n * 20, n * 30, n * 20, n * 30) for n in range(3, 14)],  # each scene as dark as another
        [box(0, 1, 0, 1)] * 11,  # one line is no bar
    ],
)
def test_what_is_not_sure_is_left(seen: list[Box | None]) -> None:
    assert agreed(seen, width=1920, height=1080) is None
