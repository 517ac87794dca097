"""What callers say about an upload and what they are told of one; values only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from framemill.domain.sniffing import MEDIA
from framemill.domain.uploads import Cut
from framemill.domain.videos import DEFAULT_COLLECTION, DEFAULT_WORKSPACE, UploadState, VideoState
from framemill.storage.blobs import Part
from framemill.store.video_tables import Upload, Video

Json = dict[str, Any]  # Any: stored JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A file that somebody wants to upload."""

    filename: str
    bytes: int
    at_most: bool = False  # `bytes` is a limit: the file comes in one request, and nobody said its length
    sha256: str | None = None
    workspace: str = DEFAULT_WORKSPACE  # name or id
    collection: str = DEFAULT_COLLECTION
    title: str | None = None  # None: from the file's name
    recorded_at: datetime | None = None
    notes: str = ""
    pipeline: str | None = None  # what is made of it; None: the workspace's, "none": nothing
    uploader: str = ""
    idempotency_key: str | None = None
    kind: str = MEDIA  # or one of domain.sniffing.OTHERS


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUrl:
    """Where one part goes by PUT, and how long it must be."""

    number: int
    url: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """How an upload stands. Of one that was not needed `id` is None: the content is there already."""

    id: str | None
    video_id: str
    workspace_id: str
    collection_id: str
    filename: str
    state: UploadState
    video_state: VideoState
    bytes: int
    part_bytes: int
    part_count: int
    sha256: str | None
    duplicate: bool  # the collection had this content: `video_id` is the video that has it
    job_id: str | None
    error: Json | None
    created_at: datetime
    expires_at: datetime
    received: tuple[Part, ...] = ()
    missing: tuple[int, ...] = ()
    urls: tuple[PartUrl, ...] = ()

    @property
    def cut(self) -> Cut:
        """How the file is cut into parts."""
        return Cut(bytes=self.bytes, part_bytes=self.part_bytes)

    @classmethod
    def of(cls, row: Upload, video: Video) -> "UploadRecord":
        """The rows as a value."""
        made = Cut(bytes=row.bytes, part_bytes=row.part_bytes)
        return cls(
            id=row.id,
            video_id=video.id,
            workspace_id=row.workspace_id,
            collection_id=video.collection_id,
            filename=video.filename,
            state=UploadState(row.state),
            video_state=VideoState(video.state),
            bytes=row.bytes,
            part_bytes=row.part_bytes,
            part_count=made.count,
            sha256=video.sha256 or row.sha256,
            duplicate=is_double(row, video),
            job_id=row.job_id,
            error=row.error,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    @classmethod
    def of_known(cls, video: Video) -> "UploadRecord":
        """What is told of content that is there already."""
        return cls(
            id=None,
            video_id=video.id,
            workspace_id=video.workspace_id,
            collection_id=video.collection_id,
            filename=video.filename,
            state=UploadState.COMPLETED,
            video_state=VideoState(video.state),
            bytes=video.bytes,
            part_bytes=video.bytes,
            part_count=0,
            sha256=video.sha256,
            duplicate=True,
            job_id=None,
            error=None,
            created_at=video.created_at,
            expires_at=video.created_at,
        )


def video_of(key: str) -> str:
    """The id of the video that a key belongs to."""
    return key.split("/")[2]


def another_key(key: str) -> str:
    """A key for the same original beside `key`, which nobody else has."""
    stem, dot, ending = key.rpartition(".")
    return f"{stem}-{uuid4().hex[:8]}{dot}{ending}"


def is_double(row: Upload, video: Video) -> bool:
    """True where the upload's content belongs to a video that was there before: that has a key of its own."""
    return video.key is not None and video.key != row.key
