"""How uploads end: parts become one file, it is verified and becomes an original, its first job starts.

Each step is written down before the next begins, and each can be repeated: any
process goes on where another died. Bytes go only after it is written why.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from typing import Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.sniffing import HEAD, check_fits
from framemill.domain.uploads import Cut
from framemill.domain.videos import UploadState, VideoState, next_upload_state, next_video_state
from framemill.engine.stored import dump_error, load_error
from framemill.errors import BlobNotFound, FramemillError, InvalidUpload, UploadNotFound
from framemill.services.upload_records import is_double
from framemill.services.upload_rows import same_content
from framemill.storage.blobs import BlobStore
from framemill.store.database import Database
from framemill.store.uploads import get_upload
from framemill.store.video_tables import Upload, Video

HOLD = timedelta(seconds=30)  # whoever completes an upload and says nothing for so long is gone
_SAY_EVERY_S = 10.0
_FRESH = frozenset({VideoState.UPLOADING, VideoState.FAILED})


class Start(Protocol):
    """Starts what is to be made of a new video."""

    def __call__(self, video_id: str, *, pipeline: str | None, idempotency_key: str) -> str | None:
        """The job's id, None where nothing is to be made; with the same key the same job again."""


class UploadEnds:
    """Completing and removing uploads."""

    def __init__(self, database: Database, blobs: BlobStore, *, start: Start) -> None:
        self._database = database
        self._blobs = blobs
        self._start = start

    def settle(self, upload_id: str) -> None:
        """Bring an upload whose parts were accepted to its end; nothing where somebody else is at it.

        Raises InvalidUpload where what came is not what was announced: its
        bytes are gone then, or, where only a part was missing, it takes parts
        again.
        """
        if not self._taken(upload_id):
            return
        with self._held(upload_id):
            row, video = self._rows(upload_id)
            if row.error is None and video.state == VideoState.UPLOADING and not is_double(row, video):
                self._receive(row)
            self._conclude(upload_id)

    def remove(self, upload_id: str) -> None:
        """Take away everything of an upload that was given up; its video, too, if it never came."""
        try:
            row, _ = self._rows(upload_id)
        except UploadNotFound:
            return
        if row.store_id:
            self._blobs.abort_parts(row.key, row.store_id)
        self._blobs.delete([row.key])
        with self._database.write(durable=True) as session, suppress(UploadNotFound):
            row = get_upload(session, upload_id, lock=True)
            video = session.get_one(Video, row.video_id, with_for_update=True)
            session.delete(row)
            session.flush()
            if video.state in _FRESH:
                session.delete(video)

    def _rows(self, upload_id: str) -> tuple[Upload, Video]:
        with self._database.read() as session:
            row = get_upload(session, upload_id)
            return row, session.get_one(Video, row.video_id)

    def _taken(self, upload_id: str) -> bool:
        with self._database.write() as session:
            row, now = get_upload(session, upload_id, lock=True), self._database.now(session)
            if row.state == UploadState.FAILED:
                raise _error_of(row)
            if row.state == UploadState.ABORTED:
                raise UploadNotFound(upload_id)
            free = row.state == UploadState.COMPLETING and now - row.updated_at >= HOLD
            if free:
                row.updated_at = now
            return free

    @contextmanager
    def _held(self, upload_id: str) -> Iterator[None]:
        """Say now and then that somebody is at it; let it go where that failed."""
        over = Event()
        voice = Thread(target=self._say, args=(upload_id, over), name="framemill upload", daemon=True)
        voice.start()
        try:
            yield
        except BaseException:
            over.set()
            voice.join()
            with suppress(FramemillError):
                self._touch(upload_id, free=True)
            raise
        finally:
            over.set()
            voice.join()

    def _say(self, upload_id: str, over: Event) -> None:
        while not over.wait(_SAY_EVERY_S):
            with suppress(FramemillError):
                self._touch(upload_id)

    def _touch(self, upload_id: str, *, free: bool = False) -> None:
        with self._database.write() as session:
            row = get_upload(session, upload_id, lock=True)
            if row.state == UploadState.COMPLETING:
                now = self._database.now(session)
                row.updated_at = now - HOLD if free else now

    def _receive(self, row: Upload) -> None:
        """One verified file, and a video that has it; or why not, written down."""
        self._join(row)
        try:
            digest = self._verified(row)
        except InvalidUpload as error:
            with self._completing(row.id) as (_, held):
                held.error = dump_error(error)
            return
        try:
            self._arrive(row.id, digest)
        except IntegrityError:  # the same content came twice at once
            self._arrive(row.id, digest)

    def _join(self, row: Upload) -> None:
        """Make one file of the parts; a second time it finds that done."""
        if row.store_id:
            made = Cut(bytes=row.bytes, part_bytes=row.part_bytes)
            try:
                parts = self._blobs.parts(row.key, row.store_id)
                self._blobs.complete_parts(
                    row.key, row.store_id, [part for part in parts if part.number <= made.count]
                )
            except UploadNotFound:
                pass  # somebody did it before, or it is gone: the look below tells
            except InvalidUpload:
                self._reopen(row.id, row.store_id)
                raise
        try:
            self._blobs.stat(row.key)
        except BlobNotFound as error:
            self._reopen(row.id, "")
            raise InvalidUpload(
                "what was received is gone from the store",
                hint="send all parts again, then complete it again",
            ) from error

    def _reopen(self, upload_id: str, store_id: str) -> None:
        with self._completing(upload_id) as (_, row):
            row.state = next_upload_state(UploadState(row.state), UploadState.OPEN)
            row.store_id = store_id

    def _verified(self, row: Upload) -> str:
        """The SHA-256 of what is stored; InvalidUpload where it is not what was announced."""
        total, size, head = hashlib.sha256(), 0, b""
        seen = False
        for piece in self._blobs.read(row.key):
            total.update(piece)
            size += len(piece)
            if not seen:
                head += piece[:HEAD]
                if seen := len(head) >= HEAD:
                    check_fits(head[:HEAD], _ending(row))
        if size != row.bytes:
            raise InvalidUpload(f"{size} bytes came where {row.bytes} were announced", hint="begin it anew")
        check_fits(head[:HEAD], _ending(row))
        digest = total.hexdigest()
        if row.sha256 is not None and digest != row.sha256:
            raise InvalidUpload(
                f"the sha256 of what came is {digest}, and {row.sha256} was announced",
                hint="the file changed while it was sent, or was damaged on its way: begin it anew",
            )
        return digest

    def _arrive(self, upload_id: str, digest: str) -> None:
        with self._completing(upload_id) as (session, row):
            video, now = (
                session.get_one(Video, row.video_id, with_for_update=True),
                self._database.now(session),
            )
            if video.state != VideoState.UPLOADING:
                return
            if (same := same_content(session, video.collection_id, digest)) is not None:
                row.video_id = same.id
                session.flush()
                session.delete(video)
                return
            video.state = next_video_state(VideoState(video.state), VideoState.READY)
            video.key = row.key
            video.bytes = video.stored_bytes = row.bytes
            video.sha256 = digest
            video.updated_at = now

    def _conclude(self, upload_id: str) -> None:
        """Act on what was written down: a failure, a double, or a video that is there."""
        row, video = self._rows(upload_id)
        if row.state != UploadState.COMPLETING:
            return
        double = is_double(row, video)
        if row.error is not None or double:
            self._blobs.delete([row.key])
        job_id, error = None, None
        if row.error is None and not double:
            try:
                job_id = self._start(video.id, pipeline=row.pipeline, idempotency_key=f"upload:{row.id}")
            except FramemillError as problem:
                if problem.transient:
                    raise
                error = dump_error(problem)  # the original is there all the same
        with self._completing(upload_id) as (session, held):
            if held.error is None:
                held.state, held.job_id, held.error = UploadState.COMPLETED, job_id, error
                return
            held.state = UploadState.FAILED
            original = session.get_one(Video, held.video_id, with_for_update=True)
            original.state = next_video_state(VideoState(original.state), VideoState.FAILED)
            original.error = held.error
            original.updated_at = self._database.now(session)
        raise _error_of(row)

    @contextmanager
    def _completing(self, upload_id: str) -> Iterator[tuple[Session, Upload]]:
        """The row, to be changed; UploadNotFound where it is not being completed any more."""
        with self._database.write(durable=True) as session:
            row = get_upload(session, upload_id, lock=True)
            if row.state != UploadState.COMPLETING:
                raise UploadNotFound(upload_id)
            yield session, row


def _ending(row: Upload) -> str:
    return row.key.rpartition(".")[2]


def _error_of(row: Upload) -> FramemillError:
    return load_error(row.error or dump_error(InvalidUpload()))
