"""Originals on their way in: a row with its room reserved, then the video, or the one that was there before.

Each function is a part of its caller's transaction, so that an upload and its
video are accepted together. Bytes are moved by others, before and after it.
"""

from collections.abc import Collection as Several
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from framemill.domain.media_types import media_type
from framemill.domain.sniffing import ENDINGS, MEDIA, ending_of, other_ending_of
from framemill.domain.units import format_size
from framemill.domain.uploads import checked_digest
from framemill.domain.videos import (
    VideoState,
    checked_filename,
    checked_notes,
    checked_title,
    next_video_state,
    title_from,
)
from framemill.errors import IllegalTransition, InvalidSpec, InvalidUpload, QuotaExceeded
from framemill.store.base import Json
from framemill.store.jobs import new_id
from framemill.store.shelves import find_collection, find_workspace, held_by_workspaces
from framemill.store.tables import Job
from framemill.store.video_tables import Upload, Video, Workspace
from framemill.store.videos import count_stored, get_video, twin_of

_LONGEST_UPLOADER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOriginal:
    """What is said about an original before it comes."""

    filename: str
    bytes: int  # as announced; 0 where nobody knows yet
    sha256: str | None = None  # as its sender says, in hex
    title: str | None = None  # None: from the file's name
    recorded_at: datetime | None = None
    notes: str = ""
    uploader: str = ""
    source_url: str | None = None  # without secrets
    kind: str = MEDIA  # or one of domain.sniffing.OTHERS


def begin(
    session: Session,
    new: NewOriginal,
    *,
    workspace: str,
    collection: str,
    now: datetime,
    accepted: Several[str] | None = ENDINGS.keys(),
) -> tuple[Video, bool]:
    """A video whose original is on its way to its `key`, with its room reserved; True where it is there.

    Where None are `accepted`, nobody knows yet what it is: it gets its key when
    it has come. Raises WorkspaceNotFound, CollectionNotFound, InvalidSpec,
    InvalidUpload for an ending that is not `accepted`, QuotaExceeded.
    """
    filename = checked_filename(new.filename)
    if new.kind != MEDIA:
        ending = other_ending_of(filename, new.kind)
    else:
        ending = "" if accepted is None else ending_of(filename, accepted)
    claimed = checked_digest(new.sha256)
    if new.bytes < 0:
        raise InvalidSpec("a file cannot be shorter than nothing")
    place = find_workspace(session, workspace, lock=True)
    shelf = find_collection(session, place.id, collection)
    if claimed is not None and (twin := twin_of(session, shelf.id, claimed)) is not None:
        return twin, True
    _check_room(session, place, new.bytes)
    video_id = new_id()
    video = Video(
        id=video_id,
        workspace_id=place.id,
        collection_id=shelf.id,
        title=title_from(filename) if new.title is None else checked_title(new.title),
        filename=filename,
        state=VideoState.UPLOADING,
        key=f"{prefix_of(place.id, video_id)}original.{ending}" if ending else None,
        bytes=new.bytes,
        content_type=media_type(f".{ending}"),
        stored_bytes=new.bytes,
        recorded_at=new.recorded_at,
        notes=checked_notes(new.notes),
        uploader=new.uploader[:_LONGEST_UPLOADER],
        source_url=new.source_url,
        created_at=now,
        updated_at=now,
    )
    session.add(video)
    session.flush()
    return video, False


def arrive(
    session: Session,
    video_id: str,
    *,
    bytes: int,  # noqa: A002 - the field's name everywhere
    sha256: str,
    now: datetime,
    content_type: str | None = None,
) -> tuple[Video, bool]:
    """The original is stored under its key and verified: the video is ready.

    Where its collection has this content already, that video is returned with
    True; uploads and jobs of the new one are its from then on, and the new one
    is to be removed. The same arrival told again changes nothing. Raises
    VideoNotFound where it was deleted meanwhile, QuotaExceeded where more came
    than was announced, InvalidUpload for an empty file, IllegalTransition
    where another content has arrived before.
    """
    digest = checked_digest(sha256)
    assert digest is not None
    if bytes < 1:
        raise InvalidUpload("the file is empty")
    place = find_workspace(session, get_video(session, video_id).workspace_id, lock=True)
    video = get_video(session, video_id, lock=True)
    if video.state == VideoState.READY:
        if video.sha256 != digest:
            raise IllegalTransition(f"video {video_id} has its original already; it is never replaced")
        return video, False
    twin = twin_of(session, video.collection_id, digest)
    if twin is not None:
        _hand_over(session, video, twin, now=now)
        return twin, True
    _check_room(session, place, bytes - video.stored_bytes)
    video.state = next_video_state(VideoState(video.state), VideoState.READY)
    video.bytes, video.sha256, video.error = bytes, digest, None
    video.content_type = content_type or video.content_type
    video.updated_at = now
    count_stored(session, video)
    return video, False


def fail(session: Session, video_id: str, error: Json, *, now: datetime) -> Video:
    """The original did not come: `error` is kept, the room is free. VideoNotFound, IllegalTransition."""
    video = get_video(session, video_id, lock=True)
    video.state = next_video_state(VideoState(video.state), VideoState.FAILED)
    video.error, video.bytes, video.stored_bytes, video.updated_at = error, 0, 0, now
    return video


def prefix_of(workspace_id: str, video_id: str) -> str:
    """What the keys of a video and of everything made from it begin with."""
    return f"workspaces/{workspace_id}/{video_id}/"


def _check_room(session: Session, workspace: Workspace, more: int) -> None:
    quota = workspace.quota_bytes
    if quota is None or more <= 0:
        return
    used = held_by_workspaces(session, [workspace.id])[workspace.id].stored_bytes
    if used + more > quota:
        raise QuotaExceeded(
            f"workspace {workspace.name!r} has a quota of {format_size(quota)} and uses "
            f"{format_size(used)}; {format_size(more)} more do not fit",
            hint="delete videos that are no longer needed, or ask for a higher quota",
        )


def _hand_over(session: Session, video: Video, twin: Video, *, now: datetime) -> None:
    for table in (Upload, Job):
        session.execute(
            update(table)
            .where(table.video_id == video.id)
            .values(video_id=twin.id)
            .execution_options(synchronize_session="fetch")
        )
    video.state = next_video_state(VideoState(video.state), VideoState.DELETING)
    video.updated_at = now
