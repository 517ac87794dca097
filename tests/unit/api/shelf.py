"""One file in a store that can be watched: what was read of it, and whether it was closed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import cast

from framemill.errors import BlobNotFound
from framemill.storage.blobs import Blob, BlobStore

WRITTEN = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)


@dataclass
class Shelf:
    """Reads `content`, in small pieces; as a plain file too where `plain` names one."""

    content: bytes
    plain: Path | None = None
    piece: int = 7
    opened: int = 0
    closed: int = 0
    given: int = 0
    on_disk: bytes | None = None
    missing: set[str] = field(default_factory=set)

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        self._check(key)
        self.opened += 1
        try:
            place, end = start, len(self.content) if stop is None else stop
            while place < end:
                piece = self.content[place : min(place + self.piece, end)]
                if not piece:
                    return
                place += len(piece)
                self.given += len(piece)
                yield piece
        finally:
            self.closed += 1

    def stat(self, key: str) -> Blob:
        self._check(key)
        return Blob(key=key, bytes=len(self.content), etag=sha256(self.content).hexdigest(), modified=WRITTEN)

    def local_path(self, key: str) -> Path | None:
        self._check(key)
        if self.plain is not None and self.on_disk is not self.content:
            self.plain.write_bytes(self.content)
            self.on_disk = self.content
        return self.plain

    def as_store(self) -> BlobStore:
        """Itself, for those who only read."""
        return cast(BlobStore, self)

    def _check(self, key: str) -> None:
        if key in self.missing:
            raise BlobNotFound(key)
