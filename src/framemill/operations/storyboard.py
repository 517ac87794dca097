"""Sheets of small pictures and a WebVTT index, which players show above the scrub bar."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Literal

from pydantic import Field

from framemill.commands import source, spaced, still
from framemill.domain import storyboard
from framemill.domain.estimates import decoding
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Estimate, Output, Promise, Role, Step, StepInput
from framemill.domain.storyboard import Layout
from framemill.domain.units import US, seconds
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec
from framemill.operations.building.naming import in_folder
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec, Time

# libwebp takes no larger side; no browser likes to decode a larger sheet either.
_MOST_SIDE = 16_383
_MOST_PICTURES = 5000
# Up to here decoding everything costs little, and pictures are exact: two minutes of 480p, twenty seconds
# of 1080p. It is a decode of its own: a few slow pictures beside renditions and two encodes of the sound
# brought ffmpeg 9 to a standstill, each output waiting for another (seen on a damaged transport stream,
# five times of six).
_CHEAP_CPU_MS = 3000
INDEX = "storyboard.vtt"


class Storyboard(Spec):
    """Make sprite sheets and a WebVTT index of them, for previews while scrubbing."""

    op: Literal["storyboard"] = "storyboard"
    version: Literal[1] = 1
    interval: Time | None = Field(
        None,
        ge=US // 10,
        description="Time between pictures. Unset: whole seconds that make about 100 pictures.",
    )
    columns: int = Field(10, ge=1, le=100, description="Pictures in a row of a sheet.")
    rows: int = Field(10, ge=1, le=100, description="Rows of a sheet.")
    width: int = Field(160, ge=16, le=1280, multiple_of=2, description="Width of a picture in pixels.")
    format: Literal["jpg", "webp"] = Field("jpg", description="Image format of the sheets: jpg or webp.")


def plan(spec: Storyboard, planning: Planning) -> Work:
    """One step; of a video that would take long only keyframes are decoded."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    layout = _layout(spec, product.media, stream)
    outputs = _outputs(spec, planning, layout)
    exact = _exact(product.media, stream, layout)
    sampled = spaced.middle_of_each if exact else spaced.first_of_each
    chain = (
        *sampled(layout.interval_us, layout.count),
        *_small(spec, planning, stream, layout),
        f"tile={layout.columns}x{layout.rows}",
    )
    encoded = ("-fps_mode", "passthrough", *still.sheets(spec.format, capabilities=planning.capabilities))
    said = f"{layout.count} pictures, one each {seconds(layout.interval_us)} s"
    args = (*encoded, "-f", "image2", f"file:out/{outputs[0].path}")
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=said,
        commands=(
            *_sheets(product, stream, layout, chain, args, _ways(planning, stream, layout, exact=exact)),
            _index(spec, layout, outputs),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=outputs,
        estimate=_estimate(layout) + _cost(product.media, stream, layout, exact=exact),
    )
    return Work(steps=(step,), notes=(f"{planning.name}: {said}{'' if exact else ': the keyframe there'}",))


