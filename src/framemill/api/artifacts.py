"""`/artifacts`: what jobs made, and signed addresses to have it by."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api import jobs
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.job_views import ArtifactView
from framemill.api.media import StreamUrlView
from framemill.api.pages import Page
from framemill.api.videos import StoredArtifactView
from framemill.services.playback import LONGEST, SHORTEST

router = APIRouter(tags=["artifacts"])


class ArtifactDetailView(StoredArtifactView):
    """Something that was made, and where it can be had."""

    video_id: str | None
    workspace_id: str | None
    address: StreamUrlView | None = Field(
        description="Saves a file, plays a stream, until it expires; null for a folder, and for what is not "
        "in the store."
    )


class FileView(BaseModel):
    """One file of an artifact."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(examples=["hls/720p/init.mp4"])
    bytes: int
    url: str = Field(description="Whoever has it can read the file, until it expires.")


@router.get("/jobs/{job_id}/artifacts")
def list_all(
    job_id: str, app: TheApp, caller: Annotated[Caller, may(Action.JOBS_READ)]
) -> Page[ArtifactView]:
    """What a job made, in the order of its plan."""
    jobs.seen(app, caller, job_id)
    made = [ArtifactView.of(artifact) for artifact in app.jobs.show(job_id).artifacts]
    return Page(items=tuple(made), total=len(made))


@router.get("/artifacts/{artifact_id}")
def show(
    artifact_id: str,
    app: TheApp,
    caller: Annotated[Caller, may(Action.VIDEOS_PLAY)],
    lifetime: Annotated[
        int | None,
        Query(
            ge=SHORTEST.total_seconds(),
            le=LONGEST.total_seconds(),
            description="Seconds that the address lasts. Left away: FRAMEMILL_PLAYBACK_LIFETIME.",
        ),
    ] = None,
) -> ArtifactDetailView:
    """One artifact with a signed address of its content."""
    found = app.artifacts.get(
        artifact_id, sees=caller.sees, lifetime=None if lifetime is None else timedelta(seconds=lifetime)
    )
    view = StoredArtifactView.of(found.artifact).model_dump(exclude={"name"})
    return ArtifactDetailView(
        **view,
        # Of a job on plain files it is a path of this machine.
        name=found.artifact.name if found.video_id else found.artifact.name.rpartition("/")[2],
        video_id=found.video_id,
        workspace_id=found.workspace_id,
        address=None if found.address is None else StreamUrlView.of(found.address),
    )


@router.get("/artifacts/{artifact_id}/files")
def files(
    artifact_id: str,
    app: TheApp,
    caller: Annotated[Caller, may(Action.VIDEOS_PLAY)],
    after: Annotated[str, Query(max_length=1000, description="The last `name` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 1000,
) -> tuple[FileView, ...]:
    """Every file of an artifact with a signed address, by name: one of a file, all of a packaged stream."""
    found = app.artifacts.files(artifact_id, sees=caller.sees, after=after, limit=limit)
    return tuple(FileView(name=one.name, bytes=one.bytes, url=one.url) for one in found)
