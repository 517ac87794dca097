"""Queries about uploads on their way. What their states mean, `domain.videos` says."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framemill.domain.videos import UploadState
from framemill.errors import UploadNotFound
from framemill.store.video_tables import Upload


def get_upload(session: Session, upload_id: str, *, lock: bool = False) -> Upload:
    """The upload, locked against other writers where it will be changed; UploadNotFound."""
    try:
        wanted = str(UUID(upload_id))
    except ValueError:
        raise UploadNotFound(upload_id) from None
    query = select(Upload).where(Upload.id == wanted)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UploadNotFound(upload_id)
    return row


def keyed_upload(session: Session, *, workspace_id: str, uploader: str, key: str) -> Upload | None:
    """The upload that was begun under this idempotency key, None where there is none."""
    return session.scalars(
        select(Upload).where(
            Upload.workspace_id == workspace_id, Upload.uploader == uploader, Upload.idempotency_key == key
        )
    ).one_or_none()


def uploads_in(
    session: Session,
    state: UploadState,
    *,
    expired: datetime | None = None,
    silent_since: datetime | None = None,
    limit: int,
) -> list[str]:
    """Ids of uploads in this state, the oldest first: those that `expired`, or that nobody touched since."""
    query = select(Upload.id).where(Upload.state == state)
    if expired is not None:
        query = query.where(Upload.expires_at <= expired)
    if silent_since is not None:
        query = query.where(Upload.updated_at <= silent_since)
    return list(session.scalars(query.order_by(Upload.expires_at).limit(limit)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An upload that nobody comes back to."""

    id: str
    workspace_id: str
    video_id: str
    state: UploadState
    bytes: int  # as announced
    uploader: str
    expires_at: datetime
    updated_at: datetime


def left_behind(session: Session, *, now: datetime, silent_since: datetime, limit: int) -> list[Left]:
    """Uploads out of time, given up, or silent while they were completed; the oldest of each first."""
    late = {"expired": now}
    kinds: tuple[tuple[UploadState, dict[str, datetime]], ...] = (
        (UploadState.OPEN, late),
        (UploadState.FAILED, late),
        (UploadState.ABORTED, {}),
        (UploadState.COMPLETING, {"silent_since": silent_since}),
    )
    ids = [
        upload_id for state, which in kinds for upload_id in uploads_in(session, state, **which, limit=limit)
    ]
    rows = {row.id: row for row in session.scalars(select(Upload).where(Upload.id.in_(ids[:limit])))}
    return [
        Left(
            id=row.id,
            workspace_id=row.workspace_id,
            video_id=row.video_id,
            state=UploadState(row.state),
            bytes=row.bytes,
            uploader=row.uploader,
            expires_at=row.expires_at,
            updated_at=row.updated_at,
        )
        for upload_id in ids[:limit]
        if (row := rows.get(upload_id)) is not None
    ]


def forget_completed(session: Session, *, expired: datetime) -> None:
    """Forget completed uploads whose time had run out by then; their videos stay."""
    session.execute(
        delete(Upload)
        .where(Upload.state == UploadState.COMPLETED, Upload.expires_at <= expired)
        .execution_options(synchronize_session=False)
    )
