"""Re-encoding one file with a profile, of which single fields may be overridden."""

from fractions import Fraction
from typing import Literal

from pydantic import Field

from framemill.commands import picture
from framemill.domain.containers import CONTAINERS, Container
from framemill.domain.media import VideoStream
from framemill.domain.plan import Role
from framemill.domain.profiles import Fit, Profile
from framemill.domain.units import parse_frame_rate
from framemill.domain.work import Work
from framemill.errors import CodecNotInContainer
from framemill.operations.building.companions import Sound, default_sound
from framemill.operations.building.naming import file_name, picture_container
from framemill.operations.building.recoding import recode
from framemill.operations.planning import Planning
from framemill.operations.profiles import changed
from framemill.operations.spec import EvenSide, FrameRate, HardwareWish, Rate, Spec


class Transcode(Spec):
    """Re-encode with a profile; sound tracks, subtitles, chapters and tags go along."""

    op: Literal["transcode"] = "transcode"
    version: Literal[1] = 1
    profile: str = Field("web_1080p", description="How to encode. web_1080p plays in every browser.")
    crf: int | None = Field(None, ge=0, le=63, description="Constant quality instead of the profile's.")
    bitrate: Rate | None = Field(None, description="Target rate instead of constant quality.")
    width: EvenSide | None = Field(None, description="Largest width, or the exact one where `fit` says so.")
    height: EvenSide | None = Field(None, description="Largest height, likewise.")
    fps: FrameRate | None = Field(None, description="Exact frame rate. Unset: the source's own frame times.")
    preset: str | None = Field(None, description="Encoder speed preset instead of the profile's.")
    fit: Fit | None = Field(
        None,
        description="How other shapes meet width and height: contain (inside), pad (black bars), "
        "cover (cropped), stretch.",
    )
    upscale: bool | None = Field(None, description="Enlarge smaller sources. Off: it adds size, not detail.")
    hardware: HardwareWish = None


def plan(spec: Transcode, planning: Planning) -> Work:
    """One tap with the whole file; CodecNotInContainer where the output's ending does not fit."""
    stream = planning.video_of(planning.one(spec.source))
    profile = _profile(spec, planning)
    container = picture_container(spec, CONTAINERS[profile.container], codec=profile.codec)
    done = recode(
        spec,
        planning,
        profile=profile,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=_sound(profile, container, said=spec.output is not None),
        rate=_exact_rate(spec, stream),
        size=_literal_size(spec, profile, stream),
        hardware=spec.hardware,
    )
    return done.work(warnings=_not_enlarged(spec, profile, stream))


def _profile(spec: Transcode, planning: Planning) -> Profile:
    return changed(
        planning.profile(spec.profile),
        crf=spec.crf,
        bitrate=spec.bitrate,
        width=spec.width,
        height=spec.height,
        fps=spec.fps,
        preset=spec.preset,
        fit=spec.fit,
        upscale=spec.upscale,
    )


def _sound(profile: Profile, container: Container, *, said: bool) -> Sound:
    if profile.audio_codec == "copy":
        return Sound(
            codec=default_sound(container),
            bitrate=profile.audio_bitrate,
            channels=profile.channels,
            copied=container.audio,
        )
    codec: str = profile.audio_codec
    if codec not in container.audio:
        if not said:
            raise CodecNotInContainer(codec=codec, container=container.name, holds=container.audio)
        # The user named another container than the profile's: its usual sound is meant.
        codec = default_sound(container)
    return Sound(
        codec=codec,
        bitrate=profile.audio_bitrate,
        channels=profile.channels,
        copied=frozenset({codec}),
        copy_up_to=profile.audio_bitrate,
    )


def _exact_rate(spec: Transcode, stream: VideoStream) -> Fraction | None:
    if spec.fps is None:
        return None
    rate = parse_frame_rate(spec.fps)
    return None if rate == stream.frame_rate and not stream.is_vfr else rate


def _literal_size(spec: Transcode, profile: Profile, stream: VideoStream) -> tuple[int, int] | None:
    """A size that the request names means what it says, whichever way the picture stands."""
    if spec.width is None and spec.height is None:
        return None
    # One side named: the other follows the shape, whatever the profile's limit for it.
    return picture.placed(
        stream,
        width=spec.width if profile.fit is Fit.CONTAIN else profile.width,
        height=spec.height if profile.fit is Fit.CONTAIN else profile.height,
        fit=profile.fit,
        upscale=profile.upscale,
    )


def _not_enlarged(spec: Transcode, profile: Profile, stream: VideoStream) -> tuple[str, ...]:
    if profile.fit is not Fit.CONTAIN or profile.upscale:
        return ()
    asked = [(spec.width, stream.display_width), (spec.height, stream.display_height)]
    if all(want is None or want <= own for want, own in asked):
        return ()
    shown = f"{stream.display_width}x{stream.display_height}"
    return (f"the source is {shown} and is not enlarged; set upscale to do so",)
