"""Moving files and folders into the store, out of it and within it, each counted and hashed on its way."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from framemill.domain.media_types import media_type
from framemill.engine.digests import files_below
from framemill.errors import OutputInvalid, StorageUnavailable
from framemill.storage.blobs import BlobStore

_PIECE = 1 << 20
# Files on their way at once: a segment is small, and a far store answers late.
_AT_ONCE = 4
_Item = TypeVar("_Item")
_Done = TypeVar("_Done")
Check = Callable[[], None]  # called often; raises where the work must end


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was moved. A folder's digest is over the names, sizes and digests of its files."""

    bytes: int
    digest: str  # sha256:HEX of a file, tree-sha256:HEX of a folder


def put(blobs: BlobStore, source: Path, key: str, *, check: Check, content_type: str | None = None) -> Moved:
    """Store a file under `key`, or the files of a folder under the prefix `key`, which ends in a slash.

    Without a `content_type` of the file, its ending says it. Raises
    StorageUnavailable where the store has other bytes afterwards.
    """
    if not source.is_dir():
        return _put_file(blobs, source, key, check, content_type)
    names = [path.relative_to(source).as_posix() for path in files_below(source)]
    return _tree(names, lambda name: _put_file(blobs, source / name, key + name, check))


def get(blobs: BlobStore, key: str, target: Path, *, check: Check) -> Moved:
    """Fetch a file, or everything under a prefix as a folder; BlobNotFound."""
    if not key.endswith("/"):
        return _get_file(blobs, key, target, check)
    names = [blob.key.removeprefix(key) for blob in blobs.list(key)]
    return _tree(names, lambda name: _get_file(blobs, key + name, target / name, check))


def copy(blobs: BlobStore, source: str, target: str, *, check: Check) -> int:
    """Store a file, or everything under a prefix, a second time; returns how many bytes that are."""
    if not source.endswith("/"):
        check()
        return blobs.copy(source, target).bytes
    pairs = [(blob.key, target + blob.key.removeprefix(source)) for blob in blobs.list(source)]

    def one(pair: tuple[str, str]) -> int:
        check()
        return blobs.copy(*pair).bytes

    return sum(side_by_side(one, pairs))


def side_by_side(work: Callable[[_Item], _Done], items: Iterable[_Item]) -> list[_Done]:
    """What `work` makes of each item, several at a time; the first failure ends what has not begun."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="transfer") as crew:
        return list(crew.map(work, items))


def remove_prefix(blobs: BlobStore, prefix: str) -> int:
    """Remove everything under a prefix; returns how many files that were."""
    assert prefix.endswith("/")
    keys = [blob.key for blob in blobs.list(prefix)]
    if keys:
        blobs.delete(keys)
    return len(keys)


def _tree(names: Iterable[str], move: Callable[[str], Moved]) -> Moved:
    ordered = sorted(names)
    moved = side_by_side(move, ordered)
    total = hashlib.sha256()
    for name, one in zip(ordered, moved, strict=True):
        total.update(f"{name}\0{one.bytes}\0{one.digest}\n".encode())
    return Moved(bytes=sum(one.bytes for one in moved), digest=f"tree-sha256:{total.hexdigest()}")


def _put_file(blobs: BlobStore, source: Path, key: str, check: Check, kind: str | None = None) -> Moved:
    total, size = hashlib.sha256(), 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        with source.open("rb") as file:
            while piece := file.read(_PIECE):
                check()
                total.update(piece)
                size += len(piece)
                yield piece

    blobs.put(key, pieces(), content_type=kind or media_type(source.name))
    if (found := blobs.stat(key).bytes) != size:
        raise StorageUnavailable(f"the store was given {size} bytes under {key!r} and has {found}")
    return Moved(bytes=size, digest=f"sha256:{total.hexdigest()}")


def _get_file(blobs: BlobStore, key: str, target: Path, check: Check) -> Moved:
    total, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        for piece in blobs.read(key):
            check()
            total.update(piece)
            size += len(piece)
            file.write(piece)
    return Moved(bytes=size, digest=f"sha256:{total.hexdigest()}")


def expect(found: Moved, *, bytes: int, digest: str | None, name: str) -> None:  # noqa: A002 - as everywhere
    """OutputInvalid where what was moved is not what was verified; a sampled digest is not compared."""
    whole = digest is not None and digest.partition(":")[0] == found.digest.partition(":")[0]
    if found.bytes != bytes or (whole and found.digest != digest):
        raise OutputInvalid(f"{name!r} is not what was verified: it was changed on its way")
