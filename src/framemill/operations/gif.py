"""A short moving picture that plays anywhere a still one is shown: GIF, animated WebP or APNG."""

from fractions import Fraction
from math import ceil
from typing import Literal

from pydantic import Field

from framemill.commands import moving, opening, source
from framemill.commands.moments import held
from framemill.commands.moving import Format
from framemill.domain import promises
from framemill.domain.estimates import decoding
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Estimate, Output, Promise, Role, Step, StepInput
from framemill.domain.units import US, format_size, parse_frame_rate, seconds
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec, TimeOutOfRange
from framemill.operations.building.excerpts import rate_of
from framemill.operations.building.naming import file_name
from framemill.operations.planning import Planning
from framemill.operations.spec import FrameRate, Spec, Time

# Endings that each format is known by, the usual one first.
_ENDINGS: dict[Format, tuple[str, ...]] = {"gif": ("gif",), "webp": ("webp",), "apng": ("png", "apng")}
# Viewers slow down what asks for more.
_MOST_FPS = 50
# A palette is known only after the last frame; until then all are held.
_MOST_HELD = 2 * 1024**3
# Bytes a pixel and frame: seen on films; flat drawings take a tenth.
_BYTES = {"gif": 0.55, "webp": 0.13, "apng": 1.6}
_ROUNDING_US = 20_000


class Gif(Spec):
    """Make an animated GIF, WebP or PNG."""

    op: Literal["gif"] = "gif"
    version: Literal[1] = 1
    start: Time = Field(0, description="Where it begins.")
    duration: Time = Field(
        3 * US,
        ge=US // 10,
        le=120 * US,
        description="How long it is, up to two minutes; a shorter video is used whole.",
    )
    fps: FrameRate = Field("12", description="Frames a second, up to 50. 12: moves well at half the size.")
    width: int = Field(480, ge=16, le=4096, description="Largest width.")
    format: Format | None = Field(
        None,
        description="gif, webp (a fifth of the size) or apng (every colour, large); "
        "the output's ending where unset, else gif.",
    )
    loop: int = Field(0, ge=-1, le=65_535, description="How often it plays: 0 for ever, 1 (or -1) once.")


def plan(spec: Gif, planning: Planning) -> Work:
    """One step that reads the window only; TimeOutOfRange where `start` lies behind the end."""
    product = planning.one(spec.source)
    media, stream = product.media, planning.video_of(product)
    image = _format(spec)
    rate = _rate(spec, stream)
    length = _length(spec, media, stream)
    frames = max(1, ceil(length * rate / US))
    size = _size(spec, stream)
    _refuse_too_large(image, size, frames)
    output = Output(
        id=f"{planning.name}/file",
        path=f"{planning.name}.{_ENDINGS[image][0]}",
        publish=file_name(spec, planning, _ENDINGS[image][0]),
        role=Role.PREVIEW,
        promise=Promise(
            kind="image",
            width=size[0],
            height=size[1],
            # A single frame is a still picture. WebP joins frames that are alike.
            duration_us=round(frames * US / rate) if frames > 1 else None,
            tolerance_us=_ROUNDING_US,
            frames=frames if image != "webp" else None,
        ),
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{image} of {seconds(length)} s from {seconds(spec.start)} s",
        commands=_commands(spec, planning, media, stream, output, image=image, rate=rate, frames=frames),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        estimate=_estimate(stream, image, size, frames, length),
    )
    told = f"{frames} frames of {size[0]}x{size[1]}, {seconds(length)} s from {seconds(spec.start)} s"
    return Work(
        steps=(step,),
        products=_products(planning, output, step, rate),
        notes=(f"{planning.name}: {told}, {_played(spec)}",),
        warnings=("this ffmpeg has no libvpx: what is transparent becomes opaque",)
        if moving.opaque(stream, planning.capabilities)
        else (),
    )


def _format(spec: Gif) -> Format:
    if spec.output is None:
        return spec.format or "gif"
    ending = spec.output.rpartition("/")[2].rpartition(".")[2].lower()
    named = next((image for image, endings in _ENDINGS.items() if ending in endings), None)
    if named is None or spec.format not in {None, named}:
        wanted = _ENDINGS[spec.format] if spec.format else ("gif", "webp", "png")
        raise InvalidSpec(
            f"{spec.output!r} does not end as a moving picture{f' of {spec.format}' if spec.format else ''}",
            hint=f"end it with .{' or .'.join(wanted)}",
        )
    return named


