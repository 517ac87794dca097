"""Still pictures at given or evenly spaced times."""

from fractions import Fraction
from typing import Literal

from pydantic import Field

from framemill.commands import opening, source, still
from framemill.domain import promises
from framemill.domain.media import VideoStream
from framemill.domain.plan import Command, Estimate, Output, Promise, Role, Step, StepInput
from framemill.domain.units import US, seconds
from framemill.domain.work import Product, Work
from framemill.errors import TimeOutOfRange
from framemill.operations.building.naming import in_folder
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec, Time

# Inputs that one process opens: each holds a decoder's memory.
_AT_ONCE = 8
# Rate at which sources without one of their own are looked at.
_LOOK_RATE = Fraction(50)


class Thumbnails(Spec):
    """Make still pictures, the right way up and in the right shape and colours."""

    op: Literal["thumbnails"] = "thumbnails"
    version: Literal[1] = 1
    at: tuple[Time, ...] | None = Field(None, min_length=1, description="Times to take, instead of `count`.")
    count: int = Field(
        5, ge=1, le=1000, description="How many, at i/(count+1) of the duration: never the black first frame."
    )
    width: int = Field(720, ge=16, le=16_384, description="Width in pixels; a smaller source keeps its own.")
    format: still.Format = Field("jpg", description="Image format: jpg, png, webp or avif.")


def plan(spec: Thumbnails, planning: Planning) -> Work:
    """One step: a process that seeks to all times at once, then one more for each that gave nothing."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    times = _times(spec, promises.end_of(product.media, stream)[0])
    size = _size(spec, stream)
    outputs = tuple(_output(spec, planning, number, size) for number in range(1, len(times) + 1))
    wanted = list(zip(times, outputs, strict=True))
    batches = [wanted[n : n + _AT_ONCE] for n in range(0, len(wanted), _AT_ONCE)]
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{len(times)} pictures, {size[0]}x{size[1]} {spec.format}",
        commands=(
            *(_together(spec, planning, product, stream, size, batch) for batch in batches),
            *(_alone(spec, planning, product, stream, size, at, output) for at, output in wanted),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=outputs,
        estimate=_estimate(stream, size, len(times)),
    )
    return Work(steps=(step,))


def _times(spec: Thumbnails, end_us: int) -> tuple[int, ...]:
    if spec.at is None:
        return tuple(end_us * i // (spec.count + 1) for i in range(1, spec.count + 1))
    late = [at for at in spec.at if at > end_us]
    if late:
        raise TimeOutOfRange(
            f"there is no picture at {seconds(late[0])} s: the video ends at {seconds(end_us)} s",
            hint="choose times inside the video",
        )
    return tuple(spec.at)


def _size(spec: Thumbnails, stream: VideoStream) -> tuple[int, int]:
    width = min(spec.width, stream.display_width)
    height = max(1, round(Fraction(stream.display_height * width, stream.display_width)))
    # AVIF's usual 4:2:0 is safest in even sizes; the other formats take any.
    return (width, height) if spec.format != "avif" else (max(2, width & ~1), max(2, height & ~1))


def _output(spec: Thumbnails, planning: Planning, number: int, size: tuple[int, int]) -> Output:
    name = f"thumb_{number:03}.{spec.format}"
    return Output(
        id=f"{planning.name}/{number}",
        path=f"{planning.name}-{name}",
        publish=in_folder(spec, name),
        role=Role.THUMBNAIL,
        promise=Promise(kind="image", width=size[0], height=size[1]),
    )


def _together(
    spec: Thumbnails,
    planning: Planning,
    product: Product,
    stream: VideoStream,
    size: tuple[int, int],
    batch: list[tuple[int, Output]],
) -> Command:
    opened: list[str] = []
    made: list[str] = []
    for number, (at, output) in enumerate(batch):
        enter = opening.entry(product.media, at)
        opened += source.read(
            "source",
            demuxer=product.media.container,
            start_us=enter,
            before=(
                # Several decoders work side by side: each needs but one thread.
                *(("-threads", "1") if len(batch) > 1 else ()),
                # Where the wanted time lies behind the last picture, that one is still there to be shown.
                "-noaccurate_seek",
            ),
        )
        made += _picture(spec, planning, stream, size, output, number=number, after_us=at - enter)
    return Command(tool="ffmpeg", argv=("-nostdin", "-hide_banner", "-y", *opened, *made))


def _alone(
    spec: Thumbnails,
    planning: Planning,
    product: Product,
    stream: VideoStream,
    size: tuple[int, int],
    at: int,
    output: Output,
) -> Command:
    """Decodes from the start: slow, and finds the picture where seeking went wrong."""
    return Command(
        tool="ffmpeg",
        argv=(
            *("-nostdin", "-hide_banner", "-y"),
            *source.read("source", demuxer=product.media.container),
            *_picture(spec, planning, stream, size, output, number=0, after_us=at),
        ),
        only_if_missing=output.path,
    )


def _picture(
    spec: Thumbnails,
    planning: Planning,
    stream: VideoStream,
    size: tuple[int, int],
    output: Output,
    *,
    number: int,
    after_us: int,
) -> tuple[str, ...]:
    chain = (
        *_at(stream, after_us),
        *still.filters(stream, size=size, capabilities=planning.capabilities, image=spec.format),
    )
    return (
        *("-map", f"{number}:{stream.index}"),
        *("-filter:v:0", ",".join(chain)),
        *still.encode(spec.format, capabilities=planning.capabilities),
        f"file:out/{output.path}",
    )


def _at(stream: VideoStream, after_us: int) -> tuple[str, ...]:
    """Filters that pass the picture shown at `after_us`; the last one where there is none so late."""
    # Pictures that last long are repeated, so that the one shown at the time has a frame there.
    steady = stream.is_vfr or not stream.frame_rate
    rate = _LOOK_RATE if steady else stream.frame_rate
    half = round(US / rate / 2)
    return (
        *((f"fps={rate.numerator}/{rate.denominator}",) if steady else ()),
        # Behind the last picture it is repeated for ever; one is taken.
        "tpad=stop=-1:stop_mode=clone",
        f"select='gte(t,{seconds(after_us - half)})'",
    )


def _estimate(stream: VideoStream, size: tuple[int, int], count: int) -> Estimate:
    # A seek decodes half a second or so of video; 0.15 bytes a pixel is a usual JPEG.
    cpu_ms = count * (30 + round(stream.width * stream.height * float(stream.frame_rate) / 800_000))
    return Estimate(cpu_ms=cpu_ms, wall_ms=cpu_ms // 2, output_bytes=round(count * size[0] * size[1] * 0.15))
