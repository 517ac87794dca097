from framemill.commands import scenes
from framemill.commands.scenes import Find
from tests.builders import a_video


def test_what_a_printing_filter_wrote_is_read_frame_by_frame() -> None:
    lines = [
        "frame:0    pts:0       pts_time:0",
        "lavfi.black_start=0",
        "frame:17   pts:11875000 pts_time:11.875",
        "lavfi.scd.score=25.160",
    ]

    assert list(scenes.read(lines)) == [
        Find(0, {"lavfi.black_start": "0"}),
        Find(11_875_000, {"lavfi.scd.score": "25.160"}),
    ]
    assert list(scenes.read([])) == []


def test_a_range_without_an_end_lasts_to_the_end_and_short_ones_are_left_out() -> None:
    found = scenes.ranges([0, 50, 900], [40, 200], end_us=1000, min_us=60)

    assert found == ((50, 200), (900, 1000))


def test_detectors_look_at_a_small_even_picture() -> None:
    assert scenes.looking(a_video(width=3840, height=2161)).startswith("scale=w=320:h=180:")
    assert scenes.looking(a_video(width=100, height=31)).startswith("scale=w=100:h=32:")
