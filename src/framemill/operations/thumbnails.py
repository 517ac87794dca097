"""Still pictures at given or evenly spaced times, or the best ones."""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from framemill.commands import looks, opening, source, spaced, still
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
# Pictures looked at for each one taken, and in all.
_LOOKS = 8
_MOST_LOOKS = 600
# Up to here decoding everything costs seconds at most.
_SHORT_US = 120 * US
# Keyframes whose distance is unknown.
_FAR_US = 10 * US
_FILLED = "out/chosen.json"


class Thumbnails(Spec):
    """Make still pictures, the right way up and in the right shape and colours."""

    op: Literal["thumbnails"] = "thumbnails"
    version: Literal[1] = 1
    at: tuple[Time, ...] | None = Field(
        None, min_length=1, max_length=1000, description="Times to take, instead of `count`."
    )
    count: int = Field(
        5, ge=1, le=1000, description="How many, at i/(count+1) of the duration: never the black first frame."
    )
    best: bool = Field(
        False,
        description="Take the best picture of each equal share of the video: sharp, rich in contrast, never "
        "black, white or blurred.",
    )
    avoid_bad: bool = Field(
        False,
        description="At each evenly spaced time take the nearest picture that is not black or blurred.",
    )
    width: int = Field(720, ge=16, le=16_384, description="Width in pixels; a smaller source keeps its own.")
    format: still.Format = Field("jpg", description="Image format: jpg, png, webp or avif.")

    @model_validator(mode="after")
    def _times_or_choice(self) -> "Thumbnails":
        if self.at is not None and (self.best or self.avoid_bad):
            raise ValueError("times given with `at` are taken as they are: leave best and avoid_bad out")
        return self


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a picture is, in seconds: the seek, and its distance from there and from the file's start."""

    enter: str | None  # None: not sought
    after: str
    at: str


