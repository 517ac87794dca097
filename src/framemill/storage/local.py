"""The BlobStore in a folder: for one machine, or several that share a file system with locks.

How files get their names safely is disk's; uploads in parts are local_parts'.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from framemill.errors import BlobNotFound
from framemill.storage.blobs import Blob, Part, Unfinished, check_key
from framemill.storage.contents import Contents, Section, blob_of
from framemill.storage.disk import Disk
from framemill.storage.doors import Doors
from framemill.storage.local_parts import LocalParts
from framemill.storage.sealing import Keyring, header_of
from framemill.storage.signing import Signer


class LocalStore:
    """Files below a folder. Addresses lead to the API, which reads and writes them here."""

    def __init__(
        self, disk: Disk, *, signer: Signer, public_url: str, keyring: Keyring | None = None
    ) -> None:
        self._disk = disk
        self._contents = Contents(keyring)
        self._parts = LocalParts(disk, self._contents)
        self._doors = Doors(signer, public_url)

    def put(
        self,
        key: str,
        source: Path | Iterable[bytes],
        *,
        content_type: str = "application/octet-stream",  # noqa: ARG002 - the door that serves it knows
    ) -> Blob:
        """Store a file, all or nothing; one of the same key is replaced at once."""
        check_key(key)
        with self._disk.staged() as staged:
            if isinstance(source, Path):
                with source.open("rb", buffering=0) as file:
                    self._contents.write_from(staged, file.fileno())
            else:
                self._contents.write(staged, source)
            self._disk.publish(staged, key)
            return blob_of(key, staged.fd)

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, without, `stop`; of one that is replaced meanwhile, the old ones."""
        with self._disk.opened(key) as fd:
            yield from self._contents.read(key, fd, start=start, stop=stop)

    def stat(self, key: str) -> Blob:
        """What is stored under `key`; BlobNotFound."""
        with self._disk.opened(key) as fd:
            return blob_of(key, fd)

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything whose key begins with `prefix`, in the order of keys."""
        for key, fd in self._disk.walk(prefix):
            yield blob_of(key, fd)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, and the folders that they leave empty."""
        for key in keys:
            self._disk.remove(key)

    def copy(self, source: str, target: str) -> Blob:
        """A second name for the same bytes, which never change; a real copy where the disk has no links."""
        if not self._disk.link(source, target):
            with self._disk.opened(source) as fd, self._disk.staged() as staged:
                self._contents.join(staged, [Section(name=source, fd=fd)])
                self._disk.publish(staged, target)
        return self.stat(target)

    def local_path(self, key: str) -> Path | None:
        """The file itself, to be read and never changed; None where it is sealed, BlobNotFound."""
        with self._disk.opened(key) as fd:
            return None if header_of(fd) else self._disk.root / key

    def get_url(self, key: str, *, lifetime: timedelta, filename: str | None = None) -> str:
        """A URL of the API that reads the file until it expires."""
        return self._doors.reading(key, lifetime=lifetime, filename=filename)

    def start_parts(
        self,
        key: str,
        *,
        content_type: str = "application/octet-stream",  # noqa: ARG002 - the door that serves it knows
    ) -> str:
        """Begin an upload in parts; returns its id."""
        return self._parts.start(check_key(key))

    def part_url(
        self,
        key: str,
        upload: str,
        number: int,
        *,
        bytes: int,  # noqa: A002 - the field's name everywhere
        lifetime: timedelta,
        sha256: str | None = None,
    ) -> str:
        """A URL of the API that takes one part by PUT, of exactly this size."""
        self._parts.expect(key, upload, number, bytes)
        return self._doors.part(key, upload, number, size=bytes, lifetime=lifetime, sha256=sha256)

    def put_part(self, key: str, upload: str, number: int, source: Iterable[bytes]) -> Part:
        """Store one part; UploadNotFound. Sent twice at once, one of the two stays, whole."""
        return self._parts.put(key, upload, number, source)

    def parts(self, key: str, upload: str) -> tuple[Part, ...]:
        """What has been received, by number; UploadNotFound."""
        return self._parts.received(key, upload)

    def complete_parts(self, key: str, upload: str, parts: Sequence[Part]) -> Blob:
        """Make the parts one file; UploadNotFound, InvalidUpload."""
        return self._parts.complete(key, upload, parts)

    def abort_parts(self, key: str, upload: str) -> None:
        """Forget the upload and what it received."""
        self._parts.abort(key, upload)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Uploads in parts below `prefix` that are still open."""
        return self._parts.unfinished(prefix)

    def sweep(self, *, older: timedelta = timedelta(hours=1)) -> int:
        """Remove what processes left that died while they wrote; returns how many files."""
        return self._disk.sweep(older=older) + self._parts.sweep(older=older)

    @property
    def seals(self) -> bool:
        """Whether what is stored now is sealed."""
        return self._contents.sealing

    def outdated(self, prefix: str) -> Iterator[str]:
        """Keys of files that are not sealed as they would be today."""
        for key, fd in self._disk.walk(prefix):
            if self._contents.outdated(fd):
                yield key

    def seal_anew(self, key: str) -> bool:
        """Seal a file with the newest key; False where it is gone or was replaced meanwhile. BlobDamaged."""
        try:
            with self._disk.opened(key) as fd, self._disk.staged() as staged:
                self._contents.join(staged, [Section(name=key, fd=fd)])
                return self._disk.replace(staged, key, fd)
        except BlobNotFound:
            return False
