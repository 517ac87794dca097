"""Uploads in parts on the local disk.

As soon as it is known how long a part is, each is written to the place where
it will stand in the end, so that completing moves no bytes. What does not fit
into that picture is copied then: a part that was sent again or is longer than
the others, and everything that is sealed.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from itertools import accumulate, chain, pairwise

from framemill.errors import InvalidUpload, StorageUnavailable, UploadNotFound
from framemill.storage.blobs import MAX_PARTS, MIN_PART, Blob, Part, Unfinished, check_key
from framemill.storage.contents import Contents, Section, blob_of
from framemill.storage.disk import UPLOADS, Disk, Staged
from framemill.storage.folders import told
from framemill.storage.upload_folder import WHOLE, Receipt, UploadFolder, new_name

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
# An id begins with so many digits of its folder's digest, and a folder is so many elements of a key:
# a video's. What is on its way there is found among thousands without opening them.
_GROUP, _DEPTH = 12, 3


class LocalParts:
    """Uploads in parts below a disk's hidden folder."""

    def __init__(self, disk: Disk, contents: Contents) -> None:
        self._disk = disk
        self._contents = contents

    def start(self, key: str) -> str:
        """Begin an upload; returns its id."""
        upload = _group(key) + new_name()[_GROUP:]
        now = datetime.fromtimestamp(self._disk.ago(timedelta()) / 1e9, UTC)
        UploadFolder(self._disk, upload).begin({"key": key, "started": now.isoformat()})
        return upload

    def expect(self, key: str, upload: str, number: int, size: int) -> None:
        """Take note of how long a part is going to be, where that says where others begin."""
        if number == 1 and not self._contents.sealing:
            with suppress(UploadNotFound):
                self._open(key, upload).expect(size)

    def put(self, key: str, upload: str, number: int, source: Iterable[bytes]) -> Part:
        """Store one part, all or nothing."""
        if not 1 <= number <= MAX_PARTS:
            raise InvalidUpload(f"parts are numbered 1 to {MAX_PARTS}, not {number}")
        folder = self._open(key, upload)
        if self._contents.sealing:
            return self._put_file(folder, number, source)
        with folder.slot(number) as slot:
            if slot is not None:
                staged, start, most = slot
                size, rest = _fill(staged, start, most, source)
                if rest is None:
                    with told():
                        os.fsync(staged.fd)
                    return folder.sign(number, Receipt(bytes=size, etag=new_name(), file=WHOLE, start=start))
                source = rest
            return self._put_file(folder, number, source)

    def received(self, key: str, upload: str) -> tuple[Part, ...]:
        """The parts that are here, by number."""
        receipts = self._open(key, upload).receipts()
        return tuple(receipt.part(number) for number, receipt in receipts.items())

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> Blob:
        """Make the parts one file; until that has its name, the upload stays as it is."""
        folder = self._open(key, upload)
        _check(parts, folder.receipts())
        blob = self._filled_up(key, folder, parts) or self._joined(key, folder, parts)
        folder.remove()
        return blob

    def abort(self, key: str, upload: str) -> None:
        """Forget the upload; one that is not there is not missed."""
        with suppress(UploadNotFound):
            self._open(key, upload).remove()

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Open uploads of keys that begin with `prefix`."""
        group = _group(prefix) if prefix.count("/") >= _DEPTH else ""
        for upload in self._ids():
            if not upload.startswith(group):
                continue
            with suppress(UploadNotFound):
                about = UploadFolder(self._disk, upload).about()
                if about["key"].startswith(prefix):
                    started = datetime.fromisoformat(about["started"])
                    yield Unfinished(key=about["key"], upload=upload, started=started)

    def sweep(self, *, older: timedelta) -> int:
        """Remove what is left of uploads that have ended."""
        before, swept = self._disk.ago(older), 0
        for upload in self._ids():
            folder = UploadFolder(self._disk, upload)
            try:
                folder.about()
            except UploadNotFound:
                with suppress(UploadNotFound):
                    if folder.age_mark() < before:  # and not one that is just beginning, or ending
                        folder.remove()
                        swept += 1
        return swept

    def _put_file(self, folder: UploadFolder, number: int, source: Iterable[bytes]) -> Part:
        with self._disk.staged() as staged:
            self._contents.write(staged, source)
            name = new_name()
            folder.place(staged, name)
            size = blob_of(name, staged.fd).bytes
        if number == 1 and size >= MIN_PART and not self._contents.sealing:
            folder.expect(size)
        return folder.sign(number, Receipt(bytes=size, etag=new_name(), file=name))

    def _filled_up(self, key: str, folder: UploadFolder, parts: Sequence[Part]) -> Blob | None:
        """The whole under its key, with what it lacks put in; None where parts lie in other places."""
        if self._contents.sealing:
            return None
        starts = [0, *accumulate(part.bytes for part in parts)]
        # Alone: who is writing into the whole must not go on when it has become the file.
        with folder.whole(fcntl.LOCK_EX) as fd:
            if fd is None:
                return None
            receipts = folder.receipts()
            _check(parts, receipts)
            there = {number: receipt.start for number, receipt in receipts.items() if receipt.file == WHOLE}
            wanted = {part.number: start for part, start in zip(parts, starts, strict=False)}
            if any(wanted.get(number) != start for number, start in there.items()):
                return None
            whole = Staged(WHOLE, fd, self._disk.check_room)
            for part in parts:
                if part.number not in there:
                    with told():
                        os.lseek(fd, wanted[part.number], os.SEEK_SET)
                    self._contents.join(whole, _sections(folder, [part], receipts))
                    _expect(os.lseek(fd, 0, os.SEEK_CUR), wanted[part.number] + part.bytes)
            with told():
                os.ftruncate(fd, starts[-1])
            self._contents.check(whole)
            try:
                self._disk.publish(whole, key, folder=folder.path)
            except FileNotFoundError as error:  # it was aborted meanwhile
                raise UploadNotFound(folder.path[-1]) from error
            return blob_of(key, fd)

    def _joined(self, key: str, folder: UploadFolder, parts: Sequence[Part]) -> Blob:
        """A copy of all parts, one after the other, under its key."""
        receipts = folder.receipts()
        _check(parts, receipts)
        with self._disk.staged() as staged:
            self._contents.join(staged, _sections(folder, parts, receipts))
            _expect(blob_of(key, staged.fd).bytes, sum(part.bytes for part in parts))
            self._disk.publish(staged, key)
            return blob_of(key, staged.fd)

    def _open(self, key: str, upload: str) -> UploadFolder:
        """UploadNotFound where there is no such upload of this key."""
        check_key(key)
        if _ID.fullmatch(upload):
            folder = UploadFolder(self._disk, upload)
            if folder.about()["key"] == key:
                return folder
        raise UploadNotFound(upload)

    def _ids(self) -> list[str]:
        with suppress(FileNotFoundError), told(missing=True), self._disk.folder((UPLOADS,)) as folders:
            return [name for name in os.listdir(folders[-1]) if _ID.fullmatch(name)]  # noqa: PTH208 - a descriptor
        return []


def _group(key: str) -> str:
    folder = "/".join(key.split("/")[:_DEPTH])
    return blake2s(folder.encode()).hexdigest()[:_GROUP]


def _fill(
    staged: Staged, start: int, most: int, source: Iterable[bytes]
) -> tuple[int, Iterator[bytes] | None]:
    """Write a part to its place. Where it is too long for that: all of it again, to be stored elsewhere."""
    size, pieces = 0, iter(source)
    for piece in pieces:
        if size + len(piece) > most:
            return size, chain(_again(staged.fd, start, size), [piece], pieces)
        staged.write(piece)
        size += len(piece)
    return size, None


def _again(fd: int, start: int, size: int) -> Iterator[bytes]:
    return Section(name=WHOLE, fd=fd, start=start, bytes=size).pieces()


def _sections(
    folder: UploadFolder, parts: Iterable[Part], receipts: Mapping[int, Receipt]
) -> Iterator[Section]:
    for part in parts:
        receipt = receipts[part.number]
        name = f"part {part.number}"
        try:
            with folder.file(receipt.file) as fd:
                inside = receipt.file == WHOLE
                yield Section(name=name, fd=fd, start=receipt.start, bytes=part.bytes if inside else None)
        except FileNotFoundError as error:
            folder.receipts()
            raise InvalidUpload(f"{name} was sent again while the upload was completed") from error


def _expect(there: int, wanted: int) -> None:
    if there != wanted:
        raise StorageUnavailable(f"parts of {wanted} bytes became {there}", hint="complete the upload again")


def _check(parts: Sequence[Part], receipts: Mapping[int, Receipt]) -> None:
    if not parts:
        raise InvalidUpload("an upload has at least one part")
    for before, part in pairwise(parts):
        if part.number <= before.number:
            raise InvalidUpload(f"part {part.number} is named after part {before.number}")
        if before.bytes < MIN_PART:
            raise InvalidUpload(f"part {before.number} is smaller than {MIN_PART} bytes")
    for part in parts:
        if part.number not in receipts:
            raise InvalidUpload(f"part {part.number} was not received")
        if receipts[part.number].part(part.number) != part:
            raise InvalidUpload(f"part {part.number} is not the one that was received")
