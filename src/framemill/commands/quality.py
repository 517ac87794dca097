"""The command that compares two files picture by picture, and reading what it writes.

Which pictures belong together is said by `Aligned`: the graph brings both
files to one clock by it, and pairs each picture of the first file with the
picture of the second that is on screen then.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from framemill.commands import source
from framemill.commands.picture import deinterlaced, is_rgb, tone_mapped
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.quality import Metric, Scores, psnr_ceiling
from framemill.domain.units import US
from framemill.errors import NotSupported, OutputInvalid

# libvmaf's built-in models by the names that people use.
MODELS: dict[str, str] = {
    "hd": "version=vmaf_v0.6.1",
    "hd_neg": "version=vmaf_v0.6.1neg",
    "4k": "version=vmaf_4k_v0.6.1",
    "4k_neg": "version=vmaf_4k_v0.6.1neg",
    "phone": r"version=vmaf_v0.6.1\:enable_transform=true",
}
# Some containers count time in whole pictures, which leaves no room for a lead.
_FINE = "settb=1/1000000"
_TIME = re.compile(r"frame:\d+\s+pts:\S+\s+pts_time:(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two files."""

    name: str  # staged as in/<name>
    media: MediaInfo
    video: VideoStream
    start_us: int | None = None  # where reading begins
    length_us: int | None = None  # how much is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """Which pictures belong together, as ffmpeg's expressions or as `{names}` to be filled in.

    By default the first picture of each file is at time zero, and a picture
    of the source is compared with the one of the reference that is on screen
    `lead` later: a few milliseconds, because containers round times.
    """

    source: str = "PTS-STARTPTS"  # times of the source on the common clock
    reference: str = "PTS-STARTPTS"
    lead: str = "0.004"  # seconds
    trim: str | None = None  # arguments of the filter `trim`, on the source's pictures once they lead


def compared(
    distorted: Side,
    reference: Side,
    *,
    metrics: Collection[Metric],
    capabilities: Capabilities,
    pictures: str,
    log: str,
    model: str = "hd",
    every: int = 1,
    threads: int = 4,
    aligned: Aligned = Aligned(),
) -> tuple[str, ...]:
    """Compare `distorted` with `reference` in one process that decodes each once.

    Writes `pictures` (times, PSNR and SSIM) and, for VMAF, libvmaf's `log`:
    paths below the step's folder, which `read_scores` reads. VMAF is measured
    of every `every`th picture. Raises NotSupported where ffmpeg lacks a filter.
    """
    for metric, name in ((Metric.VMAF, "libvmaf"), (Metric.SSIM, "ssim"), (Metric.PSNR, "psnr")):
        if metric in metrics and not capabilities.has_filter(name):
            raise NotSupported(
                f"this ffmpeg has no filter {name!r}, which measures {metric.upper()}",
                hint="use the bundled ffmpeg (`framemill doctor` shows which is in use), or ask for "
                "other metrics: `--metrics psnr,ssim`",
            )
    meters = _meters(metrics, log=log, model=model, every=every, threads=threads)
    ahead = f"+{aligned.lead}/TB"
    chains = [
        _chain(
            "0",
            distorted.video,
            (
                *_alike(distorted.video, reference.video, capabilities),
                *_sized(distorted.video, reference.video),
                _FINE,
                f"setpts={aligned.source}{ahead}",
                *((f"trim={aligned.trim}",) if aligned.trim else ()),
            ),
            "[d0]",
        ),
        _chain(
            "1",
            reference.video,
            (
                *_alike(reference.video, distorted.video, capabilities),
                _FINE,
                f"setpts={aligned.reference}",
                *((f"split={len(meters)}",) if len(meters) > 1 else ()),
            ),
            "".join(f"[r{n}]" for n in range(len(meters))),
        ),
        *(f"[d{n}][r{n}]{meter}[d{n + 1}]" for n, meter in enumerate(meters)),
        f"[d{len(meters)}]setpts=PTS-{aligned.lead}/TB,metadata=mode=print:file={pictures}[told]",
    ]
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *_opened(distorted),
        *_opened(reference),
        *("-filter_complex", ";".join(chains)),
        *("-map", "[told]"),
        # Pictures as they come: a rate of its own would double and drop some.
        *("-fps_mode", "passthrough", "-f", "null", "-"),
    )


def read_scores(
    pictures: str, log: str | None, *, metrics: Collection[Metric], depth: int, every: int = 1
) -> Scores:
    """The scores in what `compared` wrote; OutputInvalid where pictures and log do not fit together.

    `pictures` and `log` are the texts; `depth` is what `depth_of` says of the two.
    """
    ceiling = psnr_ceiling(depth)
    rows = [row for row in _pictures(pictures) if "lavfi.psnr.psnr_avg" in row][::every]
    series: dict[Metric, tuple[float, ...]] = {}
    if Metric.VMAF in metrics:
        frames: list[dict[str, Any]] = json.loads(log or "{}").get("frames", [])  # Any: libvmaf's rows
        series[Metric.VMAF] = tuple(float(frame["metrics"]["vmaf"]) for frame in frames)
        if len(frames) != len(rows):
            raise OutputInvalid(f"{len(rows)} pictures were compared, but VMAF was measured of {len(frames)}")
    if Metric.PSNR in metrics:
        series[Metric.PSNR] = tuple(min(ceiling, float(row["lavfi.psnr.psnr_avg"])) for row in rows)
    if Metric.SSIM in metrics:
        series[Metric.SSIM] = tuple(float(row["lavfi.ssim.All"]) for row in rows)
    return Scores(
        times_us=tuple(round(float(row["time"]) * US) for row in rows),
        series=tuple((metric, series[metric]) for metric in Metric if metric in series),
    )


def depth_of(one: VideoStream, other: VideoStream) -> int:
    """The bits that both are compared in: 10 where both have so many."""
    return 10 if min(one.bit_depth, other.bit_depth) >= 10 else 8


def _opened(side: Side) -> tuple[str, ...]:
    return source.read(
        side.name, demuxer=side.media.container, start_us=side.start_us, length_us=side.length_us
    )


def _chain(number: str, video: VideoStream, filters: tuple[str, ...], pads: str) -> str:
    return f"[{number}:{video.index}]{','.join(filters)}{pads}"


def _alike(video: VideoStream, other: VideoStream, capabilities: Capabilities) -> tuple[str, ...]:
    """Filters that bring a picture to the form in which both can be compared, its size apart."""
    return (
        *deinterlaced(video, capabilities),
        *(tone_mapped(capabilities) if video.hdr and video.hdr != other.hdr else ()),
        *_colours(video, other),
        f"format={'yuv420p10le' if depth_of(video, other) == 10 else 'yuv420p'}",
    )


def _colours(video: VideoStream, other: VideoStream) -> tuple[str, ...]:
    full = video.color_range in {"pc", "full"} or video.pixel_format.startswith("yuvj")
    return ("scale=out_range=limited",) if full or is_rgb(video) else ()


def _sized(video: VideoStream, reference: VideoStream) -> tuple[str, ...]:
    """Bicubic to the reference's size, as libvmaf's authors measure what is shown on a large screen."""
    size = _upright(reference)
    return (f"scale=w={size[0]}:h={size[1]}:flags=bicubic",) if _upright(video) != size else ()


def _upright(video: VideoStream) -> tuple[int, int]:
    """As decoded and turned, pixels of any shape."""
    return (video.height, video.width) if video.turned else (video.width, video.height)


def _meters(
    metrics: Collection[Metric], *, log: str, model: str, every: int, threads: int
) -> tuple[str, ...]:
    """The measuring filters; PSNR always, which costs little and marks the pictures that were compared."""
    step = f":n_subsample={every}" if every > 1 else ""
    vmaf = f"libvmaf=model='{MODELS[model]}':log_fmt=json:log_path={log}:n_threads={threads}{step}"
    return (
        "psnr",
        *(("ssim",) if Metric.SSIM in metrics else ()),
        *((vmaf,) if Metric.VMAF in metrics else ()),
    )


def _pictures(text: str) -> Iterator[dict[str, str]]:
    """A row for each picture: its `time` and what the meters noted."""
    row: dict[str, str] = {}
    for line in text.splitlines():
        if found := _TIME.match(line):
            if row:
                yield row
            row = {"time": found[1]}
        else:
            key, _, value = line.partition("=")
            row[key] = value
    if row:
        yield row
