"""How uploads end: parts become one file, it is verified and becomes an original, its first job starts.

Each step is written down before the next begins, and each can be repeated: any
process goes on where another died. Bytes go only after it is written why.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from typing import NoReturn, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.sniffing import HEAD, check_fits
from framemill.domain.uploads import Cut
from framemill.domain.videos import UploadState, VideoState, next_upload_state, next_video_state
from framemill.engine.stored import dump_error, load_error
from framemill.errors import (
    BlobNotFound,
    FramemillError,
    InvalidUpload,
    QuotaExceeded,
    UploadNotFound,
    VideoNotFound,
)
from framemill.services import originals
from framemill.services.deletion import Remover
from framemill.services.upload_records import Json, is_double, video_of
from framemill.storage.blobs import BlobStore
from framemill.store.database import Database
from framemill.store.uploads import get_upload
from framemill.store.video_tables import Upload, Video

HOLD = timedelta(seconds=30)  # whoever completes an upload and says nothing for so long is gone
_SAY_EVERY_S = 10.0
_NEVER_CAME = frozenset({VideoState.UPLOADING, VideoState.FAILED})


class Start(Protocol):
    """Starts what is to be made of a new video."""

    def __call__(self, video: str, *, pipeline: str | None) -> str | None:
        """The job's id, None where nothing is to be made; asked again for a video the same job again."""


class UploadEnds:
    """Completing and removing uploads."""

    def __init__(self, database: Database, blobs: BlobStore, remover: Remover, *, start: Start) -> None:
        self._database = database
        self._blobs = blobs
        self._remover = remover
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
            if row.error is None and video.state == VideoState.UPLOADING:
                self._receive(row)
            self._conclude(upload_id)

    def remove(self, upload_id: str) -> None:
        """Take away everything of an upload that came to nothing, and the video that it was to be."""
        with self._database.write(durable=True) as session:
            row = get_upload(session, upload_id)
            video = session.get_one(Video, row.video_id, with_for_update=True)
            if video.state in _NEVER_CAME:
                video.state = next_video_state(VideoState(video.state), VideoState.DELETING)
                video.updated_at = self._database.now(session)
        self._remover.remove(video.id)

    def _rows(self, upload_id: str) -> tuple[Upload, Video]:
        with self._database.read() as session:
            row = get_upload(session, upload_id)
            return row, session.get_one(Video, row.video_id)

    def _taken(self, upload_id: str) -> bool:
        with self._database.write() as session:
            row, now = get_upload(session, upload_id, lock=True), self._database.now(session)
            if row.state == UploadState.FAILED:
                raise load_error(row.error or {})
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
            self._refuse(row.id, error)
            return
        try:
            self._arrive(row, digest)
        except IntegrityError:  # the same content came twice at once
            self._arrive(row, digest)
        except (InvalidUpload, QuotaExceeded) as error:
            self._refuse(row.id, error)

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
        total, size, head, seen = hashlib.sha256(), 0, b"", False
        ending = row.key.rpartition(".")[2]
        for piece in self._blobs.read(row.key):
            total.update(piece)
            size += len(piece)
            if not seen:
                head += piece[:HEAD]
                if seen := len(head) >= HEAD:
                    check_fits(head[:HEAD], ending)
        if size != row.bytes:
            raise InvalidUpload(f"{size} bytes came where {row.bytes} were announced", hint="begin it anew")
        check_fits(head[:HEAD], ending)
        digest = total.hexdigest()
        if row.sha256 is not None and digest != row.sha256:
            raise InvalidUpload(
                f"the sha256 of what came is {digest}, and {row.sha256} was announced",
                hint="the file changed while it was sent, or was damaged on its way: begin it anew",
            )
        return digest

    def _refuse(self, upload_id: str, error: FramemillError) -> None:
        with self._completing(upload_id) as (_, row):
            row.error = dump_error(error)

    def _arrive(self, row: Upload, digest: str) -> None:
        with self._completing(row.id) as (session, held), suppress(VideoNotFound):
            now = self._database.now(session)
            originals.arrive(session, held.video_id, bytes=row.bytes, sha256=digest, now=now)

    def _conclude(self, upload_id: str) -> None:
        """Act on what was written down: a failure, a double, or a video that is there."""
        row, video = self._rows(upload_id)
        if row.state != UploadState.COMPLETING:
            return
        if video.state == VideoState.DELETING:
            self._give_up(upload_id)
        if row.error is not None:
            self._fail(row)
        if is_double(row, video):
            self._remover.remove(video_of(row.key))
            self._completed(upload_id)
            return
        job_id, error = None, None
        try:
            job_id = self._start(video.id, pipeline=row.pipeline)
        except FramemillError as problem:
            if problem.transient:
                raise
            error = dump_error(problem)  # the original is there all the same
        self._completed(upload_id, job_id=job_id, error=error)

    def _completed(self, upload_id: str, *, job_id: str | None = None, error: Json | None = None) -> None:
        with self._completing(upload_id) as (_, row):
            row.state = next_upload_state(UploadState(row.state), UploadState.COMPLETED)
            row.job_id, row.error = job_id, error

    def _fail(self, row: Upload) -> NoReturn:
        self._blobs.delete([row.key])
        error = row.error or {}
        with self._completing(row.id) as (session, held):
            held.state = next_upload_state(UploadState(held.state), UploadState.FAILED)
            originals.fail(session, held.video_id, error, now=self._database.now(session))
        raise load_error(error)

    def _give_up(self, upload_id: str) -> NoReturn:
        """Somebody deleted the video meanwhile, and who deletes waits for us."""
        with self._completing(upload_id) as (_, row):
            row.state = next_upload_state(UploadState(row.state), UploadState.ABORTED)
        raise UploadNotFound(upload_id)

    @contextmanager
    def _completing(self, upload_id: str) -> Iterator[tuple[Session, Upload]]:
        """The row, to be changed; UploadNotFound where it is not being completed any more."""
        with self._database.write(durable=True) as session:
            row = get_upload(session, upload_id, lock=True)
            if row.state != UploadState.COMPLETING:
                raise UploadNotFound(upload_id)
            yield session, row
