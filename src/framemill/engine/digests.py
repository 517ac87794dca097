"""Digests of inputs and artifacts.

Up to 64 MiB the whole content: `sha256:`. Above that the size and three
blocks, of a folder the sizes and its small files: `sampled-sha256:`, because
cutting hours of video by copy must not cost more than the copy. A sampled
digest tells two recordings apart; it does not prove that nobody changed a
byte in between.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from framemill.errors import InputNotFound, InputUnreadable

WHOLE_BYTES = 64 << 20
_BLOCK = 1 << 20


def digest(path: Path) -> str:
    """The digest of a file, or of a folder with everything below it.

    InputUnreadable for a device or a pipe, whose reading may never end, and
    for what nobody may read; InputNotFound.
    """
    try:
        return _digest(path)
    except FileNotFoundError as error:
        raise InputNotFound(str(path)) from error
    except PermissionError as error:
        raise InputUnreadable(path.name, "nobody may read it") from error


def _digest(path: Path) -> str:
    if path.is_dir():
        return _of_folder(path)
    if path.exists() and not path.is_file():
        raise InputUnreadable(path.name, "it is not a regular file")
    size = path.stat().st_size
    if size <= WHOLE_BYTES:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    return f"sampled-sha256:{_sampled(path, size).hexdigest()}"


def size_of(path: Path) -> int:
    """Bytes of a file, or of everything below a folder."""
    if path.is_dir():
        return sum(file.stat().st_size for file in files_below(path))
    return path.stat().st_size


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below `folder`, in a stable order."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(place, name)


def _of_folder(folder: Path) -> str:
    files = list(files_below(folder))
    whole = sum(file.stat().st_size for file in files) <= WHOLE_BYTES
    total = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        total.update(f"{file.relative_to(folder).as_posix()}\0{size}\0".encode())
        if whole or size <= _BLOCK // 16:
            total.update(file.read_bytes())
    return f"{'' if whole else 'sampled-'}sha256:{total.hexdigest()}"


def _sampled(path: Path, size: int) -> "hashlib._Hash":
    total = hashlib.sha256(f"{size}\0".encode())
    with path.open("rb") as file:
        for start in (0, (size - _BLOCK) // 2, size - _BLOCK):
            file.seek(start)
            total.update(file.read(_BLOCK))
    return total
