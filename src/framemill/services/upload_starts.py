"""How uploads begin: a video is given room, and an upload to fill it; or it is there already."""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.sniffing import MEDIA
from framemill.domain.uploads import Limits, checked_digest, cut
from framemill.domain.videos import UploadState, checked_filename
from framemill.errors import IdempotencyConflict, InvalidSpec
from framemill.services import originals
from framemill.services.collections import Collections
from framemill.services.originals import NewOriginal
from framemill.services.shelf_records import CollectionRecord
from framemill.services.upload_records import Announced, UploadRecord
from framemill.services.workspaces import NO_PIPELINE, PIPELINES_OF_NEW
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.uploads import keyed_upload
from framemill.store.video_tables import Upload, Video

_LONGEST_KEY = 255


class UploadStarts:
    """Accepting uploads."""

    def __init__(
        self,
        database: Database,
        collections: Collections,
        *,
        limits: Limits,
        part_bytes: int = 10 << 20,
        expiry: timedelta = timedelta(hours=6),
    ) -> None:
        self._database = database
        self._collections = collections
        self._limits = limits
        self._part_bytes = part_bytes
        self._expiry = expiry

    def announce(self, asked: Announced) -> UploadRecord:
        """Rows for an upload; or the one that was begun under the same key; or the video that has it.

        Raises WorkspaceNotFound, CollectionNotFound, InvalidSpec,
        InvalidUpload, QuotaExceeded, IdempotencyConflict.
        """
        if asked.idempotency_key is not None and not 1 <= len(asked.idempotency_key) <= _LONGEST_KEY:
            raise InvalidSpec(f"an idempotency key has 1 to {_LONGEST_KEY} characters")
        if asked.pipeline is not None and asked.pipeline not in PIPELINES_OF_NEW:
            raise InvalidSpec(
                f"there is no pipeline {asked.pipeline!r} for new videos",
                hint=f"one of {', '.join(PIPELINES_OF_NEW)}",
            )
        shelf = self._collections.get(asked.workspace, asked.collection)
        try:
            return self._write(asked, shelf)
        except IntegrityError:
            # Somebody else was as quick with the same key.
            if asked.idempotency_key is None:
                raise
            return self._write(asked, shelf)

    def _write(self, asked: Announced, shelf: CollectionRecord) -> UploadRecord:
        with self._database.write(durable=True) as session:
            if (known := _known(session, shelf, asked)) is not None:
                return known
            now = self._database.now(session)
            video, there = originals.begin(
                session,
                NewOriginal(
                    filename=asked.filename,
                    bytes=asked.bytes,
                    sha256=checked_digest(asked.sha256),
                    title=asked.title,
                    recorded_at=asked.recorded_at,
                    notes=asked.notes,
                    uploader=asked.uploader,
                    kind=asked.kind,
                ),
                workspace=shelf.workspace_id,
                collection=shelf.id,
                now=now,
                accepted=self._limits.types,
            )
            if there:
                return UploadRecord.of_known(video)
            assert video.key is not None
            upload = Upload(
                id=new_id(),
                workspace_id=video.workspace_id,
                video_id=video.id,
                state=UploadState.OPEN,
                key=video.key,
                store_id="",
                bytes=asked.bytes,
                part_bytes=cut(asked.bytes, part_bytes=self._part_bytes).part_bytes,
                sha256=checked_digest(asked.sha256),
                pipeline=asked.pipeline if asked.kind == MEDIA else NO_PIPELINE,
                uploader=video.uploader,
                idempotency_key=asked.idempotency_key,
                created_at=now,
                updated_at=now,
                expires_at=now + self._expiry,
            )
            session.add(upload)
            return UploadRecord.of(upload, video)


def _known(session: Session, shelf: CollectionRecord, asked: Announced) -> UploadRecord | None:
    """The upload that was begun under the same idempotency key."""
    if asked.idempotency_key is None:
        return None
    row = keyed_upload(
        session, workspace_id=shelf.workspace_id, uploader=asked.uploader, key=asked.idempotency_key
    )
    if row is None:
        return None
    video = session.get_one(Video, row.video_id)
    record = UploadRecord.of(row, video)
    fits = row.bytes <= asked.bytes if asked.at_most else row.bytes == asked.bytes
    if (
        not fits
        or video.collection_id != shelf.id
        or (not record.duplicate and video.filename != checked_filename(asked.filename))
    ):
        raise IdempotencyConflict(asked.idempotency_key, job_id=row.id, kind="upload")
    return record
