"""`/workspaces/{workspace}/pictures`: what videos look like, for pages that list them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api import workspaces
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.pages import Page
from framemill.services.artifacts import Pictures

router = APIRouter(tags=["videos"])


class PicturesView(BaseModel):
    """Addresses of what a video looks like; they expire, but not within FRAMEMILL_PLAYBACK_LIFETIME."""

    model_config = ConfigDict(frozen=True)

    video_id: str
    stills: tuple[str, ...] = Field(description="Thumbnails, in the order of the film.")
    storyboard: str | None = Field(description="The WebVTT index of the storyboard; it names sheets.")
    sheets: dict[str, str] = Field(description="The storyboard's sheets, by the names in the index.")

    @classmethod
    def of(cls, pictures: Pictures) -> "PicturesView":
        """The value for a client."""
        return cls(
            video_id=pictures.video_id,
            stills=pictures.stills,
            storyboard=pictures.storyboard,
            sheets=pictures.sheets,
        )


@router.get("/workspaces/{workspace}/pictures")
def show_pictures(
    workspace: str,
    app: TheApp,
    caller: Annotated[Caller, may(Action.VIDEOS_PLAY)],
    video: Annotated[
        tuple[Annotated[str, Field(max_length=64)], ...],
        Query(max_length=200, description="Its id; may be given again."),
    ] = (),
) -> Page[PicturesView]:
    """What these videos of a workspace look like; those without pictures are left out."""
    place = workspaces.seen(app, caller, workspace)
    found = app.artifacts.pictures(place.id, video)
    return Page(items=tuple(PicturesView.of(one) for one in found), total=len(found))
