"""A file of an order on its way in: chunk by chunk to the disk, under a name of ours."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from framemill.domain.orders import Taken
from framemill.domain.sniffing import HEAD
from framemill.domain.uploads import empty
from framemill.errors import DiskFull, InvalidUpload, StorageUnavailable


class Receiver:
    """Takes the chunks of one file in their order. For one thread at a time."""

    def __init__(self, path: Path, taken: Taken, *, size: int | None, floor: int) -> None:
        """Makes the file. `floor` bytes of its disk stay free; LimitExceeded, DiskFull, InvalidUpload."""
        if size is not None:
            if size < 1:
                raise empty(taken.filename[:200])
            taken.check_size(size)
        self.path = path
        self.bytes = 0
        self.next_seq = 0
        self.complete = False
        self._taken = taken
        self._size = size
        self._floor = floor
        self._head = b""
        try:
            self._fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise _refused(error) from error
        try:
            self._check_room(size or 0)
        except DiskFull:
            self.close()
            raise

    def take(self, seq: int, payload: bytes | memoryview, *, last: bool) -> None:
        """Append a chunk. InvalidUpload, LimitExceeded and DiskFull end the file."""
        if self.complete:
            raise InvalidUpload("the file was complete already", hint="mark only the last chunk as `last`")
        if seq != self.next_seq:
            raise InvalidUpload(
                f"chunk {seq} came where chunk {self.next_seq} comes",
                hint="count chunks from 0, leave none out",
            )
        total = self.bytes + len(payload)
        self._taken.check_size(total)
        if self._size is not None and (total > self._size or (last and total < self._size)):
            raise InvalidUpload(
                f"the file has {'more' if total > self._size else 'less'} than the {self._size:,} bytes that "
                "were announced",
                hint="announce the size that it has, or none",
            )
        if last and not total:
            raise empty(self._taken.filename[:200])
        self._check_head(payload, last=last)
        self._check_room(len(payload))
        try:
            rest = memoryview(payload)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise _refused(error) from error
        self.bytes, self.next_seq = total, seq + 1
        if last:
            self.complete = True
            self.close()

    def close(self) -> None:
        """Let go of the file; doing so again changes nothing."""
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def _check_head(self, payload: bytes | memoryview, *, last: bool) -> None:
        missing = HEAD - len(self._head)
        if missing > 0:
            self._head += bytes(payload[:missing])
            if last or len(self._head) == HEAD:
                self._taken.check_head(self._head)

    def _check_room(self, size: int) -> None:
        found = os.statvfs(self.path.parent)
        if found.f_bavail * found.f_frsize - size < self._floor:
            raise DiskFull("there is not enough room for the file", hint="try again later, or a smaller file")


def _refused(error: OSError) -> DiskFull | StorageUnavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return DiskFull("there is not enough room for the file", hint="try again later, or a smaller file")
    return StorageUnavailable("the file cannot be written", hint="try again later")
