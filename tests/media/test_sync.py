"""Sound and picture stay together through renditions and packages: flashes and beeps coincide."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import framemill as fm
from framemill.tools.programs import find_programs
from tests.media.pulses import make_pulses, pulse_gaps_ms

pytestmark = pytest.mark.media

_QUICK = {"qualities": ["360p", "240p"], "ladder.preset": "ultrafast", "preview.preset": "ultrafast"}
_FRAME_MS = 34

# Name of the clip, its rate, and further options of the ffmpeg that makes it.
_SOURCES: dict[str, tuple[str, str, Sequence[str]]] = {
    "plain": ("plain.mp4", "30", ()),
    "ntsc": ("ntsc.mkv", "30000/1001", ()),
    "pal": ("pal.mov", "25", ()),
    "late transport stream": ("late.ts", "30", ("-output_ts_offset", "7.3")),
    "b-frames": ("b.mp4", "30", ("-preset", "fast", "-bf", "3")),
    "surround": ("surround.mkv", "30", ("-ac", "6")),
    "mono mp3": ("mono.mkv", "30", ("-c:a", "libmp3lame", "-ac", "1")),
}


@pytest.mark.parametrize("source", _SOURCES)
def test_publish_keeps_sound_and_picture_together(source: str, tmp_path: Path) -> None:
    name, rate, extra = _SOURCES[source]
    clip = make_pulses(tmp_path / name, rate=rate, extra=extra)

    fm.run(clip, "publish", output=tmp_path / "out", params=_QUICK)

    assert _worst(clip) <= _FRAME_MS
    for made in ("360p.mp4", "240p.mp4", "hls/master.m3u8"):
        assert _worst(tmp_path / "out" / made) <= _FRAME_MS, made


def test_a_picture_that_starts_late_stays_in_sync(tmp_path: Path) -> None:
    clip = make_pulses(tmp_path / "clip.mp4")
    late = _late_picture(clip, tmp_path / "late.mp4")

    fm.run(late, "publish", output=tmp_path / "out", params=_QUICK)

    for made in ("360p.mp4", "hls/master.m3u8"):
        gaps = pulse_gaps_ms(tmp_path / "out" / made)
        # Flashes are a fifth of a second after the beeps in the source, and must stay so.
        assert all(abs(gap + 200) <= _FRAME_MS for gap in gaps), made


def _late_picture(clip: Path, target: Path) -> Path:
    head = [str(find_programs().ffmpeg), "-nostdin", "-v", "error", "-y"]
    inputs = ["-itsoffset", "0.2", "-i", str(clip), "-i", str(clip)]
    subprocess.run([*head, *inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(target)], check=True)
    return target


def _worst(path: Path) -> int:
    gaps = pulse_gaps_ms(path)
    assert len(gaps) >= 10
    return max(abs(gap) for gap in gaps)
