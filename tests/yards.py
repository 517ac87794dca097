"""Builders for tests of uploads: a store in a folder, a workspace, files that begin like films, crashes."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from framemill.domain.uploads import Limits
from framemill.services.collections import Collections
from framemill.services.deletion import Remover
from framemill.services.upload_ends import Start, UploadEnds
from framemill.services.upload_records import Announced, UploadRecord
from framemill.services.upload_starts import UploadStarts
from framemill.services.upload_watch import UploadWatch
from framemill.services.uploads import Uploads
from framemill.services.videos import Videos
from framemill.services.workspaces import Workspaces
from framemill.storage.blobs import BlobStore
from framemill.storage.disk import Disk
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.video_tables import Upload, Video
from tests.engines import Clock

PART = 5 << 20  # the least that a store takes for all but the last
TYPES = ("mp4", "mov", "mkv")


def a_film(size: int, *, salt: int = 0) -> bytes:
    """Bytes that begin like an MP4; another `salt` gives others."""
    head = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
    block = hashlib.sha256(str(salt).encode()).digest() * 1024
    return (head + block * (size // len(block) + 1))[:size]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Crash(BaseException):
    """The process is gone at this point."""


@dataclass
class Fuse:
    """Crashes at the n-th step between the service and what it works with; 0: never."""

    at: int = 0
    passed: int = 0

    def step(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Crash


class FusedStore:
    """A store that a process may crash before and after each call of."""

    def __init__(self, store: BlobStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._store, name)

        def call(*args: object, **kwargs: object) -> object:
            self._fuse.step()
            result = real(*args, **kwargs)
            self._fuse.step()
            return result

        return call


class FusedDatabase(Database):
    """A database that a process may crash before and after each commit to."""

    fuse = Fuse()

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Session]:
        with super().write(durable=durable) as session:
            yield session
            self.fuse.step()
        self.fuse.step()


@dataclass
class Yard:
    """A database with a workspace, a store in a folder, and jobs that are only counted."""

    database: Database
    clock: Clock
    folder: Path
    fuse: Fuse = field(default_factory=Fuse)
    jobs: dict[str, list[str | None]] = field(default_factory=dict)  # pipelines asked for, by video
    start: Start | None = None
    max_bytes: int = 64 << 20

    @property
    def store(self) -> LocalStore:
        signer = Signer(["a secret for tests alone"], now=self.clock)
        disk = Disk(self.folder / "store", clock=lambda: int(self.clock.at.timestamp() * 1e9))
        return LocalStore(disk, signer=signer, public_url="http://127.0.0.1:1")

    @property
    def _fused(self) -> tuple[Database, BlobStore]:
        database = FusedDatabase(self.database.engine, clock=self.clock)
        database.fuse = self.fuse
        return database, cast("BlobStore", FusedStore(self.store, self.fuse))

    @property
    def uploads(self) -> Uploads:
        """The service as a process sees it that has just begun."""
        database, store = self._fused
        limits = Limits(max_bytes=self.max_bytes, types=TYPES)
        starts = UploadStarts(
            database, self.collections, limits=limits, part_bytes=PART, expiry=timedelta(hours=6)
        )
        return Uploads(database, store, starts, self._ends(database, store), limits=limits)

    @property
    def watch(self) -> UploadWatch:
        database, store = self._fused
        return UploadWatch(database, store, self._ends(database, store))

    @property
    def videos(self) -> Videos:
        database, store = self._fused
        return Videos(database, self.collections, self._remover(database, store))

    @property
    def workspaces(self) -> Workspaces:
        return Workspaces(self.database, sweep=lambda: None)

    @property
    def collections(self) -> Collections:
        return Collections(self.database, self.workspaces, sweep=lambda: None)

    def sweep(self) -> None:
        """What the janitor does about deletions."""
        self._remover(self.database, self.store).sweep()

    def _ends(self, database: Database, store: BlobStore) -> UploadEnds:
        return UploadEnds(database, store, self._remover(database, store), start=self._started)

    def _remover(self, database: Database, store: BlobStore) -> Remover:
        return Remover(database=database, blobs=lambda: store, cancel=lambda _job: None)

    def _started(self, video: str, *, pipeline: str | None) -> str | None:
        if self.start is not None:
            return self.start(video, pipeline=pipeline)
        self.fuse.step()
        self.jobs.setdefault(video, []).append(pipeline)
        self.fuse.step()
        return new_id()

    def send(self, record: UploadRecord, content: bytes, *, numbers: list[int] | None = None) -> None:
        """Send these parts of `content`, or all that are missing."""
        assert record.id is not None
        for number in record.missing if numbers is None else numbers:
            start = record.cut.start_of(number)
            piece = content[start : start + record.cut.bytes_of(number)]
            self.uploads.put_part(record.id, number, [piece])

    def upload(self, content: bytes, **changes: object) -> UploadRecord:
        """The whole way at once."""
        record = self.uploads.begin(announced(content, **changes))
        if record.id is None:
            return record
        self.send(record, content)
        return self.uploads.complete(record.id)

    def rows(self) -> tuple[list[Video], list[Upload]]:
        with self.database.read() as session:
            return list(session.scalars(select(Video))), list(session.scalars(select(Upload)))

    def stored(self) -> dict[str, bytes]:
        """Every file in the store."""
        return {blob.key: b"".join(self.store.read(blob.key)) for blob in self.store.list("")}

    def nothing_open(self) -> bool:
        return not list(self.store.unfinished(""))


def announced(content: bytes, **changes: Any) -> Announced:  # noqa: ANN401 - fields of Announced
    return Announced(**{"filename": "film.mp4", "bytes": len(content), **changes})
