"""A light copy for editing: small picture, few frames, modest sound."""

from fractions import Fraction
from typing import Literal

from pydantic import Field

from framemill.commands import picture
from framemill.domain.containers import CONTAINERS
from framemill.domain.media import VideoStream
from framemill.domain.plan import Role
from framemill.domain.units import parse_frame_rate
from framemill.domain.work import Work
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.naming import file_name, picture_container
from framemill.operations.building.recoding import recode
from framemill.operations.planning import Planning
from framemill.operations.profiles import make_profile
from framemill.operations.spec import EvenSide, FrameRate, HardwareWish, Rate, Spec


class Proxy(Spec):
    """Make a light H.264 copy for editing, playable while it loads."""

    op: Literal["proxy"] = "proxy"
    version: Literal[1] = 1
    width: EvenSide = Field(854, description="Largest width.")
    height: EvenSide = Field(480, description="Largest height. 854x480 keeps faces readable at little cost.")
    fps: FrameRate = Field("10", description="Frame rate. 10: enough to find a place to cut.")
    crf: int = Field(23, ge=0, le=51, description="Constant quality; lower is better.")
    preset: str = Field("medium", description="Encoder speed preset.")
    audio_bitrate: Rate = Field(128_000, description="AAC rate for stereo; more channels are mixed down.")
    hardware: HardwareWish = None


def plan(spec: Proxy, planning: Planning) -> Work:
    """One tap; a source below the limits keeps its own size and rate."""
    stream = planning.video_of(planning.one(spec.source))
    container = picture_container(spec, CONTAINERS["mp4"], codec="h264")
    codec = "aac" if "aac" in container.audio else default_sound(container)
    done = recode(
        spec,
        planning,
        profile=make_profile(codec="h264", crf=spec.crf, preset=spec.preset),
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.PROXY,
        wish=Sound(
            codec=codec,
            bitrate=spec.audio_bitrate,
            channels=2,
            copied=frozenset({codec}),
            copy_up_to=spec.audio_bitrate,
        ),
        rate=_rate(spec, stream),
        size=picture.contained(stream, spec.width, spec.height),
        hardware=spec.hardware,
    )
    return done.work()


def _rate(spec: Proxy, stream: VideoStream) -> Fraction | None:
    wanted = parse_frame_rate(spec.fps)
    return wanted if stream.frame_rate > wanted else None
