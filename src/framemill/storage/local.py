"""The BlobStore in a folder: for one machine, or several that share a file system with locks.

How files get their names safely is disk's; uploads in parts are local_parts'.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from framemill.storage.blobs import Blob, Part, Unfinished, check_key
from framemill.storage.contents import PIECE, append, blob_of
from framemill.storage.disk import Disk, told
from framemill.storage.local_parts import LocalParts
from framemill.storage.signing import Grant, Signer

FILES: Final = "files"  # scopes of signatures, and the doors of the API that take them
PARTS: Final = "parts"


class LocalStore:
    """Files below a folder. Addresses lead to the API, which reads and writes them here."""

    def __init__(self, disk: Disk, *, signer: Signer, public_url: str) -> None:
        self._disk = disk
        self._parts = LocalParts(disk)
        self._signer = signer
        self._public_url = public_url.rstrip("/")

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
                    append(staged, file.fileno())
            else:
                for piece in source:
                    staged.write(piece)
            self._disk.publish(staged, key)
            return blob_of(key, staged.fd)

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, without, `stop`; of one that is replaced meanwhile, the old ones."""
        with self._disk.opened(key) as fd:
            at = start
            while stop is None or at < stop:
                with told():
                    piece = os.pread(fd, PIECE if stop is None else min(PIECE, stop - at), at)
                if not piece:
                    return
                yield piece
                at += len(piece)

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
                append(staged, fd)
                self._disk.publish(staged, target)
        return self.stat(target)

    def local_path(self, key: str) -> Path | None:
        """The file itself, to be read and never changed; BlobNotFound."""
        with self._disk.opened(key):
            return self._disk.root / key

    def get_url(self, key: str, *, lifetime: timedelta, filename: str | None = None) -> str:
        """A URL of the API that reads the file until it expires."""
        return self._url(
            Grant(
                scope=FILES,
                method="GET",
                key=check_key(key),
                expires=self._signer.after(lifetime),
                filename=filename or "",
            )
        )

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
        return self._url(
            Grant(
                scope=PARTS,
                method="PUT",
                key=check_key(key),
                expires=self._signer.after(lifetime),
                upload=upload,
                part=number,
                bytes=bytes,
                sha256=sha256 or "",
            )
        )

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

    def _url(self, grant: Grant) -> str:
        query = urlencode(self._signer.query(grant))
        return f"{self._public_url}/storage/{grant.scope}/{quote(grant.key)}?{query}"
