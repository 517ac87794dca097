"""Rules about what is kept, as requests say them; what they mean is `domain.retention`'s."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from framemill.api.texts import WHOLE
from framemill.domain.retention import MOST_DAYS, MOST_VIDEOS, ROLES

_Days = Annotated[int, Field(ge=1, le=MOST_DAYS), WHOLE]


class Rules(BaseModel):
    """What a workspace keeps; what is not said is kept for ever."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"originals_days": 90, "artifacts_days": {"proxy": 14}}]},
    )

    keep_newest: Annotated[int, Field(ge=1, le=MOST_VIDEOS), WHOLE] | None = Field(
        None, description="Videos of each collection; the others are deleted."
    )
    videos_days: _Days | None = Field(
        None, description="Then a video is deleted with everything made from it."
    )
    originals_days: Annotated[int, Field(ge=0, le=MOST_DAYS), WHOLE] | None = Field(
        None, description="Then an original is deleted, if there are renditions."
    )
    artifacts_days: dict[Literal[ROLES], _Days | None] | None = Field(  # type: ignore[valid-type]  # names in a tuple
        None, description="The same of what was made, by its role; `stream` is HLS and DASH."
    )
