"""Real compression: the stated size is kept and used, the stated quality is smaller."""

from pathlib import Path

import pytest

import framemill as fm
from framemill.errors import NotSupported
from tests.conftest import Clip

pytestmark = pytest.mark.media


@pytest.fixture(scope="session", name="large")
def _large(clip: Clip) -> Path:
    """Ten busy seconds at a generous rate: about 6 MB."""
    return clip(
        "large.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=10,noise=alls=12:allf=t"),
        *("-f", "lavfi", "-i", "anoisesrc=d=10:r=48000:a=0.2", "-c:a", "aac", "-b:a", "192k", "-ac", "2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-qp", "26", "-pix_fmt", "yuv420p"),
    )


@pytest.mark.parametrize(("codec", "speed"), [("h264", "veryfast"), ("hevc", "ultrafast"), ("av1", "10")])
def test_a_target_size_is_kept_and_nearly_used(codec: str, speed: str, large: Path, tmp_path: Path) -> None:
    spec = fm.Compress(target_size="1M", codec=codec, speed=speed)

    result = fm.run(large, spec, output=tmp_path / "small.mp4")

    size = result.path.stat().st_size
    assert 850_000 < size <= 1_000_000
    media = fm.probe(result.path)
    assert media.main_video is not None
    assert media.main_video.codec == codec
    assert [a.channels for a in media.audio] == [2]


def test_an_impossible_size_is_refused_and_leaves_nothing(large: Path, tmp_path: Path) -> None:
    with pytest.raises(NotSupported, match="allow at least"):
        fm.run(large, fm.Compress(target_size="10k"), output=tmp_path / "small.mp4")

    assert list(tmp_path.iterdir()) == []


def test_presets_differ_in_size(large: Path, tmp_path: Path) -> None:
    sizes = [
        fm.run(large, fm.Compress(preset=preset, speed="ultrafast"), output=tmp_path / f"{preset}.mp4")
        .path.stat()
        .st_size
        for preset in ("low", "medium", "high")
    ]

    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


def test_a_file_that_is_small_enough_is_copied(large: Path, tmp_path: Path) -> None:
    result = fm.run(large, fm.Compress(target_size="100M"), output=tmp_path / "same.mp4")

    assert abs(result.path.stat().st_size - large.stat().st_size) < 20_000
