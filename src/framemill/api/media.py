"""`/videos/{id}/stream-url`: addresses that play a video. Who comes with one, `media_door` answers."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api import videos
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.services.playback import LONGEST, SHORTEST, Form, StreamUrl

router = APIRouter(tags=["videos"])


class StreamUrlView(BaseModel):
    """An address that plays until it expires."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(description="Whoever has it can play it.")
    form: Form
    expires_at: datetime
    artifact_id: str | None = Field(description="What it plays; null for the original.")

    @classmethod
    def of(cls, made: StreamUrl) -> "StreamUrlView":
        """The value for a client."""
        return cls(url=made.url, form=made.form, expires_at=made.expires_at, artifact_id=made.artifact_id)


@router.get("/videos/{video_id}/stream-url")
def stream_url(
    video_id: str,
    app: TheApp,
    caller: Annotated[Caller, may(Action.VIDEOS_PLAY)],
    artifact: Annotated[
        str | None, Query(max_length=300, description="Id or name of an artifact instead of the best one.")
    ] = None,
    form: Annotated[Form | None, Query(description="Only this.")] = None,
    lifetime: Annotated[
        int | None,
        Query(
            ge=SHORTEST.total_seconds(),
            le=LONGEST.total_seconds(),
            description="Seconds. Left away: FRAMEMILL_PLAYBACK_LIFETIME.",
        ),
    ] = None,
    download: Annotated[bool, Query(description="A file that browsers save.")] = False,
) -> StreamUrlView:
    """An address that plays the video: its newest stream, else a file made from it, else the original."""
    videos.seen(app, caller, video_id)
    made = app.playback.stream_url(
        video_id,
        artifact=artifact,
        form=form,
        lifetime=None if lifetime is None else timedelta(seconds=lifetime),
        download=download,
    )
    return StreamUrlView.of(made)
