"""Other sound under real pictures: what is heard when, and that the picture is the same."""

import array
from math import cos, pi, sqrt
from pathlib import Path

import pytest

import framemill as fm
from framemill.tools.programs import Programs
from tests import corpus
from tests.conftest import Clip
from tests.media.heard import RATE, level, pitch_hz, samples
from tests.media.pulses import make_pulses, pulse_gaps_ms
from tests.media.test_op_remove_audio import frame_hashes
from tests.unit.operations.commands import asked

pytestmark = pytest.mark.media


@pytest.fixture(name="song")
def _song(clip: Clip) -> Path:
    """Six seconds of 1000 Hz, at a level of 0.5."""
    return clip("song.m4a", "-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*1000*t):s=48000:d=6", "-c:a", "aac")


@pytest.fixture(name="jingle")
def _jingle(clip: Clip) -> Path:
    """One and a half seconds of the same, as MP3 at another rate."""
    tone = "aevalsrc=0.5*sin(2*PI*1000*t):s=44100:d=1.5"
    return clip("jingle.mp3", "-f", "lavfi", "-i", tone, "-c:a", "libmp3lame")


def strength(heard: "array.array[int]", hz: int, start: float, end: float) -> float:
    """How strongly a pitch sounds in a range: 1 for a full-scale tone (Goertzel's filter)."""
    part = heard[round(start * RATE) : round(end * RATE)]
    turn = 2 * cos(2 * pi * hz / RATE)
    one = two = 0.0
    for sample in part:
        one, two = sample + turn * one - two, one
    return 2 * sqrt(max(0.0, one * one + two * two - turn * one * two)) / len(part) / 32768


def test_a_longer_song_is_copied_and_cut_to_the_picture(
    film: Path, song: Path, programs: Programs, tmp_path: Path
) -> None:
    result = fm.run(film, fm.ReplaceAudio(audio=str(song)), output=tmp_path / "out.mp4")

    made = fm.probe(result.path)
    assert frame_hashes(programs, result.path) == frame_hashes(programs, film)
    assert made.duration_us == pytest.approx(4_000_000, abs=50_000)
    assert pitch_hz(result.path) == pytest.approx(1000, abs=2)
    assert any("copied" in note for note in result.notes if "audio" in note)


def test_a_shorter_one_is_followed_by_silence(film: Path, jingle: Path, tmp_path: Path) -> None:
    result = fm.run(film, fm.ReplaceAudio(audio=str(jingle)), output=tmp_path / "out.mp4")

    sound = fm.probe(result.path).main_audio
    assert sound is not None
    assert sound.duration_us == pytest.approx(4_000_000, abs=50_000)
    assert level(result.path, 0.2, 1.4) == pytest.approx(0.354, abs=0.02)
    assert level(result.path, 1.7, 3.9) < 0.001


def test_a_loop_goes_on_to_the_end_and_fades(film: Path, jingle: Path, tmp_path: Path) -> None:
    wish = asked(fm.ReplaceAudio, audio=str(jingle), loop=True, fade_out=1)

    result = fm.run(film, wish, output=tmp_path / "out.mp4")

    assert min(level(result.path, t / 10, t / 10 + 0.1) for t in range(1, 29)) > 0.3
    assert level(result.path, 3.9, 4.0) < 0.05


def test_start_and_offset_place_it(film: Path, tmp_path: Path, clip: Clip) -> None:
    steps = clip(
        "steps.wav", "-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*(1000+1000*gte(t\\,2))*t):s=48000:d=4"
    )
    wish = asked(fm.ReplaceAudio, audio=str(steps), start=1.5, offset=1, volume="50%")

    heard = samples(fm.run(film, wish, output=tmp_path / "out.mp4").path)

    assert max(map(abs, heard[: int(0.95 * RATE)])) < 200
    assert strength(heard, 1000, 1.1, 1.4) == pytest.approx(0.25, abs=0.02)
    assert strength(heard, 2000, 1.6, 3.4) == pytest.approx(0.25, abs=0.02)


def test_mixed_sound_has_both_at_their_levels(
    film: Path, jingle: Path, programs: Programs, tmp_path: Path
) -> None:
    before = strength(samples(film), 440, 0.2, 1.3)
    wish = asked(fm.ReplaceAudio, audio=str(jingle), mix=True, volume="-12dB")

    result = fm.run(film, wish, output=tmp_path / "out.mp4")

    heard = samples(result.path)
    assert strength(heard, 440, 0.2, 1.3) == pytest.approx(before, rel=0.05)
    assert strength(heard, 1000, 0.2, 1.3) == pytest.approx(0.5 * 10 ** (-12 / 20), rel=0.08)
    assert strength(heard, 440, 1.8, 3.8) == pytest.approx(before, rel=0.05)
    assert strength(heard, 1000, 1.8, 3.8) < 0.002
    assert frame_hashes(programs, result.path) == frame_hashes(programs, film)


def test_what_was_in_sync_stays_in_sync_when_mixed(jingle: Path, tmp_path: Path) -> None:
    pulses = make_pulses(tmp_path / "in.mp4", seconds=4)
    wish = asked(fm.ReplaceAudio, audio=str(jingle), mix=True, volume=0.01)

    result = fm.run(pulses, wish, output=tmp_path / "out.mp4")

    assert max(map(abs, pulse_gaps_ms(result.path))) <= 2


def test_two_loud_sounds_do_not_clip_where_they_meet(song: Path, clip: Clip, tmp_path: Path) -> None:
    loud = clip(
        "loud.mkv",
        *("-f", "lavfi", "-i", "color=s=64x48:r=25:d=2"),
        *("-f", "lavfi", "-i", "aevalsrc=0.9*sin(2*PI*1000*t):s=48000:d=2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"),
    )
    wish = asked(fm.ReplaceAudio, audio=str(song), mix=True)

    heard = samples(fm.run(loud, wish, output=tmp_path / "out.mkv").path)

    assert max(map(abs, heard)) < 32_767


@corpus.needs_corpus
@pytest.mark.parametrize("mix", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "hevc-hlg-editlist.mp4",
        "opencast-vfr-av.mov",
        "mkv-cover-attachment-51.mkv",
        "bear-vp9-odd-dimensions.webm",
        "edge/video_with_failing_audio.mp4",
        "shaka-negative-start.ts",
    ],
)
def test_awkward_files_keep_their_picture(
    name: str, mix: bool, song: Path, programs: Programs, tmp_path: Path
) -> None:
    source = corpus.file(name)

    result = fm.run(source, fm.ReplaceAudio(audio=str(song), mix=mix), output=tmp_path)

    before, after = frame_hashes(programs, source), frame_hashes(programs, result.path)
    # An edit list may hide the last frame of the source.
    assert after[: len(before)] == before
    assert len(after) <= len(before) + 1
    assert fm.probe(result.path).main_audio is not None
