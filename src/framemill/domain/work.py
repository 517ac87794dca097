"""What operations hand to the planner: taps that may share a decode, and finished steps.

A tap is one output that needs a source decoded. The planner puts taps of the
same source and range into one ffmpeg process.
"""

from dataclasses import dataclass

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Boundary, Command, Dropped, Estimate, Output, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerated:
    """The picture of a tap for a hardware encoder, tried before the plain form."""

    encoder: str  # "hevc_nvenc"
    filters: tuple[str, ...]
    args: tuple[str, ...]
    device: tuple[str, ...] = ()  # options before the inputs that open it


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPart:
    """The picture of a tap: one decoded stream, filtered and encoded."""

    stream: int  # absolute index in the source
    filters: tuple[str, ...]  # in order; a prefix that taps share runs once
    args: tuple[str, ...]  # encoder options, written for stream specifier `v`
    hardware: Accelerated | None = None  # the same by a device; this form stays for where it fails


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPart:
    """A sound track of a tap: decoded and encoded, or copied where `args` say so."""

    stream: int
    filters: tuple[str, ...]
    args: tuple[str, ...]  # with `{n}` where the output's audio number goes
    language: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One output made from a decoded source."""

    key: str
    operation: str
    title: str
    source: str  # ref of what it reads
    media: MediaInfo
    output: Output
    mux: tuple[str, ...]  # muxer options
    video: VideoPart | None = None
    audio: tuple[AudioPart, ...] = ()
    extra: tuple[str, ...] = ()  # maps and options of streams that are copied along
    start_us: int | None = None
    end_us: int | None = None
    after: tuple[Command, ...] = ()  # what is done with the output once it is there
    reports: tuple[Output, ...] = ()  # what `after` makes
    estimate: Estimate = Estimate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """An output as the next operation sees it: where it is and what it will be."""

    ref: str
    label: str  # "720p"
    media: MediaInfo
    container: str | None = None  # what it is written in, where others need to write the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one operation wants done."""

    taps: tuple[Tap, ...] = ()
    steps: tuple[Step, ...] = ()
    products: tuple[Product, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    # Of the sources that it is a whole version of; None where it makes excerpts, such as thumbnails.
    dropped: tuple[Dropped, ...] | None = None
    boundaries: tuple[Boundary, ...] = ()