def _rate(spec: Gif, stream: VideoStream) -> Fraction:
    if parse_frame_rate(spec.fps) > _MOST_FPS:
        raise InvalidSpec(
            f"{spec.fps} frames a second are more than viewers play", hint=f"ask for {_MOST_FPS} or fewer"
        )
    return rate_of(spec.fps, stream, duration_us=spec.duration)


def _length(spec: Gif, media: MediaInfo, stream: VideoStream) -> int:
    end = promises.end_of(media, stream)[0]
    if spec.start >= end:
        raise TimeOutOfRange(
            f"it would start at {seconds(spec.start)} s but the picture ends at {seconds(end)} s",
            hint="choose an earlier start",
        )
    return min(spec.duration, end - spec.start)


def _size(spec: Gif, stream: VideoStream) -> tuple[int, int]:
    width = min(spec.width, stream.display_width)
    return width, max(1, round(Fraction(stream.display_height * width, stream.display_width)))


def _refuse_too_large(image: Format, size: tuple[int, int], frames: int) -> None:
    held = frames * size[0] * size[1] * 4
    if image == "gif" and held > _MOST_HELD:
        raise InvalidSpec(
            f"{frames} frames of {size[0]}x{size[1]} take {format_size(held)} of memory",
            hint="ask for less width, fps or duration, or for webp",
        )


def _commands(
    spec: Gif,
    planning: Planning,
    media: MediaInfo,
    stream: VideoStream,
    output: Output,
    *,
    image: Format,
    rate: Fraction,
    frames: int,
) -> tuple[Command, ...]:
    enter = opening.entry(media, spec.start)
    picked = (*held(rate, spec.start - enter), f"trim=end_frame={frames}")
    promise = output.promise
    assert promise.width is not None
    assert promise.height is not None
    head = (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read(
            "source",
            demuxer=media.container,
            start_us=enter,
            # Pictures before the start are needed: one of them may be the one shown there.
            before=("-noaccurate_seek", *moving.transparent_decoder(stream, planning.capabilities)),
        ),
        "-filter_complex",
        moving.graph(
            stream,
            picked,
            size=(promise.width, promise.height),
            capabilities=planning.capabilities,
            image=image,
        ),
        *("-map", "[made]", "-fps_mode", "passthrough", "-map_metadata", "-1"),
    )
    plays = abs(spec.loop)
    name = output.path
    made = moving.encode(image, plays=plays, capabilities=planning.capabilities)
    command = Command(tool="ffmpeg", argv=(*head, *made, f"file:out/{name}"), duration_us=promise.duration_us)
    if image != "webp" or frames == 1:
        return (command,)
    alone = moving.encode(image, plays=plays, capabilities=planning.capabilities, alone=True)
    return (
        command,
        # Where nothing moves all frames become one, and the file a still picture of no length.
        Command(tool="builtin", argv=("remove_still", name)),
        Command(tool="ffmpeg", argv=(*head, *alone, f"file:out/{name}"), only_if_missing=name),
    )


def _estimate(
    stream: VideoStream, image: Format, size: tuple[int, int], frames: int, length: int
) -> Estimate:
    pixels = size[0] * size[1] * frames
    # Encoding handles about ten million pixels a second in each format.
    encoding = Estimate(
        cpu_ms=pixels // 10_000, wall_ms=pixels // 10_000, output_bytes=round(pixels * _BYTES[image])
    )
    return encoding + decoding(size=(stream.width, stream.height), rate=stream.frame_rate, duration_us=length)


def _products(planning: Planning, output: Output, step: Step, rate: Fraction) -> tuple[Product, ...]:
    """What later operations can read, which of these formats is GIF alone."""
    promise = output.promise
    if not output.path.endswith(".gif") or promise.duration_us is None:
        return ()
    assert promise.width is not None
    assert promise.height is not None
    shown = VideoStream(
        index=0,
        codec="gif",
        width=promise.width,
        height=promise.height,
        frame_rate=rate,
        pixel_format="bgra",
        duration_us=promise.duration_us,
    )
    made = MediaInfo(
        container="gif",
        duration_us=promise.duration_us,
        size=step.estimate.output_bytes,
        video=(shown,),
    )
    return (Product(ref=output.id, label=planning.name, media=made),)


def _played(spec: Gif) -> str:
    plays = abs(spec.loop)
    return "played for ever" if plays == 0 else "played once" if plays == 1 else f"played {plays} times"
