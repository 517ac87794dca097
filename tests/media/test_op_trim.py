"""Ranges of real files: the very frames that were asked for, sound in sync, nothing before or behind."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import InvalidSpec, TimeOutOfRange
from tests.media.counted import (
    counted,
    cues,
    frame_times,
    frame_times_ms,
    heard,
    make_counted,
    numbers,
    spans,
    with_cue,
)
from tests.media.pulses import make_pulses, pulse_gaps_ms

pytestmark = pytest.mark.media


@pytest.fixture(scope="session", name="source")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, a keyframe at every multiple of 5/3 s."""
    return make_counted(tmp_path_factory.mktemp("trim") / "source.mp4")


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "mov", "flv"])
def test_a_copy_begins_with_its_keyframe_and_no_sound_before_it(ending: str, tmp_path: Path) -> None:
    source = make_counted(tmp_path / f"source.{ending}")

    result = fm.run(source, fm.Trim(start="4s", end="6s"), output=tmp_path / f"clip.{ending}")

    shown = numbers(result.path)
    assert shown[:60] == counted(100, 160)
    # Pictures are copied in the order they are decoded, so a few behind the end come along.
    assert 80 <= len(shown) <= 84
    span = spans(result.path)
    assert 0 <= span["a"][0] - span["v"][0] < 0.024
    assert any("s before 00:00:04.000" in note for note in result.notes)


def test_a_start_that_is_a_keyframe_does_not_move(source: Path, tmp_path: Path) -> None:
    result = fm.run(source, fm.Trim(start="5s", duration="1s"), output=tmp_path / "clip.mp4")

    assert numbers(result.path)[:30] == counted(150, 180)
    assert any("nothing moves" in note for note in result.notes)


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "flv"])
@pytest.mark.parametrize(("start", "end"), [("2.5s", "4.02s"), ("3.34s", "7s"), ("0s", "0.5s")])
def test_an_exact_range_has_its_frames_and_no_others(
    ending: str, start: str, end: str, tmp_path: Path
) -> None:
    source = make_counted(tmp_path / f"source.{ending}")

    result = fm.run(source, fm.Trim(start=start, end=end, mode="encode"), output=tmp_path / "clip.mp4")

    begins = fm.probe(source).start_us / 1_000_000
    shown = zip(numbers(source), frame_times(source), strict=True)
    within = [n for n, t in shown if float(start[:-1]) <= t - begins + 0.0006 < float(end[:-1])]
    assert numbers(result.path) == within
    assert frame_times_ms(result.path)[0] == 0
    span = spans(result.path)
    assert span["v"][1] == pytest.approx(span["a"][1], abs=0.035)


@pytest.mark.parametrize("rate", [Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(50)])
def test_frames_are_counted_exactly_at_any_rate(rate: Fraction, tmp_path: Path) -> None:
    source = make_counted(tmp_path / "source.mp4", rate=rate, frames=200)

    result = fm.run(
        source, fm.Trim(start="1.2345s", end="2.9876s", mode="encode"), output=tmp_path / "clip.mp4"
    )

    first, last = (int(-(-Fraction(t) * rate // 1)) for t in ("1.2345", "2.9876"))
    assert numbers(result.path) == counted(first, last)


@pytest.mark.parametrize("mode", ["copy", "encode"])
@pytest.mark.parametrize("ranges", [("2.2s-6.7s",), ("0.5s-2.4s", "5.2s-9.1s"), ("7.2s-9.5s", "1.2s-3.3s")])
def test_sound_stays_in_sync(mode: str, ranges: tuple[str, ...], tmp_path: Path) -> None:
    source = make_pulses(
        tmp_path / "pulses.mp4", extra=("-preset", "veryfast", "-g", "47", "-sc_threshold", "0")
    )

    result = fm.run(source, fm.Trim(ranges=ranges, mode=mode), output=tmp_path / "clip.mp4")

    gaps = pulse_gaps_ms(result.path, heard(result.path, tmp_path))
    assert len(gaps) >= 4
    assert max(abs(gap) for gap in gaps) <= 34


def test_several_exact_ranges_follow_each_other_without_a_gap(source: Path, tmp_path: Path) -> None:
    result = fm.run(
        source, fm.Trim(ranges=("2s-4s", "1s-1.5s", "8s-10s"), mode="encode"), output=tmp_path / "clip.mp4"
    )

    assert numbers(result.path) == [*counted(60, 120), *counted(30, 45), *counted(240, 300)]
    times = frame_times_ms(result.path)
    assert {b - a for a, b in pairwise(times)} <= {33, 34}


def test_several_copied_ranges_keep_every_frame_from_their_keyframes_on(source: Path, tmp_path: Path) -> None:
    result = fm.run(source, fm.Trim(ranges=("2s-4s", "7s-8s")), output=tmp_path / "clip.mp4")

    shown = numbers(result.path)
    assert shown[:70] == counted(50, 120)
    second = len(shown) - 1 - shown[::-1].index(0)
    assert shown[second : second + 40] == counted(200, 240)


def test_a_profile_chooses_size_and_codec(source: Path, tmp_path: Path) -> None:
    result = fm.run(source, fm.Trim(start="1s", end="2s", profile="clip_720p"), output=tmp_path / "clip.mp4")

    (video,) = fm.probe(result.path).video
    assert (video.codec, len(numbers(result.path))) == ("hevc", 30)


def test_an_irregular_rate_keeps_its_frames_and_times(tmp_path: Path) -> None:
    source = make_counted(
        tmp_path / "vfr.mp4",
        frames=180,
        extra=("-vf", "select='not(mod(n,3))+gt(mod(t,2),1)'", "-fps_mode", "vfr"),
    )
    wanted = [
        (n, t - 1500)
        for n, t in zip(numbers(source), frame_times_ms(source), strict=True)
        if 1500 <= t < 4500
    ]

    result = fm.run(source, fm.Trim(start="1.5s", end="4.5s", mode="encode"), output=tmp_path / "clip.mp4")

    assert numbers(result.path) == [n for n, _ in wanted]
    times = frame_times_ms(result.path)
    assert max(abs(a - b) for a, (_, b) in zip(times[1:], wanted[1:], strict=True)) <= 2


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize("mode", ["copy", "encode"])
def test_a_cue_is_shown_for_as_long_as_it_lies_in_the_range(
    mode: str, ending: str, source: Path, tmp_path: Path
) -> None:
    spoken = with_cue(source, tmp_path / f"spoken.{ending}", start="00:00:04,000", end="00:00:09,000")

    clip = tmp_path / f"clip.{ending}"
    fm.run(spoken, fm.Trim(start="5s", end="7s", mode=mode), output=clip)

    assert fm.probe(clip).duration_us == pytest.approx(2_000_000, abs=130_000)
    if mode == "encode":
        ((begins, ends),) = cues(clip)
        assert (begins, ends) == pytest.approx((0, 2), abs=0.01)


def test_a_start_behind_the_end_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(TimeOutOfRange, match="lasts 00:00:10"):
        fm.run(source, fm.Trim(start="11s"), output=tmp_path / "clip.mp4")


def test_nothing_to_trim_is_refused() -> None:
    with pytest.raises((InvalidSpec, ValueError), match="start, end, duration or ranges"):
        fm.Trim()
