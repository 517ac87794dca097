"""The port to where files are kept: whole files by key, written at once or in parts.

Which adapter it is, the composition root decides. What a file means, who may
see it and when it goes, the services decide.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from framemill.errors import InvalidSpec

MIN_PART: Final = 5 * 1024 * 1024  # bytes of every part but the last, as S3 demands
MAX_PARTS: Final = 10_000
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}", re.ASCII)
_LONGEST_KEY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One stored file. `etag` changes with its content and has no quotes."""

    key: str
    bytes: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One received part of an upload; numbers begin at 1. `etag` has no quotes."""

    number: int
    bytes: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """An upload in parts that was neither completed nor aborted."""

    key: str
    upload: str
    started: datetime


class BlobStore(Protocol):
    """Files by key, safe to use from many threads.

    Every method raises StorageUnavailable where the store does not answer,
    and DiskFull where it has no room. Keys are checked by `check_key`.
    """

    def put(
        self, key: str, source: Path | Iterable[bytes], *, content_type: str = "application/octet-stream"
    ) -> Blob:
        """Store a file, all or nothing; one of the same key is replaced at once."""

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, without, `stop`, in pieces of at most 1 MiB.

        Closing the iterator lets go of everything. A connection that breaks is
        taken up again where it was. Raises BlobNotFound at the first piece.
        """

    def stat(self, key: str) -> Blob:
        """What is stored under `key`; BlobNotFound."""

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything whose key begins with `prefix`, in the order of keys, as pages arrive."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files; one that is not there is not missed."""

    def copy(self, source: str, target: str) -> Blob:
        """Store the file a second time without moving its bytes through here; BlobNotFound."""

    def local_path(self, key: str) -> Path | None:
        """A file of this machine that holds exactly these bytes, for programs to read and never to change.

        None where there is none: stored elsewhere, or sealed. Raises BlobNotFound.
        """

    def get_url(self, key: str, *, lifetime: timedelta, filename: str | None = None) -> str:
        """A URL that reads the file until it expires; `filename` makes browsers save it under that name."""

    def start_parts(self, key: str, *, content_type: str = "application/octet-stream") -> str:
        """Begin an upload in parts; returns its id."""

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
        """A URL that takes one part by PUT; sent again, a part replaces itself.

        `sha256` in hex makes the store refuse other bytes.
        """

    def put_part(self, key: str, upload: str, number: int, source: Iterable[bytes]) -> Part:
        """Store one part from here; UploadNotFound."""

    def parts(self, key: str, upload: str) -> tuple[Part, ...]:
        """What has been received, by number; UploadNotFound."""

    def complete_parts(self, key: str, upload: str, parts: Sequence[Part]) -> Blob:
        """Make the parts one file, all or nothing.

        Raises UploadNotFound, InvalidUpload where a part is missing, changed or too small.
        """

    def abort_parts(self, key: str, upload: str) -> None:
        """Forget the upload and what it received; one that is not there is not missed."""

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Uploads in parts below `prefix` that are still open, in no order."""


def check_key(key: str) -> str:
    """`key` itself; InvalidSpec where it is not segments of letters, digits and `._-` between single slashes.

    So no key can leave a folder, hide in one, or mean something to a shell or a URL.
    """
    if len(key) > _LONGEST_KEY or not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise InvalidSpec(f"{key[:80]!r} is not a key of the store")
    return key
