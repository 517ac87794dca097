"""What jobs made and later ones may use again: found by key, bounded, and never taken unless it is whole.

An entry is named by its key and holds one file that is named by its SHA-256.
What a key stands for is the planner's to say. Entries belong to a scope, such
as a video, and one scope never sees another's.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from uuid_utils import uuid7

from framemill.errors import BlobNotFound
from framemill.storage.blobs import Blob, BlobStore

PREFIX: Final = "kept"
_PIECE = 1 << 20
_PART = ".part"
_ABANDONED = timedelta(days=1)  # a part that nobody finishes any more
Check = Callable[[], None]  # called often; raises where the work must end


class Kept(Protocol):
    """Files by scope and key. Any number of processes may do anything at once."""

    def among(self, scope: str, keys: Iterable[str]) -> frozenset[str]:
        """Those of `keys` that are there; StorageUnavailable."""

    def take(self, scope: str, key: str, target: Path, *, check: Check) -> bool:
        """Copy an entry to `target`, which is not there yet; False where there is none.

        One whose bytes are not what was kept counts as none, and is removed.
        Raises OSError, StorageUnavailable.
        """

    def keep(
        self, scope: str, key: str, file: Path, *, check: Check, stored: tuple[str, str] | None = None
    ) -> None:
        """Keep `file`; where the key is there already, that one stays.

        `stored`: where the store has the same bytes, and their SHA-256, if it
        does. Raises OSError, StorageUnavailable.
        """

    def forget(self, scope: str, keys: Iterable[str] | None = None) -> None:
        """Remove entries, or all of the scope; those that are not there are not missed."""

    def scopes(self) -> frozenset[str]:
        """Which there are."""

    def tidy(self) -> int:
        """Remove what is too old, and what is too much, the longest unused first; returns how many."""


class KeptFiles:
    """In a folder of this machine: hard links to what was made, where one file system has both."""

    def __init__(self, folder: Path, *, limit: int, age: timedelta) -> None:
        self._folder = folder
        self._limit = limit  # bytes in all
        self._age = age  # since its last use

    def among(self, scope: str, keys: Iterable[str]) -> frozenset[str]:
        """As Kept says."""
        return frozenset(key for key in keys if (self._folder / scope / key).is_dir())

    def take(self, scope: str, key: str, target: Path, *, check: Check) -> bool:
        """As Kept says."""
        place = self._folder / scope / key
        try:
            (file,) = place.iterdir()
            with file.open("rb") as source:
                found = _written(target, _pieces(source.read), check)
        except (FileNotFoundError, ValueError):
            return False
        if found == file.name:
            with suppress(FileNotFoundError):
                os.utime(place)
            return True
        target.unlink()
        shutil.rmtree(place, ignore_errors=True)
        return False

    def keep(
        self,
        scope: str,
        key: str,
        file: Path,
        *,
        check: Check,
        stored: tuple[str, str] | None = None,  # noqa: ARG002 - as Kept's
    ) -> None:
        """As Kept says."""
        place, size = self._folder / scope / key, file.stat().st_size
        if place.exists() or size > self._limit:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._removed(self._folder, room_for=size)
        fresh = place.with_name(f"{key}.{uuid7()}{_PART}")
        fresh.mkdir(parents=True)
        try:
            copy = fresh / "copy"
            try:
                os.link(file, copy)
            except OSError:  # another file system, or one without links
                shutil.copyfile(file, copy)
            with copy.open("rb") as source:
                total = hashlib.sha256()
                for piece in _pieces(source.read):
                    check()
                    total.update(piece)
            copy.rename(fresh / total.hexdigest())
            # Somebody else may have kept the same a moment before.
            with suppress(OSError):
                fresh.rename(place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def forget(self, scope: str, keys: Iterable[str] | None = None) -> None:
        """As Kept says."""
        places = [self._folder / scope] if keys is None else [self._folder / scope / key for key in keys]
        for place in places:
            shutil.rmtree(place, ignore_errors=True)

    def scopes(self) -> frozenset[str]:
        """As Kept says."""
        with suppress(FileNotFoundError):
            return frozenset(path.name for path in self._folder.iterdir())
        return frozenset()

    def tidy(self) -> int:
        """As Kept says."""
        removed = self._removed(self._folder)
        for scope in self.scopes():
            with suppress(OSError):  # it holds something
                (self._folder / scope).rmdir()
        return removed

    def _removed(self, folder: Path, *, room_for: int = 0) -> int:
        now, total, removed = datetime.now(UTC), room_for, 0
        entries: list[tuple[datetime, int, Path]] = []
        for place in folder.glob("*/*"):
            with suppress(FileNotFoundError):
                used = datetime.fromtimestamp(place.stat().st_mtime, UTC)
                entries.append((used, sum(file.stat().st_size for file in place.iterdir()), place))
        for used, size, place in sorted(entries, reverse=True):
            total += size
            if place.name.endswith(_PART):
                over = now - used > _ABANDONED
            else:
                over = now - used > self._age or total > self._limit
            if over:
                total -= size
                shutil.rmtree(place, ignore_errors=True)
                removed += 1
        return removed


class KeptBlobs:
    """In the store, for machines that share no disk. The oldest go first: the store knows no last use."""

    def __init__(self, blobs: BlobStore, *, limit: int, age: timedelta) -> None:
        self._blobs = blobs
        self._limit = limit  # bytes in all
        self._age = age  # since it was made

    def among(self, scope: str, keys: Iterable[str]) -> frozenset[str]:
        """As Kept says."""
        return frozenset(keys) & {_key(blob) for blob in self._blobs.list(f"{PREFIX}/{scope}/")}

    def take(self, scope: str, key: str, target: Path, *, check: Check) -> bool:
        """As Kept says."""
        found = next(iter(self._blobs.list(f"{PREFIX}/{scope}/{key}/")), None)
        if found is None:
            return False
        try:
            digest = _written(target, self._blobs.read(found.key), check)
        except BlobNotFound:
            target.unlink(missing_ok=True)
            return False
        if digest == found.key.rpartition("/")[2]:
            return True
        target.unlink()
        self._blobs.delete([found.key])
        return False

    def keep(
        self, scope: str, key: str, file: Path, *, check: Check, stored: tuple[str, str] | None = None
    ) -> None:
        """As Kept says."""
        prefix = f"{PREFIX}/{scope}/{key}/"
        if file.stat().st_size > self._limit or any(True for _ in self._blobs.list(prefix)):
            return
        if stored is not None:
            check()
            with suppress(BlobNotFound):
                self._blobs.copy(stored[0], prefix + stored[1])
            return
        total = hashlib.sha256()
        with file.open("rb") as source:
            for piece in _pieces(source.read):
                check()
                total.update(piece)
        self._blobs.put(prefix + total.hexdigest(), file)

    def forget(self, scope: str, keys: Iterable[str] | None = None) -> None:
        """As Kept says."""
        prefixes = (
            [f"{PREFIX}/{scope}/{key}/" for key in keys] if keys is not None else [f"{PREFIX}/{scope}/"]
        )
        self._blobs.delete([blob.key for prefix in prefixes for blob in self._blobs.list(prefix)])

    def scopes(self) -> frozenset[str]:
        """As Kept says."""
        return frozenset(blob.key.split("/")[1] for blob in self._blobs.list(f"{PREFIX}/"))

    def tidy(self) -> int:
        """As Kept says."""
        total, over = 0, []
        before = datetime.now(UTC) - self._age
        for blob in sorted(self._blobs.list(f"{PREFIX}/"), key=lambda blob: blob.modified, reverse=True):
            total += blob.bytes
            if blob.modified < before or total > self._limit:
                total -= blob.bytes
                over.append(blob.key)
        self._blobs.delete(over)
        return len(over)


def _key(blob: Blob) -> str:
    return blob.key.split("/")[2]


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(_PIECE):
        yield piece


def _written(target: Path, pieces: Iterable[bytes], check: Check) -> str:
    """The SHA-256 of what `target` holds now."""
    total = hashlib.sha256()
    with target.open("xb") as file:
        for piece in pieces:
            check()
            total.update(piece)
            file.write(piece)
    return total.hexdigest()
