"""Room on the disk of an SQLite database that is kept for its last words.

Where a disk fills up, that a job failed has to be written somewhere. A job
whose end found no room would run for ever, in the eyes of whoever asks.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

_BYTES = 1024 * 1024
_FREE = 16 * _BYTES  # below this it would take what somebody else needs more


def keep(file: Path) -> None:
    """Set the room aside for the database in `file`, unless it is, or the disk has little left."""
    place = _place(file)
    with suppress(OSError):
        if place.exists() or shutil.disk_usage(file.parent).free < _FREE:
            return
        with place.open("xb") as reserve:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(reserve.fileno(), 0, _BYTES)
            else:
                reserve.write(bytes(_BYTES))


def spend(file: Path) -> None:
    """Give the room back to the disk."""
    with suppress(OSError):
        _place(file).unlink()


def _place(file: Path) -> Path:
    return file.with_name(f"{file.name}-reserve")
