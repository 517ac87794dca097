from pathlib import Path

import pytest

from framemill.domain.capabilities import Capabilities
from framemill.errors import ToolMissing
from framemill.tools.capabilities import parse_list, read_capabilities, version_warnings
from framemill.tools.programs import Programs

ENCODERS = """Encoders:
 V..... = Video
 .....D = Supports direct rendering method 1
 ------
 V....D libx264              libx264 H.264 / AVC (codec h264)
 V..... libsvtav1            SVT-AV1(Scalable Video Technology for AV1) encoder (codec av1)
 A..... aac                  AAC (Advanced Audio Coding)
"""
FILTERS = """Filters:
  T.. = Timeline support
  A = Audio input/output
 ... abench            A->A       Benchmark part of a filtergraph.
 T.. crop              V->V       Crop the input video.
 TS scale             V->V       Scale the input video size.
"""
DEMUXERS = """Demuxers:
 D.. = Demuxing supported
 ..d = Is a device
 ---
 D   matroska,webm   Matroska / WebM
 D d lavfi           Libavfilter virtual input device
 D   mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV
"""


def test_names_are_read_from_ffmpegs_lists() -> None:
    assert parse_list(ENCODERS) == {"libx264", "libsvtav1", "aac"}
    assert parse_list(FILTERS) == {"abench", "crop", "scale"}
    assert parse_list(DEMUXERS) == {"matroska", "webm", "lavfi", "mov", "mp4", "m4a", "3gp", "3g2", "mj2"}


def test_old_versions_are_warned_about_and_new_ones_are_not() -> None:
    old = Capabilities(ffmpeg_version="4.4.2-0ubuntu", ffprobe_version="5.0.1")
    new = Capabilities(ffmpeg_version="9.0.2-17-g2a57", ffprobe_version="8.1.2")

    assert len(version_warnings(old)) == 2
    assert version_warnings(new) == ()


def test_a_program_that_does_not_run_is_missing_and_not_remembered(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg-linux-x86_64-v7.1"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)

    with pytest.raises(ToolMissing, match="does not run") as caught:
        read_capabilities(Programs(ffmpeg=broken, ffprobe=broken), cache_dir=tmp_path / "cache")

    assert caught.value.tool in {"ffmpeg", "ffprobe"}
    assert "FRAMEMILL_FF" in (caught.value.hint or "")
    assert not (tmp_path / "cache").exists()
