from fractions import Fraction

from framemill.commands import segmenting
from framemill.domain.containers import CONTAINERS


def test_parts_are_cut_a_little_before_each_time_and_listed() -> None:
    argv = segmenting.into_parts(
        CONTAINERS["mp4"], (5_000_000, 9_200_000), listing="cut.csv", reorder_us=66_667, finished=True
    )

    assert " ".join(argv) == (
        "-f segment -segment_format mp4 -segment_format_options movflags=+faststart "
        "-segment_times 4.9995,9.1995 -reference_stream 0 -reset_timestamps 1 -segment_start_number 1 "
        "-avoid_negative_ts disabled -audio_preload 66667 "
        "-segment_list file:out/cut.csv -segment_list_type csv"
    )


def test_a_single_part_is_never_cut() -> None:
    argv = segmenting.into_parts(CONTAINERS["mkv"], (), listing="l", reorder_us=0, finished=False)

    assert argv[argv.index("-segment_time") + 1] == "999999999"


def test_times_count_from_the_first_keyframe() -> None:
    argv = segmenting.into_parts(
        CONTAINERS["ts"], (9_000_000,), listing="l", reorder_us=0, finished=False, first_us=1_000_000
    )

    assert argv[argv.index("-segment_times") + 1] == "7.9995"


def test_x265_is_told_to_cut_its_references_at_forced_keyframes() -> None:
    assert segmenting.exact("hevc", (1_000_000,)) == ("-force_key_frames", "0.9995", "-forced-idr", "1")
    assert segmenting.exact("av1", (1_000_000,)) == ("-force_key_frames", "0.9995")
    assert segmenting.exact("hevc", ()) == ()


def test_the_clock_holds_whole_frames_of_every_rate() -> None:
    for rate in (Fraction(30), Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(15, 2)):
        _, base = segmenting.fine_clock(rate)
        ticks = Fraction(1, rate) / Fraction(base)

        assert ticks.denominator == 1
        assert Fraction(base) <= Fraction(1, 90_000)
