"""Files played faster and slower: length, pitch, rate, and everything still together."""

from fractions import Fraction
from math import log2
from pathlib import Path

import pytest

import framemill as fm
from tests import corpus
from tests.conftest import Clip
from tests.media.heard import ffmpeg, pitch_hz
from tests.media.pulses import make_pulses, pulse_gaps_ms

pytestmark = pytest.mark.media

FAST = "mobile_360p"


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.5, 10])
def test_the_length_changes_and_rate_and_pitch_stay(film: Path, factor: float, tmp_path: Path) -> None:
    result = fm.run(film, fm.Speed(factor=factor, profile=FAST), output=tmp_path / "out.mp4")

    made = fm.probe(result.path)
    assert made.main_video is not None
    assert made.main_audio is not None
    assert made.main_video.frame_rate == 25
    assert made.main_video.frame_count == round(100 / factor)
    assert made.duration_us == pytest.approx(4_000_000 / factor, abs=40_000)
    assert made.main_audio.duration_us == pytest.approx(4_000_000 / factor, rel=0.01)
    # Two cents, over a tenth of a second at the fastest.
    assert abs(1200 * log2(pitch_hz(result.path) / 440)) < 2


@pytest.mark.parametrize("factor", [0.5, 2])
def test_without_its_pitch_a_tone_moves_with_the_speed(film: Path, factor: float, tmp_path: Path) -> None:
    wish = fm.Speed(factor=factor, keep_pitch=False, profile=FAST)

    result = fm.run(film, wish, output=tmp_path / "out.mp4")

    assert pitch_hz(result.path) == pytest.approx(440 * factor, rel=0.001)


@pytest.mark.parametrize(("factor", "pitch", "apart"), [(0.5, True, 25), (2, True, 15), (2, False, 2)])
def test_flash_and_beep_stay_together(factor: float, pitch: bool, apart: int, tmp_path: Path) -> None:
    pulses = make_pulses(tmp_path / "in.mp4", seconds=5)
    wish = fm.Speed(factor=factor, keep_pitch=pitch, profile=FAST)

    result = fm.run(pulses, wish, output=tmp_path / "out.mp4")

    gaps = pulse_gaps_ms(result.path)
    assert len(gaps) == 4
    assert max(map(abs, gaps)) <= apart


def test_a_late_picture_and_surround_sound_stay_what_they_are(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "late.mkv",
        *("-itsoffset", "1", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "ac3", "-ac", "6"),
    )

    result = fm.run(source, fm.Speed(factor=2), output=tmp_path / "out.mkv")

    made = fm.probe(result.path)
    assert [a.channels for a in made.audio] == [6]
    assert made.duration_us == pytest.approx(1_500_000, abs=80_000)


def test_cues_and_chapters_are_at_their_new_times(film: Path, tmp_path: Path) -> None:
    (tmp_path / "cues.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:03,000 --> 00:00:03,500\nTwo\n"
    )
    (tmp_path / "meta.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=A\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\ntitle=B\n"
    )
    source = tmp_path / "in.mkv"
    ffmpeg(
        *("-i", str(film), "-i", str(tmp_path / "cues.srt"), "-i", str(tmp_path / "meta.txt")),
        *("-map", "0", "-map", "1", "-map_chapters", "2", "-c", "copy", "-c:s", "subrip", str(source)),
    )

    result = fm.run(source, fm.Speed(factor=2), output=tmp_path / "out.mkv")

    chapters = [(c.title, c.start_us, c.end_us) for c in fm.probe(result.path).chapters]
    assert chapters == [("A", 0, 1_000_000), ("B", 1_000_000, 2_000_000)]
    shown = ffmpeg("-i", str(result.path), "-map", "0:s:0", "-f", "srt", "-").stdout.decode()
    assert "00:00:00,500 --> 00:00:01,000" in shown
    assert "00:00:01,500 --> 00:00:01,750" in shown
    assert result.dropped == ()


@corpus.needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "opencast-vfr-av.mov",
        "opencast-audio-only.mov",
        "portrait_4k60.mp4",
        "bear-vp9-odd-dimensions.webm",
        "mkv-cover-attachment-51.mkv",
        "shaka-negative-start.ts",
    ],
)
def test_awkward_files_play_at_four_times_the_speed(name: str, tmp_path: Path) -> None:
    source = corpus.file(name)
    before = fm.probe(source)
    film = before.main_video

    result = fm.run(source, fm.Speed(factor=4, profile=FAST if film else None), output=tmp_path)

    after = fm.probe(result.path)
    assert after.duration_us == pytest.approx(before.duration_us / 4, abs=150_000)
    assert len(after.audio) == len(before.audio)
    if film is not None and after.main_video is not None:
        assert after.main_video.frame_rate == Fraction(film.frame_rate)
        assert (after.main_video.width > after.main_video.height) == (
            film.display_width > film.display_height
        )
