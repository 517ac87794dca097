"""The rows of a video that is on its way in, within a transaction of whoever calls."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from framemill.domain.sniffing import content_type_of, ending_of
from framemill.domain.videos import VideoState, checked_notes, checked_title, is_id, title_from
from framemill.errors import CollectionNotFound, WorkspaceNotFound
from framemill.services.upload_records import Announced
from framemill.store.jobs import new_id
from framemill.store.video_tables import Collection, Video, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where a video goes."""

    workspace_id: str
    collection_id: str


def shelf_of(session: Session, workspace: str, collection: str) -> Shelf:
    """The collection of this name or id; WorkspaceNotFound, CollectionNotFound."""
    by = Workspace.id == workspace if is_id(workspace) else Workspace.name == workspace
    place = session.scalars(select(Workspace).where(by)).one_or_none()
    if place is None:
        raise WorkspaceNotFound(workspace)
    by = Collection.id == collection if is_id(collection) else Collection.name == collection
    found = session.scalars(select(Collection).where(by, Collection.workspace_id == place.id)).one_or_none()
    if found is None:
        raise CollectionNotFound(collection)
    return Shelf(workspace_id=place.id, collection_id=found.id)


def same_content(session: Session, collection_id: str, sha256: str) -> Video | None:
    """The video of the collection that has this content already."""
    return session.scalars(
        select(Video).where(
            Video.collection_id == collection_id, Video.sha256 == sha256, Video.state == VideoState.READY
        )
    ).one_or_none()


def begin_video(session: Session, shelf: Shelf, asked: Announced, *, now: datetime) -> Video:
    """A video whose original is to come."""
    ending = ending_of(asked.filename)
    video = Video(
        id=new_id(),
        workspace_id=shelf.workspace_id,
        collection_id=shelf.collection_id,
        title=checked_title(asked.title) if asked.title else title_from(asked.filename),
        filename=asked.filename,
        state=VideoState.UPLOADING,
        content_type=content_type_of(ending),
        recorded_at=asked.recorded_at,
        notes=checked_notes(asked.notes),
        uploader=asked.uploader,
        created_at=now,
        updated_at=now,
    )
    session.add(video)
    session.flush()
    return video


def original_key(video: Video) -> str:
    """Where the video's original is stored."""
    return f"workspaces/{video.workspace_id}/{video.id}/original.{ending_of(video.filename)}"


def content_type(key: str) -> str:
    """What the file under a key is served as."""
    return content_type_of(key.rpartition(".")[2])
