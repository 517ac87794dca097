from itertools import pairwise

import pytest

from framemill.domain.storyboard import Cue, Layout, usual_interval
from framemill.domain.units import US


def a_layout(duration_s: float, *, interval_s: int = 2, columns: int = 3, rows: int = 2) -> Layout:
    return Layout(
        duration_us=round(duration_s * US),
        interval_us=interval_s * US,
        columns=columns,
        rows=rows,
        width=160,
        height=90,
    )


def test_pictures_fill_rows_then_sheets() -> None:
    layout = a_layout(15)

    assert (layout.count, layout.sheets, layout.sheet_size) == (8, 2, (480, 180))
    cues = list(layout.cues())
    assert cues[4] == Cue(start_us=8 * US, end_us=10 * US, sheet=1, x=160, y=90)
    assert cues[6] == Cue(start_us=12 * US, end_us=14 * US, sheet=2, x=0, y=0)


@pytest.mark.parametrize("duration_s", [0.04, 2, 2.001, 11.999, 12, 61.5])
def test_cues_cover_the_video_without_gap_or_overlap(duration_s: float) -> None:
    cues = list(a_layout(duration_s).cues())

    assert cues[0].start_us == 0
    assert cues[-1].end_us == round(duration_s * US)
    assert all(a.end_us == b.start_us for a, b in pairwise(cues))


@pytest.mark.parametrize(
    ("duration_s", "interval_s", "count"), [(0.5, 1, 1), (60, 1, 60), (101, 2, 51), (7200, 72, 100)]
)
def test_the_usual_interval_is_whole_seconds_and_makes_a_hundred_pictures_at_most(
    duration_s: float, interval_s: int, count: int
) -> None:
    interval = usual_interval(round(duration_s * US))

    assert interval == interval_s * US
    assert a_layout(duration_s, interval_s=interval // US).count == count
