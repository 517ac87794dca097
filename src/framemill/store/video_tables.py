"""The tables of what people manage: workspaces, collections, videos, and uploads on their way."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from framemill.store.base import Base, Json, only, row_id, size


class Workspace(Base):
    """An access boundary, with its own quota and defaults."""

    __tablename__ = "workspaces"

    id: Mapped[str] = row_id()
    name: Mapped[str] = mapped_column(String(64), unique=True)  # as it stands in addresses and commands
    title: Mapped[str] = mapped_column(Text)
    pipeline: Mapped[str] = mapped_column(String(64), default="proxy")  # what every new video gets
    quota_bytes: Mapped[int | None] = mapped_column(BigInteger)  # None: no limit
    retention: Mapped[Json | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # Since when it is being deleted: nobody sees it any more, and its name is free.
    deleting_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "deleting_at", **only("deleting_at IS NOT NULL")),)


class Collection(Base):
    """A named group of videos, e.g. one camera's recordings."""

    __tablename__ = "collections"

    id: Mapped[str] = row_id()
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleting_at: Mapped[datetime | None]  # as a workspace's

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        Index(None, "deleting_at", **only("deleting_at IS NOT NULL")),
    )


class Video(Base):
    """An original and everything made from it."""

    __tablename__ = "videos"

    id: Mapped[str] = row_id()  # UUIDv7: ids sort by time of arrival
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)  # as its owner calls it; never a path here
    state: Mapped[str] = mapped_column(String(16))  # VideoState
    # The original: where it is, how long, its SHA-256 in hex once it was verified.
    key: Mapped[str | None] = mapped_column(Text)
    bytes: Mapped[int] = size()
    sha256: Mapped[str | None] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(128), default="application/octet-stream")
    media: Mapped[Json | None]  # what probing found
    stored_bytes: Mapped[int] = size()  # the original and everything made from it
    recorded_at: Mapped[datetime | None]
    notes: Mapped[str] = mapped_column(Text, default="")
    uploader: Mapped[str] = mapped_column(String(64), default="")
    source_url: Mapped[str | None] = mapped_column(Text)  # where it was fetched from, without secrets
    error: Mapped[Json | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        # The same content stands once in a collection.
        Index(None, "collection_id", "sha256", unique=True, **only("sha256 IS NOT NULL")),
        # Listings ask for one state at a time, so each of these gives the newest at once.
        Index(None, "workspace_id", "state", "id"),
        Index(None, "collection_id", "state", "id"),
        # How many there are and how long they are is read from the index alone.
        Index("ix_videos_usage", "workspace_id", "collection_id", "state", "stored_bytes"),
        Index(None, "state", "updated_at", **only("state <> 'ready'")),
    )


class Upload(Base):
    """An original on its way in, in parts. Which parts have arrived, the store knows."""

    __tablename__ = "uploads"

    id: Mapped[str] = row_id()
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(16))  # UploadState
    key: Mapped[str] = mapped_column(Text)
    store_id: Mapped[str] = mapped_column(Text, default="")  # what the store calls this upload; "": not begun
    bytes: Mapped[int] = mapped_column(BigInteger)
    part_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))  # as its sender says
    pipeline: Mapped[str | None] = mapped_column(String(64))  # None: the workspace's
    uploader: Mapped[str] = mapped_column(String(64), default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    job_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))  # the first job on the video
    error: Mapped[Json | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index(None, "state", "expires_at"),
        Index(None, "workspace_id", "uploader", "idempotency_key", unique=True),
    )
