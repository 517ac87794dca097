"""Real sound files: copied untouched where they fit, encoded in full length where not."""

import hashlib
import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import NoAudioStream
from framemill.tools.programs import Programs
from tests import corpus
from tests.conftest import Clip

pytestmark = pytest.mark.media

CODECS = {
    "mp3": "mp3",
    "aac": "aac",
    "m4a": "aac",
    "wav": "pcm_s16le",
    "opus": "opus",
    "flac": "flac",
    "ogg": "vorbis",
}


@pytest.fixture(scope="session", name="tracks")
def _tracks(clip: Clip) -> Path:
    """Three sound tracks: mono FLAC of 8 kHz, stereo AAC, 5.1 AC-3."""
    return clip(
        "tracks.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=3"),
        *("-f", "lavfi", "-i", "anoisesrc=d=3:r=8000"),
        *("-f", "lavfi", "-i", "anoisesrc=d=3:r=44100"),
        *("-f", "lavfi", "-i", "anoisesrc=d=3:r=48000"),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-c:a:0", "flac", "-ac:a:0", "1", "-c:a:1", "aac", "-ac:a:1", "2", "-c:a:2", "ac3", "-ac:a:2", "6"),
        *("-disposition:a:1", "default", "-disposition:a:0", "0"),
    )


@pytest.mark.parametrize("ending", CODECS)
def test_every_format_holds_every_track_in_full_length(ending: str, tracks: Path, tmp_path: Path) -> None:
    result = fm.run(tracks, fm.ExtractAudio(format=ending, track="all"), output=tmp_path)

    media = [fm.probe(artifact.path) for artifact in result.artifacts]
    assert [a.path.name for a in result.artifacts] == [f"tracks-track{n}.{ending}" for n in (1, 2, 3)]
    assert {m.audio[0].codec for m in media} == {CODECS[ending]}
    assert [m.audio[0].channels for m in media] == [1, 2, 2 if ending == "mp3" else 6]
    assert all(abs(m.duration_us - 3_000_000) < 300_000 for m in media)


def test_a_copied_track_is_the_same_to_the_last_packet(
    tracks: Path, programs: Programs, tmp_path: Path
) -> None:
    result = fm.run(tracks, fm.ExtractAudio(), output=tmp_path / "sound.m4a")

    assert packets(programs, result.path, "0:a:0") == packets(programs, tracks, "0:a:1")
    assert result.notes == ("extract_audio: #2 audio (aac) copied",)


def packets(programs: Programs, path: Path, stream: str) -> str:
    argv = (
        *(str(programs.ffmpeg), "-v", "error", "-i", str(path), "-map", stream),
        *("-c", "copy", "-f", "data", "-"),
    )
    found = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout
    return hashlib.sha256(found).hexdigest()


def test_rates_and_channels_can_be_asked_for(tracks: Path, tmp_path: Path) -> None:
    spec = fm.ExtractAudio(track=3, sample_rate=16_000, channels=1, bitrate="48k")

    result = fm.run(tracks, spec, output=tmp_path / "speech.mp3")

    (track,) = fm.probe(result.path).audio
    assert (track.codec, track.sample_rate, track.channels, track.bit_rate) == ("mp3", 16_000, 1, 48_000)


def test_silent_films_are_refused(clip: Clip, tmp_path: Path) -> None:
    silent = clip("silent.mp4", "-f", "lavfi", "-i", "testsrc2=d=1", "-pix_fmt", "yuv420p")

    with pytest.raises(NoAudioStream):
        fm.run(silent, fm.ExtractAudio(), output=tmp_path / "a.mp3")

    assert list(tmp_path.iterdir()) == []


@corpus.needs_corpus
@pytest.mark.parametrize("ending", ["mp3", "m4a"])
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in corpus.readable_files()
        if any(s["type"] == "audio" for s in corpus.manifest()[name]["facts"]["streams"])
    ],
)
def test_every_sound_of_the_corpus_comes_out(name: str, ending: str, tmp_path: Path) -> None:
    result = fm.run(corpus.file(name), fm.ExtractAudio(), output=tmp_path / f"a.{ending}")

    assert fm.probe(result.path).main_video is None
