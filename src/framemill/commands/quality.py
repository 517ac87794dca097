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
from framemill.commands.picture import deinterlaced, is_rgb, odd_sided
from framemill.commands.tonemapping import tone_mapped
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import Hdr, MediaInfo, VideoStream
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
_MATRICES = {
    "bt709": "bt709",
    "smpte170m": "bt601",
    "bt470bg": "bt601",
    "fcc": "bt601",
    "bt2020nc": "bt2020",
    "bt2020ncl": "bt2020",
}
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
    # Arguments of the filter `trim`, lead included. None: to the end of the shorter.
    source_trim: str | None = None
    reference_trim: str | None = None


# What `engine.measuring` fills in.
FILLED = Aligned(
    source="PTS+({source_shift})/TB",
    reference="PTS+({reference_shift})/TB",
    lead="{lead}",
    source_trim="{source_trim}",
    reference_trim="{reference_trim}",
)


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
    picked: str | None = None,
) -> tuple[str, ...]:
    """Compare `distorted` with `reference` in one process that decodes each once.

    Writes `pictures` (times, PSNR and SSIM) and, for VMAF, libvmaf's `log`:
    paths below the step's folder, which `read_scores` reads. VMAF is measured
    of every `every`th picture, of those that the filter expression `picked`
    leaves of both files. Raises NotSupported where ffmpeg lacks a filter.
    """
    for metric, name in ((Metric.VMAF, "libvmaf"), (Metric.SSIM, "ssim"), (Metric.PSNR, "psnr")):
        if metric in metrics and not capabilities.has_filter(name):
            raise NotSupported(
                f"this ffmpeg has no filter {name!r}, which measures {metric.upper()}",
                hint="use the bundled ffmpeg (`framemill doctor` shows which is in use), or measure "
                "psnr and ssim only",
            )
    one, other = distorted.video, reference.video
    form = _form(one, other)
    open_end = aligned.source_trim is None
    meters = _meters(metrics, log=log, model=model, every=every, threads=threads, shortest=open_end)
    chains = [
        _chain(
            f"[0:{one.index}]",
            *deinterlaced(one, capabilities),
            *_timed(f"{aligned.source}+{aligned.lead}/TB", aligned.source_trim, picked),
            *_alike(one, form, capabilities),
            to="[d0]",
        ),
        _chain(
            f"[1:{other.index}]",
            *deinterlaced(other, capabilities),
            *_timed(aligned.reference, aligned.reference_trim, picked),
            # Else the last picture of a reference that ends here would be lost.
            *(("tpad=stop=1:stop_mode=clone",) if open_end else ()),
            *_alike(other, form, capabilities),
            f"split={len(meters)}",
            to="".join(f"[r{n}]" for n in range(len(meters))),
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
        side.name,
        demuxer=side.media.container,
        start_us=side.start_us,
        length_us=side.length_us,
        # Where a file's colours change on the way, the graph would begin anew and forget what it measured.
        before=("-reinit_filter", "0"),
    )


def upright(video: VideoStream) -> tuple[int, int]:
    """Width and height as decoded and turned, pixels of any shape: what pictures are compared in."""
    return (video.height, video.width) if video.turned else (video.width, video.height)


def _chain(pad: str, *filters: str, to: str) -> str:
    return f"{pad}{','.join(filters)}{to}"


def _timed(times: str, trim: str | None, picked: str | None) -> tuple[str, ...]:
    return (
        *(_FINE, f"setpts={times}"),
        *((f"trim={trim}",) if trim else ()),
        *((f"select={picked}",) if picked else ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What both pictures are brought to."""

    size: tuple[int, int]
    pixels: str
    matrix: str | None  # None: nobody says, so none is changed
    hdr: Hdr | None


def _form(source: VideoStream, reference: VideoStream) -> _Form:
    hdr = source.hdr if source.hdr == reference.hdr else None
    own, theirs = (_matrix_of(video, hdr=hdr) for video in (source, reference))
    # RGB has no matrix: it becomes what the other file did with it, else what ffmpeg does where nobody says.
    loose = is_rgb(source) or is_rgb(reference)
    return _Form(
        size=upright(reference),
        pixels="yuv420p10le" if depth_of(source, reference) == 10 else "yuv420p",
        matrix=theirs or ((own or "bt601") if loose else None),
        hdr=hdr,
    )


def _alike(video: VideoStream, form: _Form, capabilities: Capabilities) -> tuple[str, ...]:
    tone_map = video.hdr is not None and form.hdr is None
    # Bicubic, as libvmaf's authors measure what is scaled up to a screen.
    flags = "bicubic"
    options: list[str] = []
    if upright(video) != form.size or (tone_map and odd_sided(video)):
        options += [f"w={form.size[0]}", f"h={form.size[1]}"]
    if _full_range(video) and not tone_map:
        options.append("out_range=limited")
    matrix = _matrix_of(video, hdr=form.hdr)
    if form.matrix is not None and (is_rgb(video) or matrix not in {None, form.matrix}):
        options.append(f"out_color_matrix={form.matrix}")
        # Else values are cut off instead of rounded, and luma comes out one too dark.
        flags += "+accurate_rnd+full_chroma_int"
    if options:
        options.append(f"flags={flags}")
    return (
        *(tone_mapped(video, capabilities) if tone_map else ()),
        *((f"scale={':'.join(options)}",) if options else ()),
        f"format={form.pixels}",
    )


def _full_range(video: VideoStream) -> bool:
    return video.color_range in {"pc", "full"} or video.pixel_format.startswith("yuvj") or is_rgb(video)


def _matrix_of(video: VideoStream, *, hdr: Hdr | None) -> str | None:
    """The matrix of a picture, once tone-mapped where that is done; None where nobody says."""
    if video.hdr is not None and hdr is None:
        return "bt709"
    return None if is_rgb(video) else _MATRICES.get(video.color_space or "")


def _meters(
    metrics: Collection[Metric], *, log: str, model: str, every: int, threads: int, shortest: bool
) -> tuple[str, ...]:
    """The measuring filters; PSNR always, which costs little and marks the pictures that were compared."""
    ends = f"shortest={int(shortest)}"
    vmaf = f"libvmaf={ends}:model='{MODELS[model]}':log_fmt=json:log_path={log}:n_threads={threads}"
    return (
        f"psnr={ends}",
        *((f"ssim={ends}",) if Metric.SSIM in metrics else ()),
        *((f"{vmaf}:n_subsample={every}",) if Metric.VMAF in metrics else ()),
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
