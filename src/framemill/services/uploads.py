"""Uploads: announcing a file, where its parts go, how far it is, giving it up.

The first rows are `services.upload_starts`'s work, what happens when all parts
are there `services.upload_ends`'s, what nobody comes back to
`services.upload_watch`'s. Every call may be served by another process: what is
known of an upload is its row, and its parts in the store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from framemill.domain.media_types import media_type
from framemill.domain.uploads import Cut, Limits, checked_digest, empty, spans
from framemill.domain.videos import UploadState, next_upload_state
from framemill.errors import FramemillError, InvalidSpec, InvalidUpload, UploadNotFound
from framemill.services.upload_ends import HOLD, UploadEnds
from framemill.services.upload_records import Announced, PartUrl, UploadRecord, another_key
from framemill.services.upload_starts import UploadStarts
from framemill.storage.blobs import Blob, BlobStore, Part
from framemill.store.database import Database
from framemill.store.uploads import get_upload
from framemill.store.video_tables import Upload, Video

URLS_AT_ONCE = 100
_MOST_URLS = 1000
_FORM_BYTES = 128 << 10

Sent = tuple[int, str | None]  # the number of a part, and its etag where the sender kept it


class Uploads:
    """The use cases around uploads."""

    def __init__(
        self, database: Database, blobs: BlobStore, starts: UploadStarts, ends: UploadEnds, *, limits: Limits
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._starts = starts
        self._ends = ends
        self._limits = limits

    def begin(self, asked: Announced, *, urls: int = URLS_AT_ONCE) -> UploadRecord:
        """Announce a file; says where its first parts go.

        Content that the collection has already needs no upload: the record's
        `id` is None and `video_id` the one that has it. The same idempotency
        key gives the same upload again. Raises WorkspaceNotFound,
        CollectionNotFound, InvalidUpload, LimitExceeded, QuotaExceeded,
        InvalidSpec and IdempotencyConflict.
        """
        self._limits.check(asked.filename, asked.bytes, kind=asked.kind)
        record = self._starts.announce(asked)
        if record.id is None or record.state is not UploadState.OPEN:
            return record
        wanted = range(1, min(urls, record.part_count) + 1)
        return replace(
            record, urls=self.urls(record.id, wanted), missing=tuple(range(1, record.part_count + 1))
        )

    def urls(
        self, upload_id: str, numbers: Sequence[int], *, sha256: Mapping[int, str] | None = None
    ) -> tuple[PartUrl, ...]:
        """Where these parts go. With `sha256` of a part the store refuses other bytes.

        Raises UploadNotFound where the upload has ended or its time ran out, InvalidSpec.
        """
        if len(numbers) > _MOST_URLS:
            raise InvalidSpec(
                f"{len(numbers)} parts at once are too many", hint=f"ask for {_MOST_URLS} at most"
            )
        row, now = self._opened(upload_id)
        made = _cut(row)
        sums = {number: checked_digest(text) for number, text in (sha256 or {}).items()}
        return tuple(
            PartUrl(
                number=number,
                bytes=made.bytes_of(number),
                url=self._blobs.part_url(
                    row.key,
                    row.store_id,
                    number,
                    bytes=made.bytes_of(number),
                    lifetime=row.expires_at - now,
                    sha256=sums.get(number),
                ),
            )
            for number in numbers
        )

    def show(self, upload_id: str) -> UploadRecord:
        """How it stands, and which parts the store has; UploadNotFound."""
        with self._database.read() as session:
            row = get_upload(session, upload_id)
            record = UploadRecord.of(row, session.get_one(Video, row.video_id))
        if record.state is not UploadState.OPEN:
            return record
        there = self._received(row)
        missing = record.cut.missing((part.number, part.bytes) for part in there)
        return replace(record, received=there, missing=missing)

    def put_part(self, upload_id: str, number: int, source: Iterable[bytes]) -> Part:
        """Store one part from this process, as a PUT to its address does; UploadNotFound, InvalidUpload."""
        row, _ = self._opened(upload_id)
        exact = exactly(source, _cut(row).bytes_of(number))
        return self._blobs.put_part(row.key, row.store_id, number, exact)

    def complete(
        self, upload_id: str, *, parts: Sequence[Sent] = (), sha256: str | None = None
    ) -> UploadRecord:
        """Make one file of the parts, verify it, and start what is to be made of it.

        Asked again it goes on where it was, or says the same again. While
        another process is at it the record says `completing`. Parts that are
        missing can be sent before it is asked again. Raises InvalidUpload
        where what came is not what was announced, UploadNotFound.
        """
        digest = checked_digest(sha256)
        with self._database.read() as session:
            row = get_upload(session, upload_id)
        if row.state == UploadState.OPEN:
            self._check_parts(row, parts)
            self._accept(upload_id, digest)
        self._ends.settle(upload_id)
        return self.show(upload_id)

    def take(self, asked: Announced, pieces: Iterable[bytes]) -> UploadRecord:
        """A whole file in one go: small ones from a form. Nothing is left of one that breaks off."""
        self._limits.check_name(asked.filename)
        # What stands around a file in a form is not the file's.
        self._limits.check_size(asked.filename, asked.bytes - _FORM_BYTES)
        most = max(1, min(asked.bytes, self._limits.max_bytes))
        record = self._starts.announce(replace(asked, bytes=most, at_most=True))
        if record.id is None or record.state is not UploadState.OPEN:
            return record
        with self._database.read() as session:
            key = get_upload(session, record.id).key
        if asked.idempotency_key is not None:
            # The same request may be under way twice: neither writes over what the other stored.
            key = another_key(key)
        try:
            stored = self._blobs.put(key, self._limited(asked.filename, pieces), content_type=_type(key))
            if not stored.bytes:
                raise empty(asked.filename)
        except BaseException:
            with suppress(FramemillError):
                self.abort(record.id)
            raise
        try:
            mine = self._accept(record.id, None, stored=stored)
        except UploadNotFound:
            mine = False
        if not mine:  # it was given up meanwhile, or somebody was as quick with the same request
            self._blobs.delete([key])
        self._ends.settle(record.id)
        return self.show(record.id)

    def abort(self, upload_id: str) -> None:
        """Give it up; nothing of it stays. One that has ended is not touched: UploadNotFound."""
        with self._database.write(durable=True) as session:
            row = get_upload(session, upload_id, lock=True)
            if row.state != UploadState.OPEN:
                raise UploadNotFound(upload_id)
            row.state = next_upload_state(UploadState(row.state), UploadState.ABORTED)
        self._ends.remove(upload_id)

    def _opened(self, upload_id: str) -> tuple[Upload, datetime]:
        """The row of an upload that takes parts, known to the store, and the time."""
        with self._database.read() as session:
            row, now = get_upload(session, upload_id), self._database.now(session)
        if row.state != UploadState.OPEN or row.expires_at <= now:
            raise UploadNotFound(upload_id)
        if row.store_id:
            return row, now
        made = self._blobs.start_parts(row.key, content_type=_type(row.key))
        with self._database.write() as session:
            row = get_upload(session, upload_id, lock=True)
            if mine := row.state == UploadState.OPEN and not row.store_id:
                row.store_id = made
        if not mine:  # another process was as quick
            self._blobs.abort_parts(row.key, made)
            return self._opened(upload_id)
        return row, now

    def _received(self, row: Upload) -> tuple[Part, ...]:
        if not row.store_id:
            return ()
        try:
            return self._blobs.parts(row.key, row.store_id)
        except UploadNotFound:
            # The store forgot it, by a rule of its owner say: its parts have to come again.
            with self._database.write() as session:
                fresh = get_upload(session, row.id, lock=True)
                if fresh.state == UploadState.OPEN and fresh.store_id == row.store_id:
                    fresh.store_id = ""
            return ()

    def _check_parts(self, row: Upload, sent: Sequence[Sent]) -> None:
        """InvalidUpload where not every part is there as it was cut, or one is not the one that was sent."""
        there = self._received(row)
        made = _cut(row)
        again = "ask which parts have arrived, send what is missing, then complete it again"
        if missing := made.missing((part.number, part.bytes) for part in there):
            raise InvalidUpload(
                f"of {made.count} parts these are missing or not as long as announced: {spans(missing)}",
                hint=again,
            )
        etags = {part.number: part.etag for part in there}
        for number, etag in sent:
            made.start_of(number)
            if etag is not None and etag.strip().strip('"') != etags[number]:
                raise InvalidUpload(f"part {number} is another than the one you name", hint=again)

    def _accept(self, upload_id: str, digest: str | None, *, stored: Blob | None = None) -> bool:
        """From here on it is completed, by whoever comes along; False where another was as quick.

        `stored` is what came whole instead of in parts.
        """
        with self._database.write(durable=True) as session:
            row = get_upload(session, upload_id, lock=True)
            if row.state != UploadState.OPEN:
                return False
            if digest and row.sha256 and digest != row.sha256:
                raise InvalidUpload(
                    f"the file was announced with sha256 {row.sha256}, and now it is {digest}",
                    hint="the file changed while it was sent: begin it anew",
                )
            row.sha256 = digest or row.sha256
            if stored is not None:
                row.key, row.bytes = stored.key, stored.bytes
                session.get_one(Video, row.video_id).key = stored.key
            row.state = next_upload_state(UploadState(row.state), UploadState.COMPLETING)
            row.updated_at = self._database.now(session) - HOLD  # nobody is at it yet
            return True

    def _limited(self, filename: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            self._limits.check_size(filename, size)
            yield piece


def exactly(source: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The pieces of `source`; InvalidUpload at its end or before where they are not `size` bytes together."""
    came = 0
    for piece in source:
        came += len(piece)
        if came > size:
            raise InvalidUpload(f"the part is longer than {size} bytes", hint="send it as it was cut")
        yield piece
    if came < size:
        raise InvalidUpload(f"the part broke off at {came} of {size} bytes", hint="send it again")


def _type(key: str) -> str:
    return media_type(key)


def _cut(row: Upload) -> Cut:
    return Cut(bytes=row.bytes, part_bytes=row.part_bytes)
