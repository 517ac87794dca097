"""`/artifacts`: what jobs made, and signed addresses to have it by."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

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
