"""What jobs tell about the video that they work on, within a transaction."""

from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from framemill.domain.videos import VideoState
from framemill.errors import VideoNotFound
from framemill.store.base import Json
from framemill.store.video_tables import Video


def hold_video(session: Session, video_id: str) -> Video:
    """The video, which cannot go until the transaction ends; VideoNotFound where it has gone or is going."""
    query = select(Video).where(Video.id == video_id, Video.state == VideoState.READY)
    video = session.scalars(query.with_for_update(key_share=True)).one_or_none()
    if video is None:
        raise VideoNotFound(video_id)
    return video


def count_stored(session: Session, video_id: str, added: int, *, now: datetime) -> None:
    """Add bytes to what is stored of a video; VideoNotFound where it has gone or is going."""
    done = session.execute(
        update(Video)
        .where(Video.id == video_id, Video.state == VideoState.READY)
        .values(stored_bytes=Video.stored_bytes + added, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise VideoNotFound(video_id)


def fill_media(session: Session, video_id: str, media: Json, *, now: datetime) -> None:
    """Keep what a video holds, where that was not known."""
    session.execute(
        update(Video)
        .where(Video.id == video_id, Video.media.is_(None))
        .values(media=media, updated_at=now)
        .execution_options(synchronize_session=False)
    )
