"""Joined files: every frame of every input, sound in sync behind each join, differences named."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import IncompatibleInputs, TimeOutOfRange
from tests.media.counted import counted, frame_times_ms, heard, make_counted, numbers
from tests.media.pulses import make_pulses, pulse_gaps_ms

pytestmark = pytest.mark.media

PULSES = ("-preset", "veryfast", "-g", "47", "-sc_threshold", "0")


def inputs(*paths: Path) -> dict[str, Path]:
    return {f"input{n or ''}" if n != 1 else "input1": p for n, p in enumerate(paths)}


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "mov"])
def test_like_files_are_joined_by_copy_frame_by_frame(ending: str, tmp_path: Path) -> None:
    one = make_counted(tmp_path / f"one.{ending}", frames=90)
    two = make_counted(tmp_path / f"two.{ending}", frames=60)

    result = fm.run(inputs(one, two, one), fm.Concat(), output=tmp_path / f"all.{ending}")

    assert numbers(result.path) == [*counted(0, 90), *counted(0, 60), *counted(0, 90)]
    assert any("nothing encoded" in note for note in result.notes)


@pytest.mark.parametrize("mode", ["copy", "encode"])
def test_sound_stays_in_sync_behind_every_join(mode: str, tmp_path: Path) -> None:
    one = make_pulses(tmp_path / "one.mp4", seconds=4, extra=PULSES)
    two = make_pulses(tmp_path / "two.mp4", seconds=5, extra=PULSES)

    result = fm.run(inputs(one, two, one, two), fm.Concat(mode=mode), output=tmp_path / "all.mp4")

    gaps = pulse_gaps_ms(result.path, heard(result.path, tmp_path))
    assert len(gaps) == 14
    assert max(abs(gap) for gap in gaps) <= 34


def test_differing_inputs_take_the_form_of_the_first(tmp_path: Path) -> None:
    one = make_pulses(tmp_path / "one.mp4", seconds=3, extra=PULSES)
    two = make_pulses(
        tmp_path / "two.mkv",
        seconds=3,
        rate="25",
        extra=(*PULSES, "-s", "320x240", "-ar", "44100", "-ac", "1"),
    )

    result = fm.run(inputs(one, two), fm.Concat(), output=tmp_path / "all.mp4")

    media = fm.probe(result.path)
    (video,), (audio,) = media.video, media.audio
    assert (video.width, video.height, video.frame_rate) == (640, 360, Fraction(30))
    assert (audio.sample_rate, audio.channels) == (48_000, 1)
    assert len(numbers(result.path)) in {179, 180}
    gaps = pulse_gaps_ms(result.path)
    assert len(gaps) == 4
    assert max(abs(gap) for gap in gaps) <= 40
    assert any("encoded because the inputs differ in container" in note for note in result.notes)


def test_missing_sound_is_silence_of_the_right_length(tmp_path: Path) -> None:
    one = make_pulses(tmp_path / "one.mp4", seconds=3, extra=PULSES)
    mute = make_pulses(tmp_path / "mute.mp4", seconds=3, extra=(*PULSES, "-an"))

    result = fm.run(inputs(mute, one, mute, one), fm.Concat(), output=tmp_path / "all.mp4")

    assert len(numbers(result.path)) == 360
    media = fm.probe(result.path)
    assert media.audio[0].duration_us == pytest.approx(media.video[0].duration_us, abs=40_000)
    gaps = pulse_gaps_ms(result.path)
    assert max(abs(gap) for gap in (*gaps[2:4], *gaps[6:8])) <= 34
    assert any("silence where there is no sound: input, input2" in note for note in result.notes)


def test_encoding_keeps_every_frame_of_inputs_of_one_rate(tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one.mp4", frames=47)
    two = make_counted(tmp_path / "two.mp4", frames=31)

    result = fm.run(inputs(one, two, one), fm.Concat(mode="encode"), output=tmp_path / "all.mp4")

    assert numbers(result.path) == [*counted(0, 47), *counted(0, 31), *counted(0, 47)]
    times = frame_times_ms(result.path)
    assert max(b - a for a, b in pairwise(times)) <= 55


def test_a_copy_of_differing_inputs_is_refused_by_name(tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one.mp4", frames=10)
    two = make_counted(tmp_path / "two.mp4", frames=10, extra=("-s", "320x240"))

    with pytest.raises(IncompatibleInputs, match="differ in size: 160x96, 320x240"):
        fm.run(inputs(one, two), fm.Concat(mode="copy"), output=tmp_path / "all.mp4")

    assert not (tmp_path / "all.mp4").exists()


def test_hevc_of_differing_settings_is_not_copied_into_a_file_that_cannot_be_decoded(tmp_path: Path) -> None:
    hevc = ("-c:v", "libx265", "-x265-params")
    one = make_counted(tmp_path / "one.mp4", frames=20, extra=(*hevc, "log-level=error:bframes=2"))
    two = make_counted(tmp_path / "two.mp4", frames=20, extra=(*hevc, "log-level=error:bframes=0:ctu=16"))

    with pytest.raises(IncompatibleInputs, match="decoder settings"):
        fm.run(inputs(one, two), fm.Concat(mode="copy"), output=tmp_path / "all.mp4")


def test_h264_of_differing_settings_is_joined_by_copy(tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one.mp4", frames=20)
    two = make_counted(tmp_path / "two.mp4", frames=20, extra=("-x264-params", "ref=1:weightp=0:8x8dct=1"))

    result = fm.run(inputs(one, two), fm.Concat(mode="copy"), output=tmp_path / "all.mp4")

    assert numbers(result.path) == [*counted(0, 20), *counted(0, 20)]


def test_each_input_becomes_a_chapter(tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one; [x]=.mp4", frames=30)
    two = make_counted(tmp_path / "two.mp4", frames=60)

    result = fm.run(inputs(one, two), fm.Concat(), output=tmp_path / "all.mp4")

    chapters = fm.probe(result.path).chapters
    assert [c.title for c in chapters] == ["one; [x]=", "two"]
    assert chapters[1].start_us == pytest.approx(1_000_000, abs=30_000)


def test_parts_of_a_cut_join_to_the_source_again(tmp_path: Path) -> None:
    source = make_counted(tmp_path / "source.mp4")
    fm.run(source, fm.Cut(every="2s"), output=tmp_path / "cut")
    made = sorted((tmp_path / "cut").glob("part_*"))

    result = fm.run(inputs(*made), fm.Concat(mode="copy"), output=tmp_path / "again.mp4")

    assert numbers(result.path) == counted(0, 300)
    assert fm.probe(result.path).duration_us == pytest.approx(10_000_000, abs=100_000)


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30_000, 1001)])
def test_a_dissolve_counts_its_frames_and_mixes_both_sides(rate: Fraction, tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one.mp4", frames=60, rate=rate)
    two = make_counted(tmp_path / "two.mp4", frames=50, rate=rate)

    spec = fm.Concat(transition="dissolve", transition_duration="0.4s")
    result = fm.run(inputs(one, two, one), spec, output=tmp_path / "all.mp4")

    over = round(Fraction(4, 10) * rate)
    shown = numbers(result.path)
    assert len(shown) == 60 + 50 + 60 - 2 * over
    assert shown[: 60 - over] == counted(0, 60 - over)
    assert shown[60 : 110 - 2 * over] == counted(over, 50 - over)
    assert shown[-(60 - over) :] == counted(over, 60)
    # Half-way both are seen: between the last numbers of one and the first of the other.
    assert 15 < shown[60 - over // 2] < 50
    chapters = fm.probe(result.path).chapters
    assert [c.title for c in chapters] == ["one", "two", "one"]
    assert chapters[1].start_us == pytest.approx((60 - over + over // 2) / rate * 1_000_000, abs=2000)


def test_a_fade_is_black_in_the_middle_and_keeps_the_length(tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one.mp4", frames=50)
    two = make_counted(tmp_path / "two.mp4", frames=50)

    result = fm.run(
        inputs(one, two),
        fm.Concat(transition="fade", transition_duration="0.6s"),
        output=tmp_path / "all.mp4",
    )

    shown = numbers(result.path)
    assert len(shown) == 100
    assert shown[:40] == counted(0, 40)
    assert shown[60:] == counted(10, 50)
    assert max(shown[49:51]) <= 2  # black is -4
    assert any("encoded because of the fade" in note for note in result.notes)


def test_sound_stays_in_sync_through_dissolves(tmp_path: Path) -> None:
    one = make_pulses(tmp_path / "one.mp4", seconds=4, extra=PULSES)
    two = make_pulses(tmp_path / "two.mkv", seconds=5, rate="25", extra=(*PULSES, "-ar", "44100"))
    mute = make_pulses(tmp_path / "mute.mp4", seconds=3, extra=(*PULSES, "-an"))

    result = fm.run(
        inputs(one, two, mute, one),
        fm.Concat(transition="dissolve", transition_duration="0.5s"),
        output=tmp_path / "all.mp4",
    )

    media = fm.probe(result.path)
    assert media.duration_us == pytest.approx(14_500_000, abs=40_000)
    gaps = sorted(abs(gap) for gap in pulse_gaps_ms(result.path, heard(result.path, tmp_path)))
    # The two flashes of the silent piece have no beep of their own.
    assert len(gaps) == 12
    assert gaps[9] <= 34


def test_an_input_shorter_than_its_dissolves_is_refused_by_name(tmp_path: Path) -> None:
    long, short = (
        make_counted(tmp_path / "long.mp4", frames=60),
        make_counted(tmp_path / "short.mp4", frames=40),
    )

    spec = fm.Concat(transition="dissolve", transition_duration="1s")
    assert fm.run(inputs(long, short), spec, output=tmp_path / "two.mp4").path.exists()
    with pytest.raises(TimeOutOfRange, match=r"'short' lasts 1\.33"):
        fm.run(inputs(long, short, long), spec, output=tmp_path / "all.mp4")


def test_twenty_inputs_dissolve_in_one_process(tmp_path: Path) -> None:
    one = make_counted(tmp_path / "one.mp4", frames=20)

    result = fm.run(
        inputs(*[one] * 20),
        fm.Concat(transition="dissolve", transition_duration="0.2s"),
        output=tmp_path / "all.mp4",
    )

    assert len(numbers(result.path)) == 20 * 20 - 19 * 6
