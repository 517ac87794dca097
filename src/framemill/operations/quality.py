"""How close one file comes to another: VMAF, PSNR and SSIM, picture by picture."""

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from pydantic import Field

from framemill.commands import opening, picture_times
from framemill.commands.quality import FILLED, MODELS, Side, compared, depth_of, upright
from framemill.domain import promises
from framemill.domain.alignment import Clock
from framemill.domain.estimates import decoding
from framemill.domain.media import VideoStream
from framemill.domain.plan import Command, Estimate, Output, Promise, Role, Step, StepInput
from framemill.domain.quality import Metric
from framemill.domain.units import US, format_time, seconds
from framemill.domain.work import Product, Work
from framemill.errors import InvalidSpec, NotSupported, TimeOutOfRange
from framemill.operations.building.naming import in_folder
from framemill.operations.planning import Planning
from framemill.operations.spec import MediaRef, Shift, Spec, Time

# Shapes that differ by more than this are different pictures: bars, crops, a picture that was turned.
_SHAPE_SLACK = Fraction(3, 100)
# Seeking goes this much further back than is needed, so that the clocks may differ.
_RUN_UP_US = US
# Pixels that one CPU second compares; VMAF measured on 1080p with four threads.
_VMAF_PIXELS = 70_000_000
_OTHER_PIXELS = 400_000_000
_4K_LINES = 1600
# libvmaf crashes at 16 lines or columns.
_VMAF_LEAST = 32


class Quality(Spec):
    """Measure how close a file comes to the one that it was made from, by VMAF, PSNR and SSIM.

    Each picture of the source is compared with the picture of the reference
    that is shown at the same time.
    """

    op: Literal["quality"] = "quality"
    version: Literal[1] = 1
    reference: MediaRef = Field(description="The file to compare with, such as the original.")
    metrics: tuple[Metric, ...] = Field(
        tuple(Metric), min_length=1, description="What to measure: vmaf, psnr, ssim."
    )
    model: Literal["hd", "4k", "phone", "hd_neg", "4k_neg"] = Field(
        "hd",
        description="VMAF for a 1080p television, a 4K one or a phone; neg does not reward sharpening.",
    )
    every: int = Field(
        1, ge=1, le=1000, description="Measure one picture of so many: 5 takes about half the time."
    )
    start: Time | None = Field(None, description="Where to begin, in the source.")
    duration: Time | None = Field(None, gt=0, description="How much to compare.")
    offset: Shift = Field(0, description="How much later the same moment comes in the reference.")
    clock: Clock = Field(
        Clock.AUTO,
        description="What is the same moment: as long after the start of the file, as long after the first "
        "picture, or whichever makes more pictures coincide.",
    )
    threads: int = Field(4, ge=1, le=64, description="Threads that VMAF is computed with.")


def plan(spec: Quality, planning: Planning) -> Work:
    """A step for each product of the source: one process decodes both files once.

    Raises NotSupported where the shapes differ or ffmpeg lacks a filter,
    TimeOutOfRange where `start` lies behind the end.
    """
    products = planning.group(spec.source)
    seen = [product for product in products if product.media.main_video is not None] or products[:1]
    reference = planning.one(spec.reference)
    if any(product.ref == reference.ref for product in seen) and not spec.offset:
        raise InvalidSpec(
            f"{planning.name}: source and reference are the same", hint="let `reference` be the original"
        )
    works = [_measured(spec, planning, product, reference, several=len(seen) > 1) for product in seen]
    return Work(
        steps=tuple(step for step, _ in works),
        warnings=tuple(dict.fromkeys(text for _, texts in works for text in texts)),
    )


def _measured(
    spec: Quality, planning: Planning, product: Product, reference: Product, *, several: bool
) -> tuple[Step, tuple[str, ...]]:
    one, other = planning.video_of(product), planning.video_of(reference)
    _check_shapes(product, one, reference, other)
    size = upright(other)
    if Metric.VMAF in spec.metrics and min(size) < _VMAF_LEAST:
        raise NotSupported(
            f"VMAF cannot be measured of pictures of {size[0]}x{size[1]}", hint="measure psnr and ssim only"
        )
    end = promises.end_of(product.media, one)[0]
    start = spec.start or 0
    if start >= end and start:
        raise TimeOutOfRange(
            f"comparing would start at {seconds(start)} s but the picture ends at {seconds(end)} s",
            hint="choose an earlier start",
        )
    length = min(spec.duration or end, max(0, end - start))
    metrics = tuple(metric for metric in Metric if metric in spec.metrics)
    sides = (
        _side("source", product, one, start),
        _side("reference", reference, other, start + spec.offset),
    )
    facts = {
        "source": product.label if several else planning.stem(spec.source),
        "reference": planning.stem(spec.reference),
        "model": MODELS[spec.model].replace("version=", "").replace("\\", "")
        if Metric.VMAF in metrics
        else None,
        "width": size[0],
        "height": size[1],
        "bit_depth": depth_of(one, other),
        "tone_mapped": one.hdr != other.hdr,
        "ffmpeg": planning.capabilities.ffmpeg_version,
    }
    placing = {
        "source": _listing(sides[0]),
        "reference": _listing(sides[1]),
        "clock": spec.clock,
        "offset_us": spec.offset,
        "start_us": start,
        "end_us": None if spec.duration is None else start + spec.duration,
    }
    reporting = {
        "metrics": metrics,
        "every": spec.every,
        "depth": depth_of(one, other),
        "whole": spec.start is None and spec.duration is None,
        "facts": facts,
    }
    argv = compared(
        *sides,
        metrics=metrics,
        capabilities=planning.capabilities,
        pictures="out/pictures.txt",
        log="out/vmaf.json",
        model=spec.model,
        every=spec.every,
        threads=spec.threads,
        aligned=FILLED,
    )
    key = f"{planning.name}:{product.label}" if several else planning.name
    step = Step(
        key=key,
        operation=spec.op,
        title=f"compare {seconds(length)} s by {', '.join(metric.upper() for metric in metrics)}",
        commands=(
            Command(tool="builtin", argv=("align_pictures", json.dumps(placing))),
            Command(tool="ffmpeg", argv=argv, duration_us=length, filled_from="out/alignment.json"),
            Command(tool="builtin", argv=("quality_report", json.dumps(reporting, ensure_ascii=False))),
        ),
        inputs=(
            StepInput(name="source", ref=product.ref),
            StepInput(name="reference", ref=reference.ref),
        ),
        outputs=tuple(
            Output(
                id=f"{key}/{name}",
                path=name,
                publish=in_folder(spec, f"{product.label}/{name}" if several else name),
                role=Role.REPORT,
                promise=Promise(kind="data"),
            )
            for name in ("quality.json", "frames.csv", "quality.svg")
        ),
        estimate=_estimate(spec, one, other, length),
    )
    return step, tuple(_warnings(spec, product, one, reference, other))


