"""What jobs tell about the video that they work on, within a transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from framemill.domain.videos import VideoState, next_video_state
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


def lock_videos(session: Session, video_ids: Iterable[str]) -> None:
    """Let none of these videos go until the transaction ends; those that have gone do not matter."""
    ids = sorted({as_id for text in video_ids if (as_id := _id(text)) is not None})
    # In the order of their ids, or two who lock the same ones could wait for each other for ever.
    query = select(Video.id).where(Video.id.in_(ids)).order_by(Video.id)
    session.execute(query.with_for_update(key_share=True))


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


def await_original(session: Session, video_id: str, *, now: datetime) -> None:
    """A job brings the video's original, perhaps once more; VideoNotFound where the video has gone."""
    video = _locked(session, video_id)
    if video is None or video.state not in {VideoState.UPLOADING, VideoState.FAILED}:
        raise VideoNotFound(video_id)
    if video.state == VideoState.FAILED:
        video.state = next_video_state(VideoState.FAILED, VideoState.UPLOADING)
    video.error, video.updated_at = None, now


def fail_original(session: Session, video_id: str, error: Json, *, now: datetime) -> None:
    """The original did not come; nothing changes where it is there, or the video is going."""
    video = _locked(session, video_id)
    if video is not None and video.state == VideoState.UPLOADING:
        video.state = next_video_state(VideoState.UPLOADING, VideoState.FAILED)
        video.error, video.bytes, video.stored_bytes, video.updated_at = error, 0, 0, now


def give_up_original(session: Session, video_id: str, *, now: datetime) -> None:
    """Nobody wants the original any more, so the video goes; nothing changes where it is there."""
    video = _locked(session, video_id)
    if video is not None and video.state in {VideoState.UPLOADING, VideoState.FAILED}:
        video.state = next_video_state(VideoState(video.state), VideoState.DELETING)
        video.updated_at = now


def _locked(session: Session, video_id: str) -> Video | None:
    query = select(Video).where(Video.id == video_id).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update(key_share=True)).one_or_none()


def _id(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
