"""One upload's hidden folder on the local disk: what it is for, receipts of parts, and their bytes.

A part has a file of its own, or stands in `whole`, a file with holes, at the
place that it will have in the end. A receipt says which; it is replaced in
one step, so a part that is sent again is the old one until it is the new one.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Final
from uuid import uuid4

from framemill.errors import UploadNotFound
from framemill.storage.blobs import Part
from framemill.storage.disk import UPLOADS, Disk, Staged
from framemill.storage.folders import FILE, told

WHOLE: Final = "whole"
_ABOUT: Final = "about"
_STRIDE: Final = "stride"
_PART = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_FARTHEST = 1 << 43  # bytes: file systems end at 16 TiB
_MOST = 1 << 16  # bytes of what is read at once: these files are small


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a part that arrived is: in `file` from byte `start`."""

    bytes: int
    etag: str
    file: str
    start: int = 0

    def part(self, number: int) -> Part:
        """As others see it."""
        return Part(number=number, bytes=self.bytes, etag=self.etag)


class UploadFolder:
    """The folder of one upload. Everything raises UploadNotFound where it is gone."""

    def __init__(self, disk: Disk, upload: str) -> None:
        self._disk = disk
        self._upload = upload
        self.path = (UPLOADS, upload)

    def begin(self, about: Mapping[str, str]) -> None:
        """Make it."""
        with self._disk.staged() as staged:
            staged.write(json.dumps(about).encode())
            self._disk.place(staged, (*self.path, _ABOUT), create=True)

    def about(self) -> dict[str, str]:
        """What the upload is for. It exists for as long as this does."""
        about: dict[str, str] = json.loads(self._read(_ABOUT))
        return about

    def receipts(self) -> dict[int, Receipt]:
        """The parts that are here, by number."""
        with self.opened() as chain:
            names = os.listdir(chain[-1])  # noqa: PTH208 - a descriptor, not a path
        found = {
            int(name): Receipt(**json.loads(self._read(name))) for name in names if _PART.fullmatch(name)
        }
        if WHOLE not in names and any(receipt.file == WHOLE for receipt in found.values()):
            self.remove()  # whoever completed it died just after the file had its name
            raise UploadNotFound(self._upload)
        return dict(sorted(found.items()))

    def sign(self, number: int, receipt: Receipt) -> Part:
        """Say for good that a part is here; the file of the one before goes."""
        before = None
        with suppress(UploadNotFound):
            before = Receipt(**json.loads(self._read(str(number))))
        with self._disk.staged() as staged:
            staged.write(json.dumps(asdict(receipt)).encode())
            self.place(staged, str(number))
        if before is not None and before.file not in {WHOLE, receipt.file}:
            with suppress(UploadNotFound), self.opened() as chain:
                os.unlink(before.file, dir_fd=chain[-1])
        return receipt.part(number)

    def place(self, staged: Staged, name: str) -> None:
        """Give a new file its name in the folder."""
        try:
            self._disk.place(staged, (*self.path, name), create=False)
        except FileNotFoundError as error:
            raise UploadNotFound(self._upload) from error

    def expect(self, stride: int) -> None:
        """Note how far apart the beginnings of parts are likely to be; the first who says so is heard."""
        self._new(_STRIDE, f"{stride}\n".encode())

    @contextmanager
    def slot(self, number: int) -> Iterator[tuple[Staged, int, int] | None]:
        """The place of a part in the whole, its start and its length, for the block; None: take a file.

        Only the first who asks gets it, so what stands there is never written over.
        """
        stride = self._stride()
        start = (number - 1) * (stride or 0)
        if stride is None or start + stride > _FARTHEST:
            yield None
            return
        with self.whole(fcntl.LOCK_SH, create=True) as fd:
            if fd is None or not self._new(f"{number}.taken"):
                yield None
                return
            with told():
                os.lseek(fd, start, os.SEEK_SET)
            self._disk.check_room()
            yield Staged(WHOLE, fd, self._disk.check_room), start, stride

    @contextmanager
    def whole(self, lock: int, *, create: bool = False) -> Iterator[int | None]:
        """The whole, locked; None where it is not there, or others have it just now."""
        fd = self._locked(lock, os.O_CREAT if create else 0)
        try:
            yield fd
        finally:
            if fd is not None:
                os.close(fd)

    @contextmanager
    def file(self, name: str) -> Iterator[int]:
        """A descriptor of one of its files; FileNotFoundError where that is not there."""
        with told(missing=True), self._disk.folder(self.path) as chain:
            fd = os.open(name, FILE, dir_fd=chain[-1])
        try:
            yield fd
        finally:
            os.close(fd)

    def age_mark(self) -> int:
        """When something last came or went, in nanoseconds."""
        with self.opened() as chain:
            return os.fstat(chain[-1]).st_mtime_ns

    def remove(self) -> None:
        """End the upload. Its description goes first: from then on it has ended, whatever happens to us."""
        with told(), suppress(FileNotFoundError), self._disk.folder(self.path) as chain:
            for name in sorted(os.listdir(chain[-1]), key=lambda name: name != _ABOUT):  # noqa: PTH208 - the same
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=chain[-1])
            with suppress(OSError):  # a part that arrived meanwhile is swept
                os.rmdir(self._upload, dir_fd=chain[-2])

    @contextmanager
    def opened(self) -> Iterator[list[int]]:
        """Descriptors of the folders that lead to it, and its own at the end."""
        with told(missing=True):
            try:
                with self._disk.folder(self.path) as chain:
                    yield chain
            except FileNotFoundError as error:
                raise UploadNotFound(self._upload) from error

    def _locked(self, lock: int, create: int) -> int | None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | create
        with suppress(UploadNotFound), self.opened() as chain:
            fd = os.open(WHOLE, flags, 0o640, dir_fd=chain[-1])
            try:
                fcntl.flock(fd, lock | fcntl.LOCK_NB)
                # It may have become the file that was uploaded between the two.
                now = os.stat(WHOLE, dir_fd=chain[-1], follow_symlinks=False)
                if os.path.samestat(os.fstat(fd), now):
                    return fd
            except BlockingIOError:
                pass
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
        return None

    def _stride(self) -> int | None:
        try:
            said = self._read(_STRIDE)
        except UploadNotFound:
            return None
        # Without its end it is just being said.
        return int(said) if said.endswith(b"\n") else None

    def _new(self, name: str, content: bytes = b"") -> bool:
        """Make a file; False where it is there already."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with self.opened() as chain:
            try:
                fd = os.open(name, flags, 0o640, dir_fd=chain[-1])
            except FileExistsError:
                return False
            try:
                os.write(fd, content)
            finally:
                os.close(fd)
        return True

    def _read(self, name: str) -> bytes:
        with self.opened() as chain:
            fd = os.open(name, FILE, dir_fd=chain[-1])
            try:
                return os.read(fd, _MOST)
            finally:
                os.close(fd)


def new_name() -> str:
    """For a file, an upload or an etag."""
    return uuid4().hex
