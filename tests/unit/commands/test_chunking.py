from dataclasses import replace
from fractions import Fraction

import pytest

from framemill.commands import chunking
from framemill.commands.chunking import Clock
from framemill.commands.picture import SHOW_FIRST_FROM_ZERO
from framemill.commands.video import Keyframes, encode
from framemill.domain.chunks import Chunk
from framemill.domain.profiles import Profile
from framemill.domain.units import US
from framemill.domain.work import Accelerated, VideoPart
from framemill.operations.profiles import make_profile
from tests.builders import CAPABILITIES, a_film, a_video

_CLOCK = Clock(per_second=15360, early_us=16_333)
_SECOND = Chunk(number=2, start_us=20 * US, end_us=40 * US, length_us=20 * US)
_FIRST = Chunk(number=1, start_us=0, end_us=20 * US, length_us=20 * US)
_LAST = Chunk(number=3, start_us=40 * US, end_us=None, length_us=20 * US)


def a_part(*filters: str, profile: Profile | None = None) -> VideoPart:
    args = encode(
        profile or make_profile(codec="h264", crf=23, preset="medium"),
        rate=Fraction(30),
        capabilities=CAPABILITIES,
        keyframes=Keyframes(every_us=2 * US),
    )
    return VideoPart(stream=0, filters=(*SHOW_FIRST_FROM_ZERO, *filters), args=args)


def test_a_chunk_has_the_keyframes_of_its_place_in_the_whole() -> None:
    chunk = Chunk(number=2, start_us=20 * US, end_us=26 * US, length_us=6 * US)

    args = chunking.cut_out(a_part(), chunk, _CLOCK, shortest_us=6 * US).args

    assert args[args.index("-force_key_frames") + 1] == "19.9995,21.9995,23.9995"


def test_a_border_lies_on_the_same_side_of_a_frame_for_both_chunks() -> None:
    filters = [
        chunking.cut_out(a_part("zscale=w=2"), chunk, _CLOCK, shortest_us=20 * US).filters[0]
        for chunk in (_FIRST, _SECOND, _LAST)
    ]

    assert filters == ["trim=end=19.983667", "trim=start=19.983667:end=39.983667", "trim=start=39.983667"]


def test_only_the_first_chunk_shows_its_first_frame_from_zero() -> None:
    shown = [
        SHOW_FIRST_FROM_ZERO[0] in chunking.cut_out(a_part(), chunk, _CLOCK, shortest_us=20 * US).filters
        for chunk in (_FIRST, _SECOND)
    ]

    assert shown == [True, False]


def test_a_filter_that_looks_at_neighbours_gets_some_before_the_border_is_cut() -> None:
    part = replace(a_part(), filters=("bwdif=mode=send_frame", *SHOW_FIRST_FROM_ZERO, "format=yuv420p"))

    filters = chunking.cut_out(part, _SECOND, _CLOCK, shortest_us=20 * US).filters

    assert filters == (
        "trim=start=19.5:end=40.5",
        "bwdif=mode=send_frame",
        "trim=start=19.983667:end=39.983667",
        "format=yuv420p",
    )


def test_a_cap_leaves_room_for_what_a_chunk_may_begin_with() -> None:
    part = a_part(profile=make_profile(codec="h264", crf=23, preset="medium", max_bitrate=3_000_000))

    args = chunking.cut_out(part, _SECOND, _CLOCK, shortest_us=20 * US).args

    # 6 Mbit of buffer become 4.8, and a quarter of those is saved over 20 s: 3 Mbit/s less 1.2 Mbit in 20 s.
    assert args[args.index("-maxrate") + 1] == "2940k"
    assert args[args.index("-bufsize") + 1] == "4800k"
    assert args[args.index("-x264-params") + 1].endswith(":vbv-init=0.25")


@pytest.mark.parametrize(
    ("container", "reorder_us", "keyframes_ms", "seek"),
    [
        ("mov", 0, [0, 20_000, 22_000], "20.0005"),
        ("mov", 0, [0, 14_000, 21_000], "14.0005"),
        # A keyframe shown after the border is decoded before it, and would be found first.
        ("mov", 66_667, [0, 19_980, 20_040], "0.0005"),
        ("mov", 66_667, [0, 20_000, 20_040], "0.0005"),
        # ffmpeg itself seeks earlier there, if pictures are reordered.
        ("matroska", 0, [0, 20_000, 22_000], "20.130935"),
        ("matroska", 0, [0, 20_000, 20_100], "20.0005"),
        ("mov", 0, [], None),
    ],
)
def test_decoding_begins_at_the_last_keyframe_that_is_surely_not_behind_the_border(
    container: str, reorder_us: int, keyframes_ms: list[int], seek: str | None
) -> None:
    argv = chunking.opened(
        a_film(container=container),
        a_video(reorder_us=reorder_us),
        _SECOND,
        [at * 1000 for at in keyframes_ms],
        around=False,
    )

    assert (argv[argv.index("-ss") + 1] if "-ss" in argv else None) == seek


def test_neighbours_look_at_the_same_frame() -> None:
    part = a_part("format=yuv420p")

    _, behind = chunking.witnesses(part, _FIRST, _CLOCK)
    begin, _ = chunking.witnesses(part, _SECOND, _CLOCK)

    assert behind == begin
    assert chunking.witnesses(part, _FIRST, _CLOCK)[0] is None
    assert chunking.witnesses(part, _LAST, _CLOCK)[1] is None


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (a_part(), None),
        (a_part("scale=w=2", "pad=4:4:0:0"), None),
        (a_part("fps=30/1"), None),
        (a_part("minterpolate"), "the filter minterpolate may look at more than one frame"),
        (a_part("setpts=PTS*2"), "the filter setpts may look at more than one frame"),
        (replace(a_part(), filters=()), "its first frame may be late"),
        (a_part(profile=make_profile(codec="av1", crf=30, preset="8")), "libsvtav1 uses all cores by itself"),
        (
            a_part(profile=make_profile(codec="h264", bitrate=1_000_000, preset="medium")),
            "its bit rate is an average over the whole",
        ),
        (
            replace(a_part(), hardware=Accelerated(encoder="h264_nvenc", filters=(), args=())),
            "it is encoded on a device",
        ),
    ],
)
def test_only_what_is_the_same_in_parts_is_split(part: VideoPart, reason: str | None) -> None:
    assert chunking.divisible(part) == reason


def test_files_are_joined_where_their_frames_already_are() -> None:
    assert chunking.script(["a.mp4", "b.mp4"], [_FIRST, _SECOND]) == (
        "ffconcat version 1.0\nfile a.mp4\ninpoint 0\nduration 20\nfile b.mp4\ninpoint 20\nduration 20\n"
    )


def test_a_clock_has_every_tick_of_the_encoder() -> None:
    part = a_part()

    assert Clock.of(part, a_video(frame_rate=Fraction(30000, 1001))).per_second == 30_000
    assert Clock.of(replace(part, filters=("fps=25/1",)), a_video()).per_second == 12_800
    vfr = replace(part, args=(*part.args, "-enc_time_base", "demux"))
    assert Clock.of(vfr, a_video(time_base=Fraction(1, 1000))) == Clock(per_second=16_000, early_us=500)
