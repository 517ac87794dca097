"""Copies of stored files on this machine, for programs to read: fetched once, bounded, never half a file.

Any number of processes share one folder. Who reads a copy holds a lock on it,
and only what nobody holds is removed, the longest unused first.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from framemill.errors import InputUnreadable
from framemill.storage.blobs import BlobStore

_PIECE = 1 << 20
_PART, _LOCK = ".part", ".lock"


class Cache:
    """Copies below `folder`, of at most `limit` bytes in all but for those in use."""

    def __init__(self, blobs: BlobStore, folder: Path, *, limit: int) -> None:
        self._blobs = blobs
        self._folder = folder
        self._limit = limit

    @contextmanager
    def held(
        self,
        key: str,
        *,
        bytes: int,  # noqa: A002 - the field's name everywhere
        sha256: str | None,
        check: Callable[[], None],
        wait: Callable[[], object],
    ) -> Iterator[Path]:
        """A copy of `key` that stays until the block ends; one that is being fetched is waited for.

        An interrupted fetch is taken up where it was. `check` is called often
        and may raise to end it, `wait` passes a moment. Raises InputUnreadable
        where the store holds other bytes than these, BlobNotFound,
        StorageUnavailable, OSError for a full disk.
        """
        name = hashlib.sha256(f"{key}\0{bytes}\0{sha256 or ''}".encode()).hexdigest()[:40]
        copy, lock = self._folder / name, self._folder / f"{name}{_LOCK}"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            with lock.open("ab") as file:
                if _taken(file, lock, fcntl.LOCK_SH) and _is_whole(copy, bytes):
                    os.utime(copy)
                    yield copy
                    return
            with lock.open("ab") as file:
                if not _taken(file, lock, fcntl.LOCK_EX):
                    check()
                    wait()
                elif not _is_whole(copy, bytes):
                    self._make_room(bytes, beside=name)
                    self._fetch(key, copy, size=bytes, sha256=sha256, check=check)

    def _fetch(
        self, key: str, copy: Path, *, size: int, sha256: str | None, check: Callable[[], None]
    ) -> None:
        part = copy.with_name(copy.name + _PART)
        resumed = part.exists()
        total = hashlib.sha256()
        with part.open("a+b") as file:
            file.seek(0)
            while piece := file.read(_PIECE):
                check()
                total.update(piece)
            if (start := file.tell()) < size:
                for piece in self._blobs.read(key, start=start):
                    check()
                    total.update(piece)
                    file.write(piece)
            found = file.tell()
        if found == size and sha256 in {None, total.hexdigest()}:
            part.replace(copy)
            return
        part.unlink()
        if not resumed:
            name = key.rpartition("/")[2]
            raise InputUnreadable(name, "the store holds other bytes than were stored under its key")
        # Perhaps only what a dead process had left here was bad.
        self._fetch(key, copy, size=size, sha256=sha256, check=check)

    def _make_room(self, wanted: int, *, beside: str) -> None:
        """Remove what nobody uses until `wanted` bytes more are within the limit, or nothing is left."""
        groups: dict[str, list[tuple[float, int]]] = {}
        for entry in os.scandir(self._folder):
            with suppress(FileNotFoundError):
                facts = entry.stat()
                groups.setdefault(entry.name.partition(".")[0], []).append((facts.st_mtime, facts.st_size))
        sizes = {name: sum(size for _, size in found) for name, found in groups.items()}
        total = sum(sizes.values()) - sizes.get(beside, 0)
        for name in sorted(groups, key=lambda name: max(at for at, _ in groups[name])):
            if total + wanted <= self._limit:
                return
            if name != beside and self._removed(name):
                total -= sizes[name]

    def _removed(self, name: str) -> bool:
        """Remove a copy and what belongs to it; False where somebody uses it."""
        lock = self._folder / f"{name}{_LOCK}"
        with lock.open("ab") as file:
            if not _taken(file, lock, fcntl.LOCK_EX):
                return False
            for ending in ("", _PART, _LOCK):
                (self._folder / f"{name}{ending}").unlink(missing_ok=True)
        return True


def _taken(file: IO[bytes], path: Path, kind: int) -> bool:
    """True where the lock is ours now, and is still what everyone finds under its name."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    with suppress(FileNotFoundError):
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    return False


def _is_whole(copy: Path, size: int) -> bool:
    with suppress(FileNotFoundError):
        return copy.stat().st_size == size
    return False
