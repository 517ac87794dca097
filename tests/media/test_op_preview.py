"""Real previews: the right moment, silent, playable anywhere."""

import subprocess
from pathlib import Path

import pytest

import framemill as fm
from framemill.tools.programs import Programs
from tests.conftest import Clip
from tests.media.counted import counted, make_counted, numbers

pytestmark = pytest.mark.media


def test_the_preview_shows_the_wanted_moment(tmp_path: Path) -> None:
    source = make_counted(tmp_path / "source.mp4")

    spec = fm.Preview(start="4s", duration="1s", fps=30, width=1920, crf=10, preset="ultrafast")
    result = fm.run(source, spec, output=tmp_path / "p.mp4")

    assert numbers(result.path) == counted(120, 150)


def test_a_montage_takes_the_middle_of_each_share_of_the_video(tmp_path: Path) -> None:
    source = make_counted(tmp_path / "source.mp4")

    spec = fm.Preview(montage=4, duration="1.6s", fps=10, width=1920, crf=10, preset="ultrafast")
    result = fm.run(source, spec, output=tmp_path / "p.mp4")

    # 300 frames of 30 a second: shares of 2.5 s, in whose middle lie four frames each, 0.1 s apart.
    firsts = [round((2.5 * n + 1.05) * 30) for n in range(4)]
    wanted = [(first + 3 * step) % 100 for first in firsts for step in range(4)]
    found = numbers(result.path)
    assert len(found) == 16
    assert all(abs(a - b) <= 1 for a, b in zip(found, wanted, strict=True)), (found, wanted)
    assert abs(fm.probe(result.path).duration_us - 1_600_000) <= 10_000
    assert fm.probe(result.path).audio == ()


def test_a_montage_of_a_transport_stream_without_early_keyframes(clip: Clip, tmp_path: Path) -> None:
    counted_file = make_counted(tmp_path / "source.mp4")
    stream = clip("late.ts", "-i", str(counted_file), "-c", "copy", "-output_ts_offset", "50")

    spec = fm.Preview(montage=2, duration="1s", fps=30, width=1920, crf=10, preset="ultrafast")
    result = fm.run(stream, spec, output=tmp_path / "p.mp4")

    found = numbers(result.path)
    assert [abs(found[n] - want) <= 2 for n, want in ((0, 67), (15, 17))] == [True, True]
    assert len(found) == 30


def test_it_is_silent_small_and_even(film: Path, tmp_path: Path) -> None:
    result = fm.run(film, fm.Preview(width=98, preset="ultrafast"), output=tmp_path / "p.mp4")

    media = fm.probe(result.path)
    video = media.main_video
    assert video is not None
    assert (video.codec, video.pixel_format, video.width, video.height) == ("h264", "yuv420p", 98, 56)
    assert (media.audio, str(video.frame_rate)) == ((), "15")
    assert abs(media.duration_us - 3_000_000) < 100_000


def test_a_slide_show_gives_the_slide_that_stands(clip: Clip, programs: Programs, tmp_path: Path) -> None:
    slides = clip(
        "slow.mkv",
        *("-f", "lavfi", "-i", "color=c=red:s=320x180:r=1/20:d=60"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    )

    result = fm.run(slides, fm.Preview(start="25s", fps=10), output=tmp_path / "p.mp4")

    assert abs(fm.probe(result.path).duration_us - 3_000_000) <= 200_000
    argv = (str(programs.ffmpeg), "-v", "error", "-i", str(result.path), "-frames:v", "1", "-f", "null", "-")
    assert subprocess.run(argv, check=True, capture_output=True, timeout=30).stderr == b""
