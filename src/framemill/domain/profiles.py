"""How to encode: codec, rate control, size, rate, audio, container.

The built-in ones are data (profiles.toml beside the operations); this is the
shape and the rules that make one possible.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framemill.domain.containers import CONTAINERS
from framemill.domain.units import parse_frame_rate
from framemill.errors import InvalidSpec

# Speed presets of x264 and x265; SVT-AV1 and libvpx take numbers as well.
PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
    "placebo",
)
_NUMBERED = {"av1": 13, "vp9": 8}


class Fit(StrEnum):
    """How a picture meets a size of another shape."""

    CONTAIN = "contain"  # inside, shape kept
    PAD = "pad"  # inside, black bars fill the rest
    COVER = "cover"  # fills, overhang cropped
    STRETCH = "stretch"  # fills, shape lost


Even = Annotated[int, Field(ge=16, le=16384, multiple_of=2)]


class Profile(BaseModel):
    """A named way to encode video and audio into a container."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]{0,47}$", description="What it is called.")
    description: str = Field("", description="What it is for, in a line.")
    container: str = Field("mp4", description="File format, e.g. mp4, mkv, webm, mov.")
    codec: Literal["h264", "hevc", "av1", "vp9"] = Field(description="Video codec.")
    crf: int | None = Field(None, ge=0, le=63, description="Constant quality; lower is better.")
    bitrate: int | None = Field(None, gt=0, description="Target bits per second, instead of crf.")
    max_bitrate: int | None = Field(None, gt=0, description="Cap over crf, bits per second.")
    preset: str = Field("medium", description="Encoder's speed preset.")
    width: Even | None = Field(None, description="Longest allowed width in pixels.")
    height: Even | None = Field(None, description="Longest allowed height in lines.")
    fit: Fit = Field(Fit.CONTAIN, description="How other shapes meet width and height.")
    upscale: bool = Field(False, description="Enlarge smaller sources to the size.")
    fps: str | None = Field(None, description="Frame rate cap such as 30 or 30000/1001.")
    bit_depth: Literal[8, 10] = Field(8, description="Bits per sample.")
    audio_codec: Literal["aac", "opus", "mp3", "flac", "copy"] = Field("aac", description="Audio codec.")
    audio_bitrate: int = Field(128_000, gt=0, description="Audio bits per second for stereo.")
    channels: int | None = Field(None, ge=1, le=8, description="Channel cap; unset keeps the source's.")

    @model_validator(mode="after")
    def _possible(self) -> "Profile":
        if (self.crf is None) == (self.bitrate is None):
            raise ValueError("give either crf or bitrate")
        if self.bitrate is not None and self.max_bitrate is not None:
            raise ValueError("max_bitrate caps crf; with bitrate leave it out")
        if self.crf is not None and self.codec in {"h264", "hevc"} and self.crf > 51:
            raise ValueError(f"crf for {self.codec} is at most 51")
        if not self._preset_known():
            numbers = f" or 0 to {_NUMBERED[self.codec]}" if self.codec in _NUMBERED else ""
            raise ValueError(f"unknown preset {self.preset!r}; known: {', '.join(PRESETS)}{numbers}")
        if self.fps is not None:
            try:
                parse_frame_rate(self.fps)
            except InvalidSpec as error:
                raise ValueError(str(error)) from error
        if self.container not in CONTAINERS:
            raise ValueError(f"unknown container {self.container!r}; known: {', '.join(sorted(CONTAINERS))}")
        held = CONTAINERS[self.container]
        if self.codec not in held.video:
            raise ValueError(f"{self.container} cannot hold {self.codec}")
        if self.audio_codec not in held.audio and self.audio_codec != "copy":
            raise ValueError(f"{self.container} cannot hold {self.audio_codec} audio")
        if self.fit is not Fit.CONTAIN and (self.width is None or self.height is None):
            raise ValueError(f"fit={self.fit} needs both width and height")
        return self

    def _preset_known(self) -> bool:
        if self.preset in PRESETS:
            return True
        return self.preset.isdigit() and int(self.preset) <= _NUMBERED.get(self.codec, -1)
