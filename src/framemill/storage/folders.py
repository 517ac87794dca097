"""Folders of a disk as descriptors: each is opened from the one above, so that no link inside leads out.

And what the system says about them, in our words.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from framemill.errors import BlobNotFound, DiskFull, InvalidSpec, StorageUnavailable
from framemill.storage.blobs import check_key

FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_IN_THE_WAY = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.EEXIST})
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_TRIES = 100  # a folder that others keep emptying under us


@contextmanager
def entered(root: Path, path: Sequence[str], *, create: bool = False) -> Iterator[list[int]]:
    """Descriptors of the root and of each folder of `path`; FileNotFoundError, NotADirectoryError."""
    chain: list[int] = []
    try:
        chain.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for name in path:
            chain.append(_enter(chain[-1], name, create=create))
        yield chain
    finally:
        for fd in chain:
            os.close(fd)


@contextmanager
def told(*, missing: bool = False) -> Iterator[None]:
    """What the system says about a disk, in our words; `missing` lets FileNotFoundError pass."""
    try:
        yield
    except OSError as error:
        if missing and isinstance(error, FileNotFoundError):
            raise
        if error.errno in _NO_ROOM:
            raise DiskFull(hint="free some space where files are stored") from error
        if error.errno in _IN_THE_WAY:
            raise InvalidSpec("the key leads through another file, or names a folder") from error
        raise StorageUnavailable(
            f"files cannot be stored or read: {error.strerror or error}", hint="look at FRAMEMILL_STORAGE_DIR"
        ) from error


@contextmanager
def absent(key: str) -> Iterator[None]:
    """BlobNotFound where the system finds nothing, or a link in the way; otherwise as `told`."""
    with told():
        try:
            yield
        except OSError as error:
            if error.errno in _ABSENT:
                raise BlobNotFound(key) from error
            raise


def _enter(folder: int, name: str, *, create: bool) -> int:
    for attempt in range(_TRIES):
        try:
            return os.open(name, FOLDER, dir_fd=folder)
        except FileNotFoundError:
            if not create or attempt == _TRIES - 1:
                raise
        with suppress(FileExistsError):
            os.mkdir(name, 0o750, dir_fd=folder)
            os.fsync(folder)
    raise FileNotFoundError(name)


def files_below(folder: int, base: str, prefix: str) -> Iterator[tuple[str, int]]:
    """Keys below an open folder whose key is `base`, in their order, each with a descriptor."""
    for name in _ordered(folder):
        key = f"{base}{name}"
        if not key.startswith(prefix):
            continue
        try:
            fd = os.open(name.removesuffix("/"), FOLDER if name.endswith("/") else FILE, dir_fd=folder)
        except OSError as error:
            if error.errno in _ABSENT:
                continue  # removed meanwhile
            raise
        try:
            if name.endswith("/"):
                yield from files_below(fd, key, prefix)
            else:
                yield key, fd
        finally:
            os.close(fd)


def _ordered(folder: int) -> list[str]:
    """Names in the order of the keys below them: `a-b` before `a/`. Links and what is no key are left out."""
    names = []
    with os.scandir(folder) as found:
        for entry in found:
            try:
                check_key(entry.name)
            except InvalidSpec:
                continue
            if entry.is_dir(follow_symlinks=False):
                names.append(f"{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                names.append(entry.name)
    return sorted(names)