def _check_shapes(product: Product, one: VideoStream, reference: Product, other: VideoStream) -> None:
    shapes = [Fraction(video.display_width, video.display_height) for video in (one, other)]
    if abs(shapes[0] / shapes[1] - 1) > _SHAPE_SLACK:
        sizes = [f"{video.display_width}x{video.display_height}" for video in (one, other)]
        raise NotSupported(
            f"{product.label!r} is shown as {sizes[0]} and {reference.label!r} as {sizes[1]}: pictures of "
            "different shapes cannot be compared",
            hint="compare with a reference of the same shape, without bars, crop or turn between them",
        )


def _side(name: str, product: Product, video: VideoStream, start_us: int) -> Side:
    """The file from a little before `start_us` on: the clocks may differ by when the pictures begin."""
    differ = abs(video.start_us - product.media.start_us)
    enter = opening.entry(product.media, max(0, start_us - _RUN_UP_US - differ))
    return Side(name=name, media=product.media, video=video, start_us=enter or None)


def _listing(side: Side) -> dict[str, object]:
    late = picture_times.late(side.media, side.video)
    file = f"out/{side.name}.txt"
    return {
        "packets": picture_times.listed(side.name, side.media, side.video, to=file),
        "decoded": picture_times.listed_by_decoding(side.name, side.media, side.video, to=file),
        "list": file,
        "late_us": late,
        "zero_us": max(side.start_us or 0, late),
    }


def _warnings(
    spec: Quality, product: Product, one: VideoStream, reference: Product, other: VideoStream
) -> Iterator[str]:
    lengths = [promises.end_of(media, v) for media, v in ((product.media, one), (reference.media, other))]
    whole = spec.start is None and spec.duration is None and not spec.offset
    if whole and abs(lengths[0][0] - lengths[1][0]) > max(tolerance for _, tolerance in lengths):
        yield (
            f"{product.label} lasts {format_time(lengths[0][0])} and {reference.label} "
            f"{format_time(lengths[1][0])}: only what both have is compared"
        )
    spaces = [video.color_space for video in (one, other)]
    if None not in spaces and spaces[0] != spaces[1] and one.hdr == other.hdr:
        yield (
            f"colours are coded as {spaces[0]} and as {spaces[1]}: the source's are converted, which alone "
            "costs some points"
        )
    if one.hdr != other.hdr:
        yield "HDR is compared with SDR: it is tone-mapped first, as when encoding to SDR"
    elif one.hdr is not None and Metric.VMAF in spec.metrics:
        yield "VMAF was made for SDR: compare its scores of HDR with each other only"
    if Metric.VMAF in spec.metrics and min(upright(other)) >= _4K_LINES and not spec.model.startswith("4k"):
        yield f"the reference is 4K, the model is {spec.model}: model=4k tells how it looks on a 4K screen"


def _estimate(spec: Quality, one: VideoStream, other: VideoStream, length_us: int) -> Estimate:
    size = upright(other)
    pixels = size[0] * size[1] * float(one.frame_rate) * length_us / US
    speed = _VMAF_PIXELS if Metric.VMAF in spec.metrics else _OTHER_PIXELS
    share = 0.25 + 0.75 / spec.every if Metric.VMAF in spec.metrics else 1.0
    cpu_ms = round(1000 * pixels / speed * share)
    reading = sum(
        (
            decoding(size=(video.width, video.height), rate=video.frame_rate, duration_us=length_us)
            for video in (one, other)
        ),
        Estimate(),
    )
    return reading + Estimate(cpu_ms=cpu_ms, wall_ms=cpu_ms // 2, output_bytes=round(length_us / US * 3000))
