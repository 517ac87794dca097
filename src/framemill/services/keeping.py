"""Whether the store holds what rows say, and nothing else: checking, collecting what nobody names, new keys.

Rows are the truth. What a row names is never removed here, whatever it looks like.
"""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, Literal, TypeVar

from framemill.engine.failures import KEEPS_WORK
from framemill.errors import BlobDamaged, BlobNotFound, InvalidSettings, NotSupported
from framemill.storage.blobs import BlobStore
from framemill.storage.local import LocalStore
from framemill.store import named
from framemill.store.database import Database
from framemill.store.tables import Artifact
from framemill.store.video_tables import Video
from framemill.store.workers import audit

Outcome = Literal["whole", "missing", "changed", "damaged"]
_AT_ONCE: Final = 500
_ACTOR: Final = "storage"
_Row = TypeVar("_Row", Video, Artifact)
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file, or one folder of a stream, that was compared with its row."""

    key: str
    bytes: int  # as the row says
    video_id: str
    original: bool  # and not made from one
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A file that no row names, or an upload that nobody waits for."""

    key: str
    bytes: int
    since: datetime
    upload: str | None = None  # the store's name for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """A file that was sealed with the newest key, or could not be."""

    key: str
    outcome: Literal["sealed", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """The use cases around the store as a whole. All of them may be stopped and begun again."""

    database: Database
    blobs: BlobStore
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def verify(self, *, quick: bool = False) -> Iterator[Checked]:
        """Read every file again that a row names and compare it; `quick` compares only sizes."""
        for video in self._rows(named.originals):
            digest = video.sha256 and f"sha256:{video.sha256}"
            yield from self._checked(video, video.id, video.bytes, None if quick else digest)
        for artifact in self._rows(named.made):
            digest = None if quick else artifact.digest
            yield from self._checked(artifact, artifact.video_id or "", artifact.bytes, digest)

    def extras(
        self, *, older: timedelta = timedelta(days=1), remove: bool = False, actor: str = _ACTOR
    ) -> Iterator[Extra]:
        """What no row names and is older than that, which is removed on the way where `remove` says so.

        Results of a job that is not over are left alone. Raises InvalidSettings
        where the database names nothing at all: it is another one.
        """
        before = self.now() - older
        files = size = uploads = 0
        try:
            for several in self._files(before):
                if remove and several:
                    self._check_database()
                    self.blobs.delete([extra.key for extra in several])
                files, size = files + len(several), size + sum(extra.bytes for extra in several)
                yield from several
            for upload in self._uploads(before):
                if remove and upload.upload is not None:
                    self._check_database()
                    self.blobs.abort_parts(upload.key, upload.upload)
                uploads += 1
                yield upload
        finally:
            if remove and (files or uploads):
                self._note(actor, "storage.collected", {"files": files, "bytes": size, "uploads": uploads})

    def sweep(self) -> int:
        """Remove what dead processes left half-written; returns how many files. S3 does so by itself."""
        return self.blobs.sweep() if isinstance(self.blobs, LocalStore) else 0

    def rotate(self, *, actor: str = _ACTOR) -> Generator[Resealed, None, None]:
        """Seal with the newest key what is not; NotSupported, InvalidSettings where there is no key.

        Each file has its old content or its new one; what is stopped half-way goes on with the rest.
        """
        store = self.blobs
        if not isinstance(store, LocalStore):
            raise NotSupported("the store has keys of its own", hint="change them where that store is run")
        if not store.seals:
            raise InvalidSettings(
                "no key is set that files could be sealed with", hint="set FRAMEMILL_STORAGE_KEYS"
            )
        count = 0
        try:
            for key in store.outdated(""):
                try:
                    if store.seal_anew(key):
                        count += 1
                        yield Resealed(key=key, outcome="sealed")
                except BlobDamaged:
                    yield Resealed(key=key, outcome="damaged")
        finally:
            if count:
                self._note(actor, "storage.rotated", {"files": count})

    def _rows(self, page: Callable[..., Sequence[_Row]]) -> Iterator[_Row]:
        after: str | None = None
        while True:
            with self.database.read() as session:
                rows = page(session, after=after, limit=_AT_ONCE)
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1].id

    def _checked(
        self, row: Video | Artifact, video_id: str, size: int, digest: str | None
    ) -> Iterator[Checked]:
        assert row.key is not None
        try:
            outcome: Outcome = "whole" if self._is_whole(row.key, size, digest) else "changed"
        except BlobNotFound:
            outcome = "missing"
        except BlobDamaged:
            outcome = "damaged"
        if outcome != "whole":
            with self.database.read() as session:
                if not named.still_named(session, row):
                    return  # deleted while we looked
        original = isinstance(row, Video)
        yield Checked(key=row.key, bytes=size, video_id=video_id, original=original, outcome=outcome)

    def _is_whole(self, key: str, size: int, digest: str | None) -> bool:
        """Compares size and digest; of a sampled digest, which proves nothing, only the size."""
        if not key.endswith("/"):
            found = self.blobs.stat(key)
            return found.bytes == size and (
                digest is None or not digest.startswith("sha256:") or self._sha256(key) == digest
            )
        total, read, count = hashlib.sha256(), 0, 0
        whole = digest is not None and digest.startswith("tree-sha256:")
        for found in self.blobs.list(key):
            read, count = read + found.bytes, count + 1
            if whole:
                name = found.key.removeprefix(key)
                total.update(f"{name}\0{found.bytes}\0{self._sha256(found.key)}\n".encode())
        if not count:
            raise BlobNotFound(key)
        return read == size and (not whole or f"tree-sha256:{total.hexdigest()}" == digest)

    def _sha256(self, key: str) -> str:
        total = hashlib.sha256()
        for piece in self.blobs.read(key):
            total.update(piece)
        return f"sha256:{total.hexdigest()}"

    def _files(self, before: datetime) -> Iterator[Sequence[Extra]]:
        old = (blob for blob in self.blobs.list("") if blob.modified < before)
        for several in _batches(old):
            with self.database.read() as session:
                gone = set(named.unnamed(session, [blob.key for blob in several], keeps_work=KEEPS_WORK))
            yield [
                Extra(key=blob.key, bytes=blob.bytes, since=blob.modified)
                for blob in several
                if blob.key in gone
            ]

    def _uploads(self, before: datetime) -> Iterator[Extra]:
        old = (upload for upload in self.blobs.unfinished("") if upload.started < before)
        for several in _batches(old):
            with self.database.read() as session:
                begun = [(upload.key, upload.upload) for upload in several]
                wanted = named.awaited(session, begun, keeps_work=KEEPS_WORK)
            for upload in several:
                if upload.upload not in wanted:
                    yield Extra(key=upload.key, bytes=0, since=upload.started, upload=upload.upload)

    def _check_database(self) -> None:
        with self.database.read() as session:
            if not named.names_anything(session):
                raise InvalidSettings(
                    "the database names no file at all, so it may not be the one of this store",
                    hint="look at FRAMEMILL_DATABASE_URL and FRAMEMILL_DATA_DIR",
                )

    def _note(self, actor: str, action: str, data: dict[str, object]) -> None:
        with self.database.write() as session:
            now = self.database.now(session)
            audit(session, at=now, actor=actor, action=action, subject="storage:all", data=data)


def _batches(items: Iterable[_Item]) -> Iterator[Sequence[_Item]]:
    iterator = iter(items)
    while several := list(islice(iterator, _AT_ONCE)):
        yield several
