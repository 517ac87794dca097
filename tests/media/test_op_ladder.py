"""Renditions of real encodes: aligned keyframes, every frame, right sizes."""

import json
import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.tools.programs import find_programs
from tests.conftest import Clip

pytestmark = pytest.mark.media


def test_keyframes_are_at_the_same_instants_in_every_rendition(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "busy.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30000/1001:duration=7"),
        # A hard cut every 0.7 s: an encoder left alone would put keyframes there.
        *("-vf", "hue=h='360*mod(floor(t/0.7)*0.37,1)'", "-c:v", "libx264", "-preset", "ultrafast"),
    )

    fm.run(source, fm.Ladder(qualities=("720p", "360p", "240p"), preset="veryfast"), output=tmp_path)

    found = {path.name: _keyframes_ms(path) for path in sorted(tmp_path.glob("*.mp4"))}
    assert set(found) == {"720p.mp4", "360p.mp4", "240p.mp4"}
    assert {tuple(times) for times in found.values()} == {(0, 2002, 4004, 6006)}


def test_a_variable_rate_keeps_each_frame_and_its_time(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "vfr.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=6"),
        *("-vf", "select='not(mod(n,3))+gt(mod(t,2),1)',setpts=PTS", "-fps_mode", "vfr"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-video_track_timescale", "90000"),
    )

    fm.run(source, fm.Ladder(qualities=("360p", "240p"), preset="ultrafast"), output=tmp_path)

    wanted = _times_ms(source)
    for path in sorted(tmp_path.glob("*.mp4")):
        times = _times_ms(path)
        assert len(times) == len(wanted)
        assert max(abs(a - b) for a, b in zip(times, wanted, strict=True)) <= 1


def test_an_odd_sized_source_gets_even_renditions_of_its_shape(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "odd.mkv",
        *("-f", "lavfi", "-i", "testsrc2=size=641x361:rate=10:duration=1"),
        *("-c:v", "ffv1", "-pix_fmt", "yuv444p"),
    )

    fm.run(source, fm.Ladder(qualities=("360p", "240p"), preset="ultrafast"), output=tmp_path)

    sizes = [_size(tmp_path / name) for name in ("360p.mp4", "240p.mp4")]
    assert sizes == [(640, 360), (426, 240)]


def _size(path: Path) -> tuple[int, int]:
    video = fm.probe(path).main_video
    assert video is not None
    return video.width, video.height


def _keyframes_ms(path: Path) -> list[int]:
    return [round(float(p["pts_time"]) * 1000) for p in _packets(path) if p["flags"].startswith("K")]


def _times_ms(path: Path) -> list[int]:
    return sorted(round(float(p["pts_time"]) * 1000) for p in _packets(path))


def _packets(path: Path) -> list[dict[str, str]]:
    argv = [str(find_programs().ffprobe), "-v", "error", "-select_streams", "v:0", "-of", "json"]
    done = subprocess.run(
        [*argv, "-show_entries", "packet=pts_time,flags", str(path)], check=True, capture_output=True
    )
    found: list[dict[str, str]] = json.loads(done.stdout)["packets"]
    return found
