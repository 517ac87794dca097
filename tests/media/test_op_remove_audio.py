"""Real files without their sound: the picture is the same, packet by packet."""

import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import CodecNotInContainer
from framemill.tools.programs import Programs
from tests import corpus

pytestmark = pytest.mark.media


def frame_hashes(programs: Programs, path: Path) -> list[str]:
    argv = (
        *(str(programs.ffmpeg), "-v", "error", "-noautorotate", "-i", str(path)),
        *("-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framehash", "-"),
    )
    lines = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout.decode().splitlines()
    return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]


def test_the_picture_stays_and_the_sound_goes(film: Path, programs: Programs, tmp_path: Path) -> None:
    result = fm.run(film, fm.RemoveAudio(), output=tmp_path / "silent.mp4")

    assert fm.probe(result.path).audio == ()
    assert frame_hashes(programs, result.path) == frame_hashes(programs, film)
    assert [d["reason"] for d in result.dropped] == ["removed as asked"]


@corpus.needs_corpus
def test_a_turned_phone_video_stays_turned(tmp_path: Path) -> None:
    source = corpus.file("hevc-hlg-editlist.mp4")

    result = fm.run(source, fm.RemoveAudio(), output=tmp_path / "silent.mp4")

    before, after = fm.probe(source).main_video, fm.probe(result.path).main_video
    assert before is not None
    assert after is not None
    assert (after.rotation, after.color_transfer, after.width) == (before.rotation, "arib-std-b67", 1920)
    # Camera data cannot be copied, and the result says so.
    assert [d["stream"] for d in result.dropped] == [
        "#1 audio (aac)",
        "#2 data (unknown)",
        "#3 data (unknown)",
    ]


@corpus.needs_corpus
@pytest.mark.parametrize("name", [n for n in corpus.readable_files() if "audio-only" not in n])
def test_every_video_of_the_corpus_can_be_silenced(name: str, tmp_path: Path) -> None:
    try:
        result = fm.run(corpus.file(name), fm.RemoveAudio(), output=tmp_path)
    except CodecNotInContainer:
        assert name.endswith(".gif")
        return

    assert fm.probe(result.path).audio == ()
