"""Which files are open for writing, where the system says so: Linux, for what we may look at."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def being_written(paths: Iterable[Path]) -> set[Path]:
    """Those of `paths` that a process of this machine has open for writing; others' may stay unseen."""
    wanted: dict[tuple[int, int], Path] = {}
    for path in paths:
        with suppress(OSError):
            about = path.stat()
            wanted[about.st_dev, about.st_ino] = path
    found: set[Path] = set()
    if not wanted or not _PROC.is_dir():
        return found
    for process in _PROC.iterdir():
        if process.name.isdigit():
            with suppress(OSError):  # it ended, or is somebody else's
                for handle in os.scandir(process / "fd"):
                    with suppress(OSError):
                        about = os.stat(handle.path)  # noqa: PTH116 - of what the link leads to, without a Path each
                        held = wanted.get((about.st_dev, about.st_ino))
                        if held is not None and _writes(process, handle.name):
                            found.add(held)
    return found


def _writes(process: Path, handle: str) -> bool:
    for line in (process / "fdinfo" / handle).read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "flags":
            return bool(int(value, 8) & os.O_ACCMODE)
    return False
