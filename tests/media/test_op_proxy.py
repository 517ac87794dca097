"""Real proxies: small, slow, light, and true to the source's length."""

from pathlib import Path

import pytest

import framemill as fm
from tests.conftest import Clip

pytestmark = pytest.mark.media


def test_a_proxy_is_what_an_editor_expects(clip: Clip, tmp_path: Path) -> None:
    source = clip(
        "surround.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30000/1001:d=3"),
        *("-f", "lavfi", "-i", "anoisesrc=d=3:r=48000", "-ac", "6", "-c:a", "ac3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    )

    result = fm.run(source, fm.Proxy(preset="ultrafast"), output=tmp_path / "p.mp4")

    media = fm.probe(result.path)
    video = media.main_video
    assert video is not None
    assert (video.codec, video.width, video.height, str(video.frame_rate)) == (
        *("h264", 854, 480),
        "10",
    )
    assert [(a.codec, a.channels) for a in media.audio] == [("aac", 2)]
    assert abs(media.duration_us - 3_000_000) <= 200_000
    # The index stands before the pictures: players need not fetch all of it first.
    data = result.path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
