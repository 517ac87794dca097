import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from framemill.tools.capabilities import read_capabilities
from framemill.tools.programs import Programs

pytestmark = pytest.mark.media


def test_the_bundled_programs_can_do_what_framemill_needs(programs: Programs) -> None:
    found = read_capabilities(programs)

    assert {"libx264", "libx265", "libsvtav1", "aac", "libopus", "mov_text"} <= found.encoders
    assert {"h264", "hevc", "libdav1d", "vp9"} <= found.decoders
    assert {"scale", "zscale", "tonemap", "libvmaf", "loudnorm", "subtitles", "xfade"} <= found.filters
    assert {"mp4", "matroska", "hls", "dash", "null"} <= found.muxers
    assert {"mov", "matroska", "lavfi"} <= found.demuxers


def test_what_was_read_once_is_read_from_the_cache(programs: Programs, tmp_path: Path) -> None:
    ffmpeg, asked = tmp_path / "ffmpeg", tmp_path / "asked"
    ffmpeg.write_text(
        f'#!/bin/sh\necho >>{shlex.quote(str(asked))}\nexec {shlex.quote(str(programs.ffmpeg))} "$@"\n'
    )
    ffmpeg.chmod(0o755)
    watched = replace(programs, ffmpeg=ffmpeg)

    first = read_capabilities(watched, cache_dir=tmp_path / "cache")
    lines = len(asked.read_text())
    again = read_capabilities(watched, cache_dir=tmp_path / "cache")

    assert again == first
    assert len(asked.read_text()) == lines > 0
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_damaged_cache_is_asked_again(programs: Programs, tmp_path: Path) -> None:
    asked = read_capabilities(programs, cache_dir=tmp_path)
    next(tmp_path.iterdir()).write_text('{"encoders": 3}')

    assert read_capabilities(programs, cache_dir=tmp_path) == asked
