"""Uploads in parts on the local disk: a hidden folder each, a file for every part, one file in the end.

An upload exists for as long as the file that describes it does; what is left
of one without is swept.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import uuid4

from framemill.errors import InvalidUpload, UploadNotFound
from framemill.storage.blobs import MAX_PARTS, MIN_PART, Blob, Part, Unfinished, check_key
from framemill.storage.contents import Contents, blob_of
from framemill.storage.disk import UPLOADS, Disk
from framemill.storage.folders import FILE, told

_ABOUT: Final = "about"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PART = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)


class LocalParts:
    """Uploads in parts below a disk's hidden folder."""

    def __init__(self, disk: Disk, contents: Contents) -> None:
        self._disk = disk
        self._contents = contents

    def start(self, key: str) -> str:
        """Begin an upload; returns its id."""
        upload = uuid4().hex
        now = datetime.fromtimestamp(self._disk.ago(timedelta()) / 1e9, UTC)
        about = {"key": key, "started": now.isoformat()}
        with self._disk.staged() as staged:
            staged.write(json.dumps(about).encode())
            self._disk.place(staged, (UPLOADS, upload, _ABOUT), create=True)
        return upload

    def put(self, key: str, upload: str, number: int, source: Iterable[bytes]) -> Part:
        """Store one part, all or nothing."""
        if not 1 <= number <= MAX_PARTS:
            raise InvalidUpload(f"parts are numbered 1 to {MAX_PARTS}, not {number}")
        self._about(key, upload)
        with self._disk.staged() as staged:
            self._contents.write(staged, source)
            try:
                self._disk.place(staged, (UPLOADS, upload, str(number)), create=False)
            except FileNotFoundError as error:
                raise UploadNotFound(upload) from error
            return _part(number, staged.fd)

    def received(self, key: str, upload: str) -> tuple[Part, ...]:
        """The parts that are here, by number."""
        self._about(key, upload)
        found = []
        with _ended(upload), self._disk.folder((UPLOADS, upload)) as chain:
            for name in os.listdir(chain[-1]):  # noqa: PTH208 - a descriptor, not a path
                if _PART.fullmatch(name):
                    fd = os.open(name, FILE, dir_fd=chain[-1])
                    try:
                        found.append(_part(int(name), fd))
                    finally:
                        os.close(fd)
        return tuple(sorted(found, key=lambda part: part.number))

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> Blob:
        """Make the parts one file; until that has its name, the upload stays as it is."""
        received = {part.number: part for part in self.received(key, upload)}
        _check(parts, received)
        with self._disk.staged() as staged:
            self._contents.join(staged, self._files(upload, parts))
            self._disk.publish(staged, key)
            blob = blob_of(key, staged.fd)
        self.abort(key, upload)
        return blob

    def abort(self, key: str, upload: str) -> None:
        """Forget the upload; one that is not there is not missed."""
        with suppress(UploadNotFound):
            self._about(key, upload)
            self._remove(upload)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Open uploads of keys that begin with `prefix`."""
        for upload in self._ids():
            with suppress(UploadNotFound):
                about = self._read(upload)
                if about["key"].startswith(prefix):
                    started = datetime.fromisoformat(about["started"])
                    yield Unfinished(key=about["key"], upload=upload, started=started)

    def sweep(self, *, older: timedelta) -> int:
        """Remove what is left of uploads that have ended."""
        before, swept = self._disk.ago(older), 0
        for upload in self._ids():
            try:
                self._read(upload)
            except UploadNotFound:
                with suppress(UploadNotFound), _ended(upload), self._disk.folder((UPLOADS, upload)) as chain:
                    if os.fstat(chain[-1]).st_mtime_ns >= before:
                        continue  # one that is just beginning, or ending
                    self._remove(upload)
                    swept += 1
        return swept

    def _files(self, upload: str, parts: Iterable[Part]) -> Iterator[tuple[str, int]]:
        for part in parts:
            with _ended(upload), self._disk.folder((UPLOADS, upload)) as chain:
                fd = os.open(str(part.number), FILE, dir_fd=chain[-1])
            try:
                if _part(part.number, fd) != part:
                    raise InvalidUpload(f"part {part.number} was sent again while the upload was completed")
                yield f"part {part.number}", fd
            finally:
                os.close(fd)

    def _about(self, key: str, upload: str) -> None:
        """UploadNotFound where there is no such upload of this key."""
        check_key(key)
        if not _ID.fullmatch(upload) or self._read(upload)["key"] != key:
            raise UploadNotFound(upload)

    def _read(self, upload: str) -> dict[str, str]:
        with _ended(upload), self._disk.folder((UPLOADS, upload)) as chain:
            fd = os.open(_ABOUT, FILE, dir_fd=chain[-1])
            try:
                about: dict[str, str] = json.loads(os.read(fd, 1 << 16))
            finally:
                os.close(fd)
        return about

    def _ids(self) -> list[str]:
        with suppress(FileNotFoundError), told(missing=True), self._disk.folder((UPLOADS,)) as chain:
            return [name for name in os.listdir(chain[-1]) if _ID.fullmatch(name)]  # noqa: PTH208 - the same
        return []

    def _remove(self, upload: str) -> None:
        """The description goes first: from then on the upload has ended, whatever happens to us."""
        with told(), suppress(FileNotFoundError), self._disk.folder((UPLOADS, upload)) as chain:
            for name in sorted(os.listdir(chain[-1]), key=lambda name: name != _ABOUT):  # noqa: PTH208 - the same
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=chain[-1])
            with suppress(OSError):  # a part that arrived meanwhile is swept
                os.rmdir(upload, dir_fd=chain[-2])


def _check(parts: Sequence[Part], received: Mapping[int, Part]) -> None:
    if not parts:
        raise InvalidUpload("an upload has at least one part")
    for before, part in pairwise(parts):
        if part.number <= before.number:
            raise InvalidUpload(f"part {part.number} is named after part {before.number}")
        if before.bytes < MIN_PART:
            raise InvalidUpload(f"part {before.number} is smaller than {MIN_PART} bytes")
    for part in parts:
        if part.number not in received:
            raise InvalidUpload(f"part {part.number} was not received")
        if received[part.number] != part:
            raise InvalidUpload(f"part {part.number} is not the one that was received")


def _part(number: int, fd: int) -> Part:
    found = blob_of(str(number), fd)
    return Part(number=number, bytes=found.bytes, etag=found.etag)


@contextmanager
def _ended(upload: str) -> Iterator[None]:
    with told(missing=True):
        try:
            yield
        except FileNotFoundError as error:
            raise UploadNotFound(upload) from error
