"""What is in a file of the local store: its bytes as they are or sealed, and what tells contents apart."""

import builtins
import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Final

from framemill.errors import InvalidSettings, InvalidUpload
from framemill.storage.blobs import Blob
from framemill.storage.disk import Staged
from framemill.storage.folders import told
from framemill.storage.sealing import Keyring, header_of

PIECE: Final = 1 << 20
_AT_ONCE = 64 << 20
# Not on this file system, not between these two, not in this kernel, not in this container.
_NOT_HERE = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF, errno.ETXTBSY}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What an open file holds: all of it, or where `bytes` says how many, those as they lie there."""

    name: str  # for errors
    fd: int
    start: int = 0
    bytes: int | None = None

    def pieces(self) -> Iterator[builtins.bytes]:
        """The bytes as they lie there."""
        return _plain(self.fd, self.start, None if self.bytes is None else self.start + self.bytes)


class Contents:
    """Reads and writes what files hold. With keys everything that is written is sealed."""

    def __init__(self, keyring: Keyring | None) -> None:
        self.keyring = keyring

    @property
    def sealing(self) -> bool:
        """Whether what is written now is sealed."""
        return self.keyring is not None

    def write(self, staged: Staged, pieces: Iterable[bytes]) -> None:
        """Fill a new file with `pieces`."""
        if self.keyring is not None:
            self.keyring.seal(staged, pieces)
            return
        for piece in pieces:
            staged.write(piece)
        self.check(staged)

    def write_from(self, staged: Staged, fd: int) -> None:
        """Fill a new file with a foreign one, which is as it is."""
        if self.keyring is None:
            _append(staged, Section(name="", fd=fd))
            self.check(staged)
        else:
            self.write(staged, _plain(fd, 0, None))

    def join(self, staged: Staged, sections: Iterable[Section]) -> None:
        """Go on filling a new file with files of ours and pieces of them, one after the other."""
        if self.keyring is not None:
            self.write(staged, (piece for section in sections for piece in self._pieces(section)))
            return
        for section in sections:
            if section.bytes is not None or header_of(section.fd) is None:
                _append(staged, section)
            else:
                for piece in self._pieces(section):
                    staged.write(piece)
        self.check(staged)

    def check(self, staged: Staged) -> None:
        """Nobody may send what would pass for sealed later, with a length of their own invention."""
        if self.keyring is None and header_of(staged.fd) is not None:
            raise InvalidUpload("no file may begin as sealed ones do")

    def _pieces(self, section: Section) -> Iterator[bytes]:
        return self.read(section.name, section.fd) if section.bytes is None else section.pieces()

    def read(self, key: str, fd: int, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, without, `stop`, in pieces of at most 1 MiB; BlobDamaged."""
        header = header_of(fd)
        if header is None:
            return _plain(fd, start, stop)
        if self.keyring is None:
            raise InvalidSettings(
                f"{key!r} is sealed, and no key is set", hint="set FRAMEMILL_STORAGE_KEYS as it was"
            )
        return self.keyring.open(key, fd, header, start=start, stop=stop)

    def outdated(self, fd: int) -> bool:
        """Whether what is written today would be sealed in another way."""
        header = header_of(fd)
        sealed_with = header.key_id if header else None
        return self.keyring is not None and sealed_with != self.keyring.newest


def blob_of(key: str, fd: int) -> Blob:
    """The open file under `key`, with the size of what can be read from it."""
    found, header = os.fstat(fd), header_of(fd)
    return Blob(
        key=key,
        bytes=header.bytes if header else found.st_size,
        etag=etag_of(found),
        modified=datetime.fromtimestamp(found.st_mtime_ns / 1e9, UTC),
    )


def etag_of(found: os.stat_result) -> str:
    """Changes whenever the content does: every write makes a new file with a time of its own."""
    identity = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
    return blake2s(identity.encode(), digest_size=16).hexdigest()


def _plain(fd: int, start: int, stop: int | None) -> Iterator[bytes]:
    while stop is None or start < stop:
        with told():
            piece = os.pread(fd, PIECE if stop is None else min(PIECE, stop - start), start)
        if not piece:
            return
        yield piece
        start += len(piece)


def _append(staged: Staged, section: Section) -> None:
    """Append a piece of an open file; it stays in the kernel where that can be, shared where the disk can."""
    fd, at = section.fd, section.start
    end = os.fstat(fd).st_size if section.bytes is None else at + section.bytes
    with told():
        while at < end and (count := _moved(fd, staged.fd, at, end - at)):
            staged.made(count)
            at += count
    for piece in _plain(fd, at, end):
        staged.write(piece)


def _moved(source: int, target: int, at: int, most: int) -> int:
    """Bytes that the kernel copied from `at`; 0 where it has to be done by hand."""
    if not hasattr(os, "copy_file_range"):
        return 0
    try:
        return os.copy_file_range(source, target, min(most, _AT_ONCE), offset_src=at)
    except OSError as error:
        if error.errno in _NOT_HERE:
            return 0
        raise