def _layout(spec: Storyboard, media: MediaInfo, stream: VideoStream) -> Layout:
    wanted_us = spec.interval or storyboard.usual_interval(media.duration_us)
    interval = min(wanted_us, max(media.duration_us, storyboard.LEAST_US))
    width = min(spec.width, max(2, stream.display_width & ~1))
    height = max(2, round(Fraction(stream.display_height * width, stream.display_width) / 2) * 2)
    wanted = Layout(
        duration_us=media.duration_us,
        interval_us=interval,
        columns=spec.columns,
        rows=spec.rows,
        width=width,
        height=height,
    )
    if wanted.count > _MOST_PICTURES:
        raise InvalidSpec(
            f"interval: that would be {wanted.count} pictures, more than {_MOST_PICTURES}",
            hint="choose a longer interval",
        )
    # A sheet that would not be filled is no larger than its pictures need.
    columns = min(spec.columns, wanted.count)
    layout = replace(wanted, columns=columns, rows=min(spec.rows, -(-wanted.count // columns)))
    if max(layout.sheet_size) > _MOST_SIDE:
        across, down = layout.sheet_size
        raise InvalidSpec(
            f"a sheet would be {across}x{down}, and no side may exceed {_MOST_SIDE} pixels",
            hint="choose fewer columns or rows, or a smaller width",
        )
    return layout


def _exact(media: MediaInfo, stream: VideoStream, layout: Layout) -> bool:
    """True where keyframes are too rare for the pictures wanted, and decoding everything costs little."""
    known = media.keyframe_interval_us
    rare = known is None or known > layout.interval_us
    return rare and _whole(media, stream).cpu_ms <= _CHEAP_CPU_MS


def _small(spec: Storyboard, planning: Planning, stream: VideoStream, layout: Layout) -> tuple[str, ...]:
    """From a decoded frame to a picture of the sheet, in the sheet's colours."""
    size = (layout.width, layout.height)
    shown = replace(stream, field_order="progressive")
    smaller: tuple[str, ...] = ()
    if stream.hdr is not None:
        # Tone-mapping a 4K picture costs a thousand times what it costs at this size.
        smaller = (f"scale=w={size[0]}:h={size[1]}:flags=bicubic",)
        shown = replace(shown, width=size[0], height=size[1], rotation=0, sar=Fraction(1))
    filters = still.filters(shown, size=size, capabilities=planning.capabilities, image=spec.format)
    return (*spaced.whole_frames(stream), *smaller, *filters)


def _sheets(
    product: Product,
    stream: VideoStream,
    layout: Layout,
    chain: tuple[str, ...],
    args: tuple[str, ...],
    ways: Sequence[tuple[str, ...]],
) -> tuple[Command, ...]:
    """One command for each of the `ways` to read the source, run where those before gave nothing."""
    pattern = args[-1].removeprefix("file:out/")
    return tuple(
        Command(
            tool="ffmpeg",
            argv=(
                *("-nostdin", "-hide_banner", "-y"),
                *source.read("source", demuxer=product.media.container, before=before),
                *("-map", f"0:{stream.index}"),
                *("-filter:v:0", ",".join(chain)),
                *args,
            ),
            duration_us=layout.duration_us,
            only_if_missing=missing,
        )
        for before, missing in zip(ways, (None, pattern % 1), strict=False)
    )


def _ways(
    planning: Planning, stream: VideoStream, layout: Layout, *, exact: bool
) -> tuple[tuple[str, ...], ...]:
    """Input options: keyframes only, and all pictures where they give nothing; all at once where exact."""
    if exact:
        return ((),)
    cheap = spaced.keyframes_only(
        layout.interval_us,
        capabilities=planning.capabilities,
        shrunk=2 * layout.width <= stream.display_width,
    )
    return (cheap, ())


def _outputs(spec: Storyboard, planning: Planning, layout: Layout) -> tuple[Output, Output]:
    sheet = f"sprite_%03d.{spec.format}"
    width, height = layout.sheet_size
    return (
        Output(
            id=f"{planning.name}/sheets",
            path=f"{planning.name}-{sheet}",
            publish=in_folder(spec, sheet),
            role=Role.STORYBOARD,
            promise=Promise(kind="image", width=width, height=height, files=layout.sheets),
        ),
        Output(
            id=f"{planning.name}/index",
            path=f"{planning.name}.vtt",
            publish=in_folder(spec, INDEX),
            role=Role.STORYBOARD,
            promise=Promise(kind="data"),
        ),
    )


def _index(spec: Storyboard, layout: Layout, outputs: tuple[Output, Output]) -> Command:
    sheets, index = outputs
    wish = {"layout": asdict(layout), "published": f"sprite_%03d.{spec.format}"}
    return Command(
        tool="builtin", argv=("storyboard_index", sheets.path, index.path, json.dumps(wish, sort_keys=True))
    )


def _estimate(layout: Layout) -> Estimate:
    # 0.2 bytes a pixel is a usual JPEG of small pictures, 3 ms what scaling one takes.
    pixels = layout.count * layout.width * layout.height
    return Estimate(cpu_ms=3 * layout.count, wall_ms=3 * layout.count, output_bytes=pixels // 5)


def _cost(media: MediaInfo, stream: VideoStream, layout: Layout, *, exact: bool) -> Estimate:
    if exact:
        return _whole(media, stream)
    # A keyframe costs about three usual pictures.
    size = (stream.width, stream.height)
    return decoding(size=size, rate=Fraction(3), duration_us=layout.count * US)


def _whole(media: MediaInfo, stream: VideoStream) -> Estimate:
    """What decoding every picture costs."""
    size = (stream.width, stream.height)
    return decoding(size=size, rate=stream.frame_rate, duration_us=media.duration_us)
