"""What is in a file of the local store: its bytes, and what tells one content from another."""

import errno
import os
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Final

from framemill.storage.blobs import Blob
from framemill.storage.disk import Staged, told

PIECE: Final = 1 << 20
_AT_ONCE = 64 << 20
# Not on this file system, not between these two, not in this kernel, not in this container.
_NOT_HERE = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF, errno.ETXTBSY}
)


def blob_of(key: str, fd: int) -> Blob:
    """The open file under `key`."""
    found = os.fstat(fd)
    return Blob(
        key=key,
        bytes=found.st_size,
        etag=etag_of(fd),
        modified=datetime.fromtimestamp(found.st_mtime_ns / 1e9, UTC),
    )


def etag_of(fd: int) -> str:
    """Changes whenever the content does: every write makes a new file with a time of its own."""
    found = os.fstat(fd)
    identity = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
    return blake2s(identity.encode(), digest_size=16).hexdigest()


def append(staged: Staged, fd: int) -> None:
    """Append a whole open file; its bytes stay in the kernel where that can be, shared where the disk can."""
    size, at = os.fstat(fd).st_size, 0
    with told():
        while at < size and (count := _moved(fd, staged.fd, at)):
            staged.made(count)
            at += count
    while True:
        with told():
            piece = os.pread(fd, PIECE, at)
        if not piece:
            return
        staged.write(piece)
        at += len(piece)


def _moved(source: int, target: int, at: int) -> int:
    """Bytes that the kernel copied from `at`; 0 where it has to be done by hand."""
    if not hasattr(os, "copy_file_range"):
        return 0
    try:
        return os.copy_file_range(source, target, _AT_ONCE, offset_src=at)
    except OSError as error:
        if error.errno in _NOT_HERE:
            return 0
        raise
