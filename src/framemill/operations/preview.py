"""A short silent clip that shows what a video is."""

from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from framemill.commands import moments, muxing, opening, picture, source, video
from framemill.commands.moments import Moments
from framemill.domain import finished, promises
from framemill.domain.containers import CONTAINERS
from framemill.domain.estimates import encoding
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Output, Promise, Role, Step, StepInput
from framemill.domain.units import US, seconds
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec, TimeOutOfRange
from framemill.operations.building.excerpts import rate_of
from framemill.operations.building.naming import file_name, picture_container
from framemill.operations.planning import Planning
from framemill.operations.profiles import make_profile
from framemill.operations.spec import EvenSide, FrameRate, Spec, Time

# Fewer frames of a moment are a flicker.
_LEAST_FRAMES = 2


class Preview(Spec):
    """Make a short silent H.264 clip."""

    op: Literal["preview"] = "preview"
    version: Literal[1] = 1
    start: Time | None = Field(
        None, description="Where it begins. Unset: a third into the video, past titles and black."
    )
    duration: Time = Field(3 * US, ge=US // 10, description="How long it is; a shorter video is used whole.")
    montage: int | None = Field(
        None,
        ge=2,
        le=20,
        description="Join so many moments from all over the video; `duration` is their sum.",
    )
    width: EvenSide = Field(360, description="Largest width.")
    fps: FrameRate = Field("15", description="Frame rate. 15: smooth enough at half the size.")
    crf: int = Field(26, ge=0, le=51, description="Constant quality; lower is better.")
    preset: str = Field("medium", description="Encoder speed preset.")

    @model_validator(mode="after")
    def _one_way(self) -> "Preview":
        if self.montage is not None and self.start is not None:
            raise ValueError("a montage takes moments from the whole video: leave start out")
        return self


def plan(spec: Preview, planning: Planning) -> Work:
    """One step that reads the window only; TimeOutOfRange where `start` lies behind the end."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    end = promises.end_of(product.media, stream)[0]
    rate = rate_of(spec.fps, stream, duration_us=spec.duration)
    starts, frames = _montage(spec, end, rate) if spec.montage else ((), ())
    start, length = (starts[0], _lasting(sum(frames), rate)) if starts else _window(spec, end)
    size = picture.contained(stream, spec.width, None)
    container = picture_container(spec, CONTAINERS["mp4"], codec="h264")
    profile = make_profile(codec="h264", crf=spec.crf, preset=spec.preset, container=container.name)
    filters = picture.filters_for(stream, size=size, capabilities=planning.capabilities, from_zero=False)
    # Fields are joined while neighbours are still there; all else is done only to what is shown.
    joined = len(picture.deinterlaced(stream, planning.capabilities))
    pictures = (
        _moments(
            Moments(media=product.media, video=stream, starts=starts, frames=frames, rate=rate),
            filters[:joined],
            filters[joined:],
        )
        if starts
        else _one(product.media, stream, start, length, rate, filters, joined)
    )
    output = Output(
        id=f"{planning.name}/file",
        path=f"{planning.name}.{container.extension}",
        publish=file_name(spec, planning, container.extension),
        role=Role.PREVIEW,
        promise=Promise(
            kind="media",
            duration_us=length,
            frame_us=promises.frame_us(rate),
            frames=sum(frames) or None,
            width=size[0],
            height=size[1],
            video_codec="h264",
            audio_codecs=(),
        ),
    )
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *pictures,
        *video.encode(profile, rate=rate, capabilities=planning.capabilities),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *muxing.finished(container.name),
        f"file:out/{output.path}",
    )
    estimate = encoding(codec="h264", size=size, rate=rate, duration_us=length, preset=spec.preset)
    said = f"{seconds(length)} s from {seconds(start)} s"
    if starts:
        said = f"{seconds(length)} s of {len(starts)} moments"
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"preview of {said}",
        commands=(Command(tool="ffmpeg", argv=argv, duration_us=length),),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        estimate=estimate,
    )
    made = finished.predicted(
        output.promise, demuxer=container.demuxer, size=estimate.output_bytes, picture=stream, rate=rate
    )
    return Work(
        steps=(step,),
        products=(Product(ref=output.id, label=planning.name, media=made),),
        notes=(f"{planning.name}: silent, {said}",),
    )


def _one(
    media: MediaInfo,
    stream: VideoStream,
    start: int,
    length: int,
    rate: Fraction,
    filters: tuple[str, ...],
    joined: int,
) -> tuple[str, ...]:
    """Input and filters of a window."""
    enter = opening.entry(media, start)
    picked = (
        # Holds each picture until the next, and the first back to the start, so a slide show has no gap.
        f"fps={rate.numerator}/{rate.denominator}:start_time={seconds(start - enter)}",
        f"trim=duration={seconds(length)}",
        "setpts=PTS-STARTPTS",
    )
    return (
        *source.read(
            "source",
            demuxer=media.container,
            start_us=enter,
            # Pictures before the start are needed: one of them may be the one shown there.
            before=("-noaccurate_seek",),
        ),
        *("-map", f"0:{stream.index}"),
        *("-filter:v:0", ",".join((*filters[:joined], *picked, *filters[joined:]))),
    )


def _moments(found: Moments, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Inputs and filters of a montage."""
    graph = moments.graph(found, before=before, after=after)
    return (*moments.opened(found), *("-filter_complex", graph), *("-map", "[v]"))


def _montage(spec: Preview, end: int, rate: Fraction) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the moments begin, each in the middle of its share of the video, and how many frames each has."""
    assert spec.montage is not None
    count = spec.montage
    total = round(min(spec.duration, end) * rate / US)
    if total < _LEAST_FRAMES * count:
        raise InvalidSpec(
            f"{count} moments in {seconds(min(spec.duration, end))} s would be too short to see",
            hint="choose fewer moments or a longer duration",
        )
    frames = tuple(total * (n + 1) // count - total * n // count for n in range(count))
    share = Fraction(end, count)
    starts = (share * n + (share - _lasting(own, rate)) / 2 for n, own in enumerate(frames))
    return tuple(max(0, round(start)) for start in starts), frames


def _lasting(frames: int, rate: Fraction) -> int:
    return round(frames * US / rate)


def _window(spec: Preview, end: int) -> tuple[int, int]:
    if spec.start is not None and spec.start >= end:
        raise TimeOutOfRange(
            f"the preview would start at {seconds(spec.start)} s but the picture ends at {seconds(end)} s",
            hint="choose an earlier start",
        )
    length = min(spec.duration, end)
    start = max(0, min(end // 3, end - length)) if spec.start is None else spec.start
    return start, min(length, end - start)