def plan(spec: Thumbnails, planning: Planning) -> Work:
    """One step: a process that seeks to all times at once, then one more for each that gave nothing."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    times = _times(spec, promises.end_of(product.media, stream)[0])
    size = _size(spec, stream)
    outputs = tuple(_output(spec, planning, number, size) for number in range(1, len(times) + 1))
    choice, places = _places(spec, planning, product, stream, times)
    wanted = list(zip(places, outputs, strict=True))
    batches = [wanted[n : n + _AT_ONCE] for n in range(0, len(wanted), _AT_ONCE)]
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{len(times)} pictures, {size[0]}x{size[1]} {spec.format}",
        commands=(
            *choice,
            *(_together(spec, planning, product, stream, size, batch) for batch in batches),
            *(_alone(spec, planning, product, stream, size, at, output) for at, output in wanted),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=outputs,
        estimate=_estimate(stream, size, len(times) * (3 if choice else 1)),
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


def _places(
    spec: Thumbnails, planning: Planning, product: Product, stream: VideoStream, times: tuple[int, ...]
) -> tuple[tuple[Command, ...], tuple[_Place, ...]]:
    """Where the pictures are taken, or the command that chooses that."""
    if spec.best or spec.avoid_bad:
        known = (
            _Place(*(f"{{{word}_{n}}}" for word in ("enter", "after", "at")))
            for n in range(1, len(times) + 1)
        )
        return (_choice(spec, planning, product, stream, times),), tuple(known)
    half = _half_us(stream)
    places = []
    for at in times:
        enter = opening.entry(product.media, at)
        places.append(
            _Place(seconds(enter) if enter else None, seconds(at - enter - half), seconds(at - half))
        )
    return (), tuple(places)


def _choice(
    spec: Thumbnails, planning: Planning, product: Product, stream: VideoStream, times: tuple[int, ...]
) -> Command:
    """Looks at several pictures around each, at keyframe cost where those are near enough."""
    media = product.media
    end = promises.end_of(media, stream)[0]
    each = max(2, min(_LOOKS, _MOST_LOOKS // len(times)))
    interval = max(1, end // (each * len(times)))
    light, edges = (f"out/{planning.name}-{what}.txt" for what in ("light", "edges"))
    sparse = (media.keyframe_interval_us or _FAR_US) > 2 * interval
    cheap = spaced.keyframes_only(interval, capabilities=planning.capabilities, shrunk=False)
    # Decoding all of a short video costs little; of a long one only where keyframes are too few.
    ways = ((),) if sparse and end <= _SHORT_US else (cheap, ())
    passes = [
        (
            *("-nostdin", "-hide_banner", "-y"),
            *source.read("source", demuxer=media.container, before=("-noautorotate", *way)),
            *("-map", f"0:{stream.index}"),
            *(
                "-filter:v:0",
                looks.measuring(
                    stream, interval_us=interval, light=light, edges=edges, capabilities=planning.capabilities
                ),
            ),
            *("-fps_mode", "passthrough", "-f", "null", "-"),
        )
        for way in ways
    ]
    wish = {
        "passes": passes,
        "light": light,
        "edges": edges,
        "wanted_us": times,
        "end_us": end,
        "best": spec.best,
        "early_us": opening.earlier(media),
        "half_us": _half_us(stream),
    }
    return Command(tool="builtin", argv=("pick_pictures", _FILLED.removeprefix("out/"), json.dumps(wish)))


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
    batch: list[tuple[_Place, Output]],
) -> Command:
    opened: list[str] = []
    made: list[str] = []
    for number, (place, output) in enumerate(batch):
        opened += source.read(
            "source",
            demuxer=product.media.container,
            before=(
                *(("-ss", place.enter) if place.enter else ()),
                # Several decoders work side by side: each needs but one thread.
                *(("-threads", "1") if len(batch) > 1 else ()),
                # Where the wanted time lies behind the last picture, that one is still there to be shown.
                "-noaccurate_seek",
            ),
        )
        made += _picture(spec, planning, stream, size, output, number=number, after=place.after)
    return Command(
        tool="ffmpeg",
        argv=("-nostdin", "-hide_banner", "-y", *opened, *made),
        filled_from=_FILLED if batch[0][0].at.startswith("{") else None,
    )


def _alone(
    spec: Thumbnails,
    planning: Planning,
    product: Product,
    stream: VideoStream,
    size: tuple[int, int],
    place: _Place,
    output: Output,
) -> Command:
    """Decodes from the start: slow, and finds the picture where seeking went wrong."""
    return Command(
        tool="ffmpeg",
        argv=(
            *("-nostdin", "-hide_banner", "-y"),
            *source.read("source", demuxer=product.media.container),
            *_picture(spec, planning, stream, size, output, number=0, after=place.at),
        ),
        only_if_missing=output.path,
        filled_from=_FILLED if place.at.startswith("{") else None,
    )


def _picture(
    spec: Thumbnails,
    planning: Planning,
    stream: VideoStream,
    size: tuple[int, int],
    output: Output,
    *,
    number: int,
    after: str,
) -> tuple[str, ...]:
    chain = (
        *_at(stream, after),
        *still.filters(stream, size=size, capabilities=planning.capabilities, image=spec.format),
    )
    return (
        *("-map", f"{number}:{stream.index}"),
        *("-filter:v:0", ",".join(chain)),
        *still.encode(spec.format, capabilities=planning.capabilities),
        f"file:out/{output.path}",
    )


def _at(stream: VideoStream, after: str) -> tuple[str, ...]:
    """Filters that pass the first picture from `after` on; the last one where there is none so late."""
    rate = _LOOK_RATE
    return (
        # Pictures that last long are repeated, so that the one shown at the time has a frame there.
        *((f"fps={rate.numerator}/{rate.denominator}",) if _irregular(stream) else ()),
        # Behind the last picture it is repeated for ever; one is taken.
        "tpad=stop=-1:stop_mode=clone",
        f"select='gte(t,{after})'",
    )


def _irregular(stream: VideoStream) -> bool:
    return stream.is_vfr or not stream.frame_rate


def _half_us(stream: VideoStream) -> int:
    return round(US / (_LOOK_RATE if _irregular(stream) else stream.frame_rate) / 2)


def _estimate(stream: VideoStream, size: tuple[int, int], count: int) -> Estimate:
    # A seek decodes half a second or so of video; 0.15 bytes a pixel is a usual JPEG.
    cpu_ms = count * (30 + round(stream.width * stream.height * float(stream.frame_rate) / 800_000))
    return Estimate(cpu_ms=cpu_ms, wall_ms=cpu_ms // 2, output_bytes=round(count * size[0] * size[1] * 0.15))
