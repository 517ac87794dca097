"""Downloads: films at addresses become videos. A job fetches them; here they are only asked for."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from framemill.api import workspaces
from framemill.api.dependencies import Action, Caller, TheApp
from framemill.api.moments import Moment
from framemill.api.repeating import Key, creates
from framemill.api.texts import Notes, PipelineOfNew, Title
from framemill.api.upload_views import Place, Shelf
from framemill.domain.videos import DEFAULT_COLLECTION, DEFAULT_WORKSPACE
from framemill.services.video_downloads import Wanted

router = APIRouter(tags=["downloads"])

Writes = Annotated[Caller, creates(Action.DOWNLOADS_WRITE)]


class NewDownload(BaseModel):
    """A film that is to be fetched."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://example.com/films/harbour.mp4", "title": "Harbour"}]
        },
    )

    url: str = Field(
        max_length=8192,
        description="http or https. Of what it hides nothing is shown, and it is forgotten with the job.",
        examples=["https://example.com/films/harbour.mp4"],
    )
    filename: str | None = Field(
        None, min_length=1, max_length=1000, description="Default: as it is called where it comes from."
    )
    title: Title | None = Field(None, description="Default: the file's name.")
    recorded_at: Moment | None = Field(None, description="When it was recorded, with its time zone.")
    notes: Notes = ""
    pipeline: PipelineOfNew | None = Field(
        None, description="What is made of it; `none`: it is only kept. Default: the workspace's."
    )


class NewDownloadThere(NewDownload):
    """A film that is to be fetched, and where to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": "https://example.com/films/harbour.mp4", "workspace": "default", "pipeline": "proxy"}
            ]
        }
    )

    workspace: Place = DEFAULT_WORKSPACE
    collection: Shelf = DEFAULT_COLLECTION


class DownloadView(BaseModel):
    """A download that was accepted."""

    model_config = ConfigDict(frozen=True)

    video_id: str = Field(
        description="The video to be. Where the collection has the content already, the job's `video_id` "
        "is in the end the video that has it."
    )
    job_id: str = Field(description="The job that brings it.")


@router.post("/workspaces/{workspace}/collections/{collection}/downloads", status_code=202)
def create(
    workspace: Annotated[str, Path(max_length=64)],
    collection: Annotated[str, Path(max_length=128)],
    new: NewDownload,
    response: Response,
    app: TheApp,
    caller: Writes,
    idempotency_key: Key = None,
) -> DownloadView:
    """Queue the download of a film, which becomes a video of the collection."""
    there = NewDownloadThere(**new.model_dump(), workspace=workspace, collection=collection)
    return create_anywhere(there, response, app, caller, idempotency_key)


@router.post("/downloads", status_code=202)
def create_anywhere(
    new: NewDownloadThere,
    response: Response,
    app: TheApp,
    caller: Writes,
    idempotency_key: Key = None,
) -> DownloadView:
    """The same, with the workspace and the collection in the body."""
    wanted = Wanted(
        **new.model_dump(exclude={"workspace"}),
        workspace=workspaces.seen(app, caller, new.workspace).id,
        uploader=caller.name,
        idempotency_key=idempotency_key,
    )
    begun = app.video_downloads.begin(wanted)
    response.headers["Location"] = f"/api/v1/jobs/{begun.job_id}"
    return DownloadView(video_id=begun.video_id, job_id=begun.job_id)
