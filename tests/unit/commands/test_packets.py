from collections.abc import Iterable
from fractions import Fraction

import pytest

from framemill.commands.packets import (
    Packet,
    Run,
    StreamEnd,
    ends,
    keyframe_interval,
    micros,
    parse_packet_line,
    read_packets,
    snapped,
    timing,
)

MS = Fraction(1000)


def a_run(times: Iterable[int], *, cut: bool = False, keys: Iterable[int] = ()) -> Run:
    wanted = set(keys)
    return Run(
        tuple(
            Packet(
                stream=0, pts_us=t, dts_us=t, duration_us=0, key=t in wanted, discard=False, position=str(i)
            )
            for i, t in enumerate(times)
        ),
        cut=cut,
    )


def as_json(times: Iterable[int]) -> list[dict[str, object]]:
    return [
        {"stream_index": 0, "pts_time": str(t), "dts_time": str(t), "pos": str(t), "flags": "K__"}
        for t in times
    ]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(60)])
def test_a_constant_rate_is_regular_on_a_millisecond_clock(rate: Fraction) -> None:
    times = [round(n / rate * 1000) * 1000 for n in range(80)]

    seen = timing((a_run(times),), tick_us=MS)

    assert seen is not None
    assert not seen.is_vfr
    assert abs(seen.rate / rate - 1) < seen.slack + Fraction(1, 1000)


def test_one_long_frame_makes_the_rate_variable_but_does_not_change_it() -> None:
    times = [n * 40_000 for n in range(50) if n != 20]

    seen = timing((a_run(times),), tick_us=Fraction(11))

    assert seen is not None
    assert (seen.is_vfr, seen.rate) == (True, Fraction(25))


def test_the_gap_between_start_and_end_is_no_long_frame() -> None:
    start, end = (a_run(range(at, at + 2_000_000, 40_000)) for at in (0, 90_000_000))

    seen = timing((start, end), tick_us=MS)

    assert seen is not None
    assert not seen.is_vfr


def test_frames_that_were_not_read_yet_are_no_gap() -> None:
    # Decode order I P B B: where the run is cut, the second P lacks its B frames.
    run = Run(
        tuple(
            Packet(stream=0, pts_us=p * 1000, dts_us=d * 1000, duration_us=40_000, key=False, discard=False)
            for p, d in ((0, -40), (120, 0), (40, 40), (80, 80), (240, 120))
        ),
        cut=True,
    )

    assert run.shown() == [0, 40_000, 80_000, 120_000]


def test_too_few_frames_prove_nothing() -> None:
    assert timing((a_run([0, 40_000]),), tick_us=MS) is None


@pytest.mark.parametrize(
    ("measured", "known"),
    [
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (Fraction(60057, 1000), Fraction(60)),
        (Fraction(23976, 1000), Fraction(24000, 1001)),
        (Fraction(179, 6), Fraction(179, 6)),
    ],
)
def test_a_rate_near_a_known_one_is_that_one(measured: Fraction, known: Fraction) -> None:
    assert snapped(measured) == known


def test_a_file_shorter_than_the_first_interval_is_known_whole() -> None:
    seen = read_packets(as_json([*range(6), *range(6)]), head=10, tail=100)

    assert seen.whole
    assert len(seen.packets()) == 6


def test_start_and_end_that_overlap_are_one_run() -> None:
    seen = read_packets(as_json([*range(10), *range(7, 14)]), head=10, tail=100)

    assert not seen.whole
    assert [len(run.packets) for run in seen.runs(0)] == [14]


def test_start_and_end_far_apart_are_two_runs() -> None:
    seen = read_packets(as_json([*range(10), *range(90, 95)]), head=10, tail=100)

    assert [(len(run.packets), run.cut) for run in seen.runs(0)] == [(10, True), (5, False)]


def test_packets_without_times_are_told_apart_by_position() -> None:
    raw = [{"stream_index": 0, "pos": str(n), "duration_time": "0.04", "flags": "___"} for n in range(20)]

    seen = read_packets(raw, head=10, tail=100)

    assert not seen.whole
    assert ends(seen.packets()) == {0: StreamEnd(packets=20, end_us=800_000)}


def test_the_keyframe_distance_is_the_longest_seen() -> None:
    second = range(0, 5_000_000, 40_000)

    assert keyframe_interval((a_run(second, keys=[0, 1_000_000, 1_200_000]),)) == 3_760_000
    assert keyframe_interval((a_run(second, keys=range(0, 5_000_000, 1_000_000)),)) == 1_000_000
    assert keyframe_interval((a_run(second, keys=[0]),)) is None


def test_discarded_packets_do_not_count_as_an_end() -> None:
    shown = Packet(stream=0, pts_us=0, dts_us=0, duration_us=40_000, key=True, discard=False)
    hidden = Packet(stream=0, pts_us=90_000, dts_us=90_000, duration_us=40_000, key=False, discard=True)

    assert ends([shown, hidden]) == {0: StreamEnd(packets=2, end_us=40_000)}


def test_a_line_of_packets_is_read_and_anything_else_ignored() -> None:
    assert parse_packet_line("1,-0.047891,N/A,0.023220,1234,KD_,\n") == Packet(
        stream=1, pts_us=-47_891, dts_us=None, duration_us=23_220, key=True, discard=True, position="1234"
    )
    assert parse_packet_line("side_data,foo") is None
    assert parse_packet_line("") is None


@pytest.mark.parametrize("text", ["N/A", "", None, "nan", "inf", "1e99", "x"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert micros(text) is None
