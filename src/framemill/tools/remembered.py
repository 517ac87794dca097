"""Answers kept in files, so that programs and devices are not asked again until one of them changes."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

from framemill.errors import ToolMissing


def mark_of(program: Path) -> tuple[str, int, int]:
    """Changes whenever the program does; ToolMissing where there is none."""
    try:
        found = program.stat()
    except OSError as error:
        raise ToolMissing(program.name, looked_in=(str(program.parent),)) from error
    return (str(program.resolve()), found.st_size, found.st_mtime_ns)


def load(file: Path) -> object:
    """The JSON that was saved; None where it is absent or damaged."""
    try:
        found: object = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def save(file: Path, data: object) -> None:
    """Written beside and renamed, so that no other process sees half; a full disk costs only time."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(handle, "w") as opened:
                json.dump(data, opened)
            Path(temporary).replace(file)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
