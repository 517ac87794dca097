"""Plain files that were asked for a moment ago, so that the next range of one is a single opening away.

A player asks for a film in hundreds of ranges. What is remembered counts only
while the very same file lies there: its place on the disk, size and time of
writing are compared at each opening.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from typing import Final

from framemill.errors import StorageUnavailable
from framemill.storage.blobs import Blob, BlobStore

_MOST: Final = 1000
_Identity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    blob: Blob
    path: str
    identity: _Identity


class KnownFiles:
    """What was opened lately of one store."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._known: dict[str, _Known] = {}

    def open(self, key: str) -> tuple[Blob, FileIO | None]:
        """What is stored, and the open file where that is a plain one; BlobNotFound, StorageUnavailable."""
        if (known := self._known.get(key)) is not None:
            with suppress(OSError):
                file = FileIO(known.path)
                if _identity(os.fstat(file.fileno())) == known.identity:
                    return known.blob, file
                file.close()
            self._known.pop(key, None)
        return self._look(key)

    def _look(self, key: str) -> tuple[Blob, FileIO | None]:
        path = self._blobs.local_path(key)
        if path is None:
            return self._blobs.stat(key), None
        try:
            file = FileIO(path)
            identity = _identity(os.fstat(file.fileno()))
            blob = self._blobs.stat(key)
            same = _identity(path.stat()) == identity
        except OSError as error:
            raise StorageUnavailable(f"{key!r} cannot be read: {error.strerror}") from error
        if not same:
            file.close()
            raise StorageUnavailable(f"{key!r} was replaced while it was read", hint="ask again")
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = _Known(blob=blob, path=str(path), identity=identity)
        return blob, file


def _identity(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
