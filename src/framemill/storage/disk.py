"""A folder of whole files by key: written beside and renamed, opened without following links, in order.

What is in the files, the store knows.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from stat import S_ISREG
from typing import Final
from uuid import uuid4

from framemill.errors import BlobNotFound, DiskFull
from framemill.storage.blobs import check_key
from framemill.storage.folders import FILE, FOLDER, absent, entered, files_below, told

# Keys never begin with a dot, so these are outside of what they can name.
INCOMING: Final = ".incoming"
UPLOADS: Final = ".uploads"
_LOOKS = 64 << 20  # bytes between two looks at the free space
_TRIES = 100  # a folder that others keep emptying under us


@dataclass(slots=True)
class Staged:
    """A file on its way in, locked while its writer lives. Nobody sees it before it is published."""

    name: str
    fd: int
    room: Callable[[], None]
    unchecked: int = 0

    def write(self, piece: bytes | memoryview) -> None:
        """Append `piece`; DiskFull."""
        with told():
            self.made(len(piece))
            view = memoryview(piece)
            while view:
                view = view[os.write(self.fd, view) :]

    def made(self, count: int) -> None:
        """Count bytes that were written past `write`; DiskFull."""
        self.unchecked += count
        if self.unchecked >= _LOOKS:
            self.room()
            self.unchecked = 0


class Disk:
    """Files below `root`, which is made when the first is stored; `floor` bytes of its disk stay free."""

    def __init__(self, root: Path, *, floor: int = 0, clock: Callable[[], int] = time.time_ns) -> None:
        self.root = root
        self._floor = floor
        self._clock = clock  # nanoseconds

    def check_room(self) -> None:
        """DiskFull where less is free than has to stay."""
        with told():
            found = os.statvfs(self.root)
        if found.f_bavail * found.f_frsize < self._floor:
            raise DiskFull(
                f"less than {self._floor >> 20} MiB are free where files are stored",
                hint="free some space, or lower FRAMEMILL_STORAGE_FLOOR",
            )

    @contextmanager
    def opened(self, key: str) -> Iterator[int]:
        """A descriptor of the file under `key`; BlobNotFound."""
        *folders, name = check_key(key).split("/")
        with absent(key), self.folder(folders) as chain:
            fd = os.open(name, FILE, dir_fd=chain[-1])
        try:
            if not S_ISREG(os.fstat(fd).st_mode):
                raise BlobNotFound(key)
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def staged(self) -> Iterator[Staged]:
        """A new file to be written and published; what is not published is gone afterwards."""
        with told():
            self.root.mkdir(parents=True, exist_ok=True)
            self.check_room()
            name, fd = uuid4().hex, -1
            with self.folder([INCOMING], create=True) as chain:
                fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640, dir_fd=chain[-1])
        try:
            with told():
                fcntl.flock(fd, fcntl.LOCK_EX)
            yield Staged(name, fd, self.check_room)
        finally:
            with suppress(OSError), self.folder([INCOMING]) as chain:
                os.unlink(name, dir_fd=chain[-1])
            os.close(fd)

    def publish(self, staged: Staged, key: str, *, folder: Sequence[str] = (INCOMING,)) -> None:
        """Make what was staged in `folder` the file under `key`, safely on the disk."""
        self._place(staged, check_key(key).split("/"), create=True, source=folder)

    def replace(self, staged: Staged, key: str, fd: int) -> bool:
        """Publish the same content in another form; False where `key` is no longer the open file `fd`."""
        *folders, name = check_key(key).split("/")
        before = os.fstat(fd)
        with told():
            os.utime(staged.fd, ns=(before.st_atime_ns, before.st_mtime_ns))
            os.fsync(staged.fd)
        with absent(key), self.folder([INCOMING]) as source, self.folder(folders) as chain:
            # Whoever gives or takes a name holds the root's lock with others; here it is ours alone.
            fcntl.flock(chain[0], fcntl.LOCK_EX)
            if not os.path.samestat(os.stat(name, dir_fd=chain[-1], follow_symlinks=False), before):
                return False
            os.rename(staged.name, name, src_dir_fd=source[-1], dst_dir_fd=chain[-1])
            os.fsync(chain[-1])
        return True

    def place(self, staged: Staged, path: Sequence[str], *, create: bool) -> None:
        """Give what was staged its name for good; FileNotFoundError where its folder is gone."""
        self._place(staged, path, create=create, source=(INCOMING,))

    def _place(self, staged: Staged, path: Sequence[str], *, create: bool, source: Sequence[str]) -> None:
        *folders, name = path
        with told():
            # To the nanosecond, or two contents of one size could look the same.
            at = self._clock()
            os.utime(staged.fd, ns=(at, at))
            os.fsync(staged.fd)
        self._rename(staged.name, name, source, folders, create=create)

    def _rename(
        self, old: str, new: str, source: Sequence[str], folders: Sequence[str], *, create: bool
    ) -> None:
        for attempt in range(_TRIES):
            with told(missing=True), self.folder(source) as origin:
                try:
                    with self.folder(folders, create=create) as chain:
                        fcntl.flock(chain[0], fcntl.LOCK_SH)
                        os.rename(old, new, src_dir_fd=origin[-1], dst_dir_fd=chain[-1])
                        os.fsync(chain[-1])
                        return
                except FileNotFoundError:
                    # Somebody removed the last other file of the folder, and the folder with it.
                    if not create or attempt == _TRIES - 1:
                        raise

    def link(self, source: str, target: str) -> bool:
        """Give the file `source` a second key; False where this disk knows no such thing, BlobNotFound."""
        *origin, old = check_key(source).split("/")
        *folders, name = check_key(target).split("/")
        spare = uuid4().hex
        with self.opened(source) as fd:
            with told(), self.folder([INCOMING], create=True):
                # The new name is as old as the file, and would be swept while nobody holds it.
                fcntl.flock(fd, fcntl.LOCK_SH)
            with absent(source), self.folder(origin) as chain, self.folder([INCOMING]) as staging:
                try:
                    os.link(old, spare, src_dir_fd=chain[-1], dst_dir_fd=staging[-1], follow_symlinks=False)
                except FileNotFoundError:
                    raise
                except OSError:
                    return False
            try:
                with told():
                    self._rename(spare, name, (INCOMING,), folders, create=True)
            finally:
                # Renaming one link onto another of the same file does nothing, and leaves both.
                with told(), self.folder([INCOMING]) as staging, suppress(FileNotFoundError):
                    os.unlink(spare, dir_fd=staging[-1])
        return True

    def remove(self, key: str) -> None:
        """Remove the file under `key` and the folders that it leaves empty; nothing where there is none."""
        *folders, name = check_key(key).split("/")
        with told(), suppress(FileNotFoundError, NotADirectoryError), self.folder(folders) as chain:
            fcntl.flock(chain[0], fcntl.LOCK_SH)
            try:
                os.unlink(name, dir_fd=chain[-1])
            except (IsADirectoryError, PermissionError):
                with suppress(NotADirectoryError):
                    os.close(os.open(name, FOLDER, dir_fd=chain[-1]))
                    return  # a folder, so there is no such file
                raise
            for folder, parent in zip(reversed(folders), reversed(chain[:-1]), strict=True):
                try:
                    os.rmdir(folder, dir_fd=parent)
                except OSError:
                    return  # others are in it, or it went already

    def walk(self, prefix: str) -> Iterator[tuple[str, int]]:
        """The keys that begin with `prefix` in their order, each with a descriptor that is soon closed."""
        if prefix:
            check_key(prefix.removesuffix("/"))
        *folders, _ = prefix.split("/")
        with told(), suppress(FileNotFoundError, NotADirectoryError), self.folder(folders) as chain:
            yield from files_below(chain[-1], "".join(f"{folder}/" for folder in folders), prefix)

    def sweep(self, *, older: timedelta) -> int:
        """Remove what writers left that died; those that live hold a lock. Returns how many."""
        swept = 0
        with told(), suppress(FileNotFoundError), self.folder([INCOMING]) as chain:
            for name in os.listdir(chain[-1]):  # noqa: PTH208 - a descriptor, not a path
                with suppress(FileNotFoundError):
                    swept += _swept(chain[-1], name, before=self.ago(older))
        return swept

    def ago(self, span: timedelta) -> int:
        """The time in nanoseconds, `span` before now."""
        return self._clock() - span // timedelta(microseconds=1) * 1000

    def folder(self, path: Sequence[str], *, create: bool = False) -> AbstractContextManager[list[int]]:
        """Descriptors of the root and of each folder of `path`; FileNotFoundError, NotADirectoryError."""
        return entered(self.root, path, create=create)


def _swept(folder: int, name: str, *, before: int) -> bool:
    fd = os.open(name, FILE, dir_fd=folder)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(fd).st_mtime_ns < before:
            os.unlink(name, dir_fd=folder)
            return True
    except BlockingIOError:
        pass
    finally:
        os.close(fd)
    return False
