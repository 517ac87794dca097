"""Real sound brought to a loudness, measured again by a run of ebur128 that is not ours."""

import json
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import OutputInvalid
from framemill.tools.programs import Programs
from tests import corpus
from tests.conftest import Clip
from tests.media.heard import loudness, pitch_hz
from tests.media.pulses import make_pulses, pulse_gaps_ms
from tests.media.test_op_remove_audio import frame_hashes
from tests.unit.operations.commands import asked

pytestmark = pytest.mark.media

# Sounds by name: how ffmpeg makes them, and the ending of a file that holds them.
SPEECH = (
    "0.05*sin(2*PI*300*t)*(0.2+0.8*between(mod(t\\,2)\\,0\\,1.2))"
    "+0.4*sin(2*PI*500*t)*between(mod(t\\,3)\\,1\\,1.03)"
)
SOUNDS = {
    "stereo": ("sine=frequency=440:sample_rate=48000:duration=4", ("-ac", "2"), "m4a"),
    "mono": ("sine=frequency=440:sample_rate=22050:duration=4", ("-ac", "1"), "mp3"),
    "quiet": ("aevalsrc=0.01*sin(2*PI*440*t):s=44100:d=4", ("-ac", "2"), "flac"),
    "hot": ("aevalsrc=1.8*sin(2*PI*440*t):s=48000:d=4", ("-ac", "2"), "wav"),
    "speech": (f"aevalsrc={SPEECH}:s=48000:d=8", ("-ac", "1"), "ogg"),
    "surround": ("anoisesrc=a=0.1:r=48000:d=4:seed=1", ("-ac", "6", "-c:a", "flac"), "flac"),
    "short": ("aevalsrc=0.01*sin(2*PI*440*t):s=48000:d=1", ("-ac", "2"), "wav"),
}


@pytest.mark.parametrize("target", [-23, -14])
@pytest.mark.parametrize("kind", SOUNDS)
def test_every_kind_of_sound_comes_within_half_a_unit(
    kind: str, target: int, clip: Clip, tmp_path: Path
) -> None:
    sound, options, ending = SOUNDS[kind]
    source = clip(f"{kind}.{ending}", "-f", "lavfi", "-i", sound, *options)
    before = fm.probe(source).audio[0]

    result = fm.run(source, asked(fm.NormalizeAudio, target=target), output=tmp_path)

    whole, peak = loudness(result.path)
    after = fm.probe(result.path).audio[0]
    assert whole == pytest.approx(target, abs=0.5)
    assert peak <= -1.5 + 0.6
    assert result.path.suffix == source.suffix
    assert (after.codec, after.channels, after.sample_rate) == (
        before.codec,
        before.channels,
        before.sample_rate,
    )
    (note,) = (text for text in result.notes if " was " in text)
    assert f"was {loudness(source)[0]:.1f} LUFS" in note
    assert f"; is {whole:.1f} LUFS" in note


def test_peaks_alone_do_not_cost_the_range(clip: Clip, tmp_path: Path) -> None:
    source = clip("peaks.wav", "-f", "lavfi", "-i", f"aevalsrc={SPEECH}:s=48000:d=8")

    result = fm.run(source, asked(fm.NormalizeAudio, target=-18, report=True), output=tmp_path / "even.wav")

    report = json.loads((tmp_path / "even-loudness.json").read_text())
    (track,) = report["tracks"]
    assert track["how"].startswith("a gain and a limiter")
    assert track["after"]["range"] > track["before"]["range"] - 2
    assert track["after"]["integrated"] == pytest.approx(loudness(result.path)[0], abs=0.05)


def test_a_smaller_range_is_made_where_it_is_asked_for(clip: Clip, tmp_path: Path) -> None:
    waves = "0.3*sin(2*PI*400*t)*(0.25+0.75*between(mod(t\\,12)\\,0\\,6))"
    source = clip("waves.wav", "-f", "lavfi", "-i", f"aevalsrc={waves}:s=48000:d=24")

    result = fm.run(source, asked(fm.NormalizeAudio, range=5, report=True), output=tmp_path / "even.wav")

    (track,) = json.loads((tmp_path / "even-loudness.json").read_text())["tracks"]
    assert track["how"].startswith("gain that follows the sound")
    assert track["after"]["range"] < track["before"]["range"] - 3
    assert loudness(result.path)[0] == pytest.approx(-23, abs=0.5)


def test_silence_is_copied_with_a_warning_and_its_neighbour_is_not(
    film: Path, clip: Clip, programs: Programs, tmp_path: Path
) -> None:
    source = clip(
        "two.mkv",
        *("-i", str(film), "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "4"),
        *("-map", "0", "-map", "1", "-c", "copy", "-c:a:1", "aac"),
    )

    result = fm.run(source, fm.NormalizeAudio(), output=tmp_path / "out.mkv")

    assert loudness(result.path)[0] == pytest.approx(-23, abs=0.5)
    assert loudness(result.path, track=1)[0] == -70
    assert [w for w in result.warnings if "is silent or too short" in w]
    assert frame_hashes(programs, result.path) == frame_hashes(programs, source)
    assert abs(pitch_hz(result.path) - 440) < 1


def test_what_is_there_already_is_copied(film: Path, tmp_path: Path) -> None:
    first = fm.run(film, fm.NormalizeAudio(), output=tmp_path / "one.mp4")

    second = fm.run(first.path, fm.NormalizeAudio(), output=tmp_path / "two.mp4")

    assert any("is there already" in note for note in second.notes)
    assert loudness(second.path) == loudness(first.path)


def test_picture_and_sound_stay_together(tmp_path: Path) -> None:
    pulses = make_pulses(tmp_path / "in.mp4", seconds=4)

    result = fm.run(pulses, asked(fm.NormalizeAudio, target=-20), output=tmp_path / "out.mp4")

    assert max(map(abs, pulse_gaps_ms(result.path))) <= 2


def test_what_cannot_get_there_fails_and_leaves_nothing(clip: Clip, tmp_path: Path) -> None:
    clicks = clip("clicks.wav", "-f", "lavfi", "-i", "aevalsrc=0.9*lt(mod(n\\,24000)\\,2):s=48000:d=4")

    with pytest.raises(OutputInvalid, match="not to -5 LUFS"):
        fm.run(clicks, asked(fm.NormalizeAudio, target=-5, true_peak=-9), output=tmp_path / "out.wav")

    assert list(tmp_path.iterdir()) == []


@corpus.needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "hevc-hlg-editlist.mp4",
        "opencast-vfr-av.mov",
        "opencast-audio-only.mov",
        "mkv-cover-attachment-51.mkv",
        "shaka-negative-start.ts",
        "edge/video_with_failing_audio.mp4",
    ],
)
def test_awkward_files_come_to_their_loudness(name: str, tmp_path: Path) -> None:
    source = corpus.file(name)

    result = fm.run(source, asked(fm.NormalizeAudio, target=-20), output=tmp_path)

    whole, _ = loudness(result.path)
    assert whole == pytest.approx(-20, abs=0.5) or any("is silent" in text for text in result.warnings)
    before, after = fm.probe(source), fm.probe(result.path)
    assert [a.channels for a in after.audio] == [a.channels for a in before.audio]
