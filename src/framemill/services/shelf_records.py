"""What the doors get to see of workspaces, collections and videos: frozen values, made from rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from framemill.domain.media import MediaInfo
from framemill.domain.videos import VideoState
from framemill.engine.stored import load_media
from framemill.store.shelves import Held
from framemill.store.tables import Artifact
from framemill.store.video_tables import Collection, Video, Workspace

Json = dict[str, Any]  # Any: JSON as the tables hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceRecord:
    """A workspace and how much it holds."""

    id: str
    name: str
    title: str
    pipeline: str  # what every new video gets
    quota_bytes: int | None  # None: no limit
    retention: Json | None
    videos: int
    stored_bytes: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Workspace, held: Held) -> "WorkspaceRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            name=row.name,
            title=row.title,
            pipeline=row.pipeline,
            quota_bytes=row.quota_bytes,
            retention=row.retention,
            videos=held.videos,
            stored_bytes=held.stored_bytes,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRecord:
    """A collection and how much it holds."""

    id: str
    workspace_id: str
    name: str
    videos: int
    stored_bytes: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Collection, held: Held) -> "CollectionRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            workspace_id=row.workspace_id,
            name=row.name,
            videos=held.videos,
            stored_bytes=held.stored_bytes,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRecord:
    """A video: its original, and what people say about it."""

    id: str
    workspace_id: str
    collection_id: str
    title: str
    filename: str
    state: VideoState
    key: str | None  # of the original in the store; None where it was removed by retention
    bytes: int  # of the original
    sha256: str | None  # of the original, once it was verified
    content_type: str
    media: MediaInfo | None
    stored_bytes: int  # the original and everything made from it
    recorded_at: datetime | None
    notes: str
    uploader: str
    source_url: str | None
    error: Json | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Video) -> "VideoRecord":
        """The row as a value."""
        return cls(
            id=row.id,
            workspace_id=row.workspace_id,
            collection_id=row.collection_id,
            title=row.title,
            filename=row.filename,
            state=VideoState(row.state),
            key=row.key,
            bytes=row.bytes,
            sha256=row.sha256,
            content_type=row.content_type,
            media=load_media(row.media) if row.media else None,
            stored_bytes=row.stored_bytes,
            recorded_at=row.recorded_at,
            notes=row.notes,
            uploader=row.uploader,
            source_url=row.source_url,
            error=row.error,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPage:
    """Some videos, and where the next page goes on: None where there is none."""

    videos: tuple[VideoRecord, ...]
    next: str | None
    total: int | None = None  # where it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArtifact:
    """Something that was made from a video, and where it is stored."""

    id: str
    job_id: str | None  # None where the record of the job has gone
    role: str
    name: str  # such as hls/master.m3u8
    key: str | None  # a folder's ends in "/"
    bytes: int
    digest: str | None
    media: MediaInfo | None
    created_at: datetime

    @classmethod
    def of(cls, row: Artifact) -> "StoredArtifact":
        """The row as a value."""
        return cls(
            id=row.id,
            job_id=row.job_id,
            role=row.role,
            name=row.path,
            key=row.key,
            bytes=row.bytes,
            digest=row.digest,
            media=load_media(row.media) if row.media else None,
            created_at=row.created_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDetail:
    """A video with what was made from it."""

    video: VideoRecord
    workspace: str  # its name
    collection: str
    artifacts: Sequence[StoredArtifact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A video that was asked for or has arrived; `duplicate`: it was there before, in the same collection."""

    video: VideoRecord
    duplicate: bool
