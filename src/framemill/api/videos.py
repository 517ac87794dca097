"""`/videos`: what people keep: listing, naming, deleting. Uploads and playback have modules of their own."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api import workspaces
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.editing import IfUnchanged, Showing
from framemill.api.job_views import ErrorView
from framemill.api.moments import Moment
from framemill.api.pages import Order, Page, Wanted, cursor_after
from framemill.api.texts import Notes, Title, changes_like
from framemill.app import App
from framemill.domain.media import as_data
from framemill.domain.videos import VideoState
from framemill.errors import VideoNotFound
from framemill.operations.spec import InputKind
from framemill.services.shelf_records import StoredArtifact, VideoRecord
from framemill.services.videos import VideoChanges
from framemill.store.videos import SEEN
from framemill.store.videos import Wanted as WantedVideos

router = APIRouter(tags=["videos"])
_Reader = Annotated[Caller, may(Action.VIDEOS_READ)]
_Writer = Annotated[Caller, may(Action.VIDEOS_WRITE)]


class VideoView(BaseModel):
    """An original, and what people say about it."""

    model_config = ConfigDict(frozen=True)

    id: str
    workspace_id: str
    collection_id: str
    title: str
    filename: str = Field(description="As its owner calls it.")
    state: VideoState
    bytes: int = Field(description="Of the original.")
    sha256: str | None = Field(description="Of the original, once it was verified.")
    content_type: str
    media: Any = Field(description="What it contains, as `framemill info --json` says it.")
    stored_bytes: int = Field(description="The original and everything made from it.")
    recorded_at: datetime | None
    notes: str
    uploader: str
    source_url: str | None
    error: ErrorView | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, record: VideoRecord) -> "VideoView":
        """The record for a client."""
        return cls(**_fields(record))


class StoredArtifactView(BaseModel):
    """Something that was made from a video."""

    model_config = ConfigDict(frozen=True)

    id: str
    job_id: str | None
    role: str
    name: str = Field(examples=["hls/master.m3u8"])
    bytes: int
    digest: str | None
    media: Any
    created_at: datetime

    @classmethod
    def of(cls, artifact: StoredArtifact) -> "StoredArtifactView":
        """The record for a client."""
        return cls(
            id=artifact.id,
            job_id=artifact.job_id,
            role=artifact.role,
            name=artifact.name,
            bytes=artifact.bytes,
            digest=artifact.digest,
            media=as_data(artifact.media),
            created_at=artifact.created_at,
        )


class VideoDetailView(VideoView):
    """A video with where it is and what was made from it."""

    workspace: str = Field(description="The workspace's name.")
    collection: str = Field(description="The collection's name.")
    artifacts: tuple[StoredArtifactView, ...]


class VideoEdit(BaseModel):
    """What is to change of a video; what is left away stays."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra=changes_like({"title": "The pier in fog", "recorded_at": "2026-11-02T07:30:00Z"}),
    )

    title: Title = ""
    notes: Notes = ""
    recorded_at: Moment | None = None
    collection: str = Field("", max_length=128, description="Another one of the same workspace.")


@router.get("/workspaces/{workspace}/videos")
def list_all(
    workspace: str,
    app: TheApp,
    caller: _Reader,
    paging: Wanted,
    collection: Annotated[str | None, Query(max_length=128, description="Its name or id.")] = None,
    state: Annotated[tuple[VideoState, ...], Query(description="Only these; may be given again.")] = (),
    kind: Annotated[
        InputKind | None,
        Query(description="Only what operations read as that."),
    ] = None,
    text: Annotated[
        str | None, Query(max_length=200, description="Part of the title, the file's name or the notes.")
    ] = None,
    since: Annotated[Moment | None, Query(description="Brought in then or later.")] = None,
    until: Annotated[Moment | None, Query(description="Brought in before.")] = None,
    sort: Annotated[Order, Query(description="By the time at which they were brought in.")] = Order.NEWEST,
) -> Page[VideoView]:
    """A workspace's videos, the newest first where nothing else is asked."""
    place = workspaces.seen(app, caller, workspace)
    shelf = None if collection is None else app.collections.get(place.id, collection)
    wanted = WantedVideos(
        workspace_id=place.id,
        collection_id=None if shelf is None else shelf.id,
        states=tuple(one for one in SEEN if one in state or not state),
        kind=kind,
        text=text,
        since=since,
        until=until,
        oldest_first=sort is Order.OLDEST,
    )
    page = app.videos.page(wanted, before=paging.after, limit=paging.limit, count=paging.total)
    return Page(
        items=tuple(VideoView.of(record) for record in page.videos),
        next_cursor=cursor_after(page.next),
        total=page.total,
    )


@router.get("/videos/{video_id}")
def show(video_id: str, app: TheApp, caller: _Reader, shown: Showing) -> VideoDetailView:
    """One video with what was made from it."""
    seen(app, caller, video_id)
    found = app.videos.show(video_id)
    view = VideoDetailView(
        **_fields(found.video),
        workspace=found.workspace,
        collection=found.collection,
        artifacts=tuple(StoredArtifactView.of(one) for one in found.artifacts),
    )
    return shown(view, "video", found.video)


@router.patch("/videos/{video_id}")
def edit(
    video_id: str, wish: VideoEdit, app: TheApp, caller: _Writer, unchanged: IfUnchanged, shown: Showing
) -> VideoView:
    """Change what is given."""
    seen(app, caller, video_id)
    changes: VideoChanges = wish.model_dump(include=wish.model_fields_set)  # type: ignore[assignment]  # the same fields
    edited = app.videos.edit(video_id, changes, actor=caller.name, check=unchanged("video"))
    return shown(VideoView.of(edited), "video", edited)


@router.delete("/videos/{video_id}", status_code=204)
def delete(video_id: str, app: TheApp, caller: Annotated[Caller, may(Action.VIDEOS_DELETE)]) -> None:
    """Delete a video with everything made from it; its jobs are cancelled."""
    seen(app, caller, video_id)
    app.videos.delete(video_id, actor=caller.name)


def seen(app: App, caller: Caller, video_id: str) -> VideoRecord:
    """The video; VideoNotFound also where it does not exist for the caller."""
    record = app.videos.get(video_id)
    caller.must_see(record.workspace_id, else_=VideoNotFound(video_id))
    return record


def _fields(record: VideoRecord) -> dict[str, Any]:  # Any: fields of a view
    same = (
        *("id", "workspace_id", "collection_id", "title", "filename", "state", "bytes", "sha256"),
        *("content_type", "stored_bytes", "recorded_at", "notes", "uploader", "source_url"),
        *("created_at", "updated_at"),
    )
    return {
        **{name: getattr(record, name) for name in same},
        "media": as_data(record.media),
        "error": ErrorView.of(record.error),
    }
