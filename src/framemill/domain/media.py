"""What a probe says about a media file: container, streams, durations.

Values only. Running ffprobe is tools' work; reading its JSON is
commands.ffprobe's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from fractions import Fraction


class Hdr(StrEnum):
    """Transfer families that need tone-mapping for an SDR codec."""

    PQ = "pq"
    HLG = "hlg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What HDR10 says of its pictures' light, in nits; None where it says nothing."""

    display_max: int | None = None  # of the display it was mastered on (SMPTE ST 2086)
    display_min: Fraction | None = None
    max_content: int | None = None  # MaxCLL, the brightest pixel
    max_average: int | None = None  # MaxFALL, the brightest frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What every stream has."""

    index: int
    codec: str  # ffmpeg's codec name, "unknown" where it has none
    language: str | None = None
    title: str | None = None
    dispositions: tuple[str, ...] = ()
    start_us: int = 0
    duration_us: int | None = None
    bit_rate: int | None = None
    config: str | None = None  # hash of what a decoder must know before the first packet


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream(Stream):
    """A video stream as coded; the shown picture is in the `display_*` properties."""

    width: int
    height: int
    frame_rate: Fraction  # 30000/1001, never 29.97: GOP maths must be exact
    nominal_rate: Fraction | None = None  # the container's claim, which may be 1000/1
    pixel_format: str = "yuv420p"
    bit_depth: int = 8
    sar: Fraction = Fraction(1)
    rotation: int = 0  # degrees clockwise to show it upright: 0, 90, 180, 270
    profile: str | None = None
    level: int | None = None
    field_order: str = "progressive"
    color_space: str | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    color_range: str | None = None
    frame_count: int | None = None  # the container's claim
    time_base: Fraction = Fraction(1, 90_000)
    is_vfr: bool = False
    is_cover: bool = False
    has_alpha: bool = False
    light: Light | None = None
    dolby_vision: bool = False
    dolby_vision_only: bool = False  # its colours mean nothing to other decoders (profile 5)
    reorder_us: int = 0  # how much earlier a keyframe is decoded than shown (B-frames)
    opens_hidden: bool = False  # the first picture shown needs hidden ones before it (edit list)
    hidden_us: int = 0  # what an edit list hides at start and end: stored and decoded, never shown

    @property
    def hdr(self) -> Hdr | None:
        """The HDR transfer, None for SDR."""
        return {"smpte2084": Hdr.PQ, "arib-std-b67": Hdr.HLG}.get(self.color_transfer or "")

    @property
    def interlaced(self) -> bool:
        """True where the container marks the frames as two fields."""
        return self.field_order in {"tt", "bb", "tb", "bt"}

    @property
    def turned(self) -> bool:
        """True where showing the picture swaps width and height."""
        return self.rotation in {90, 270}

    @property
    def display_width(self) -> int:
        """Pixels across as shown: square pixels, upright."""
        return self.height if self.turned else _square_width(self)

    @property
    def display_height(self) -> int:
        """Lines as shown: square pixels, upright."""
        return _square_width(self) if self.turned else self.height

    @property
    def short_side(self) -> int:
        """The smaller shown side, which names a ladder rung."""
        return min(self.display_width, self.display_height)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream(Stream):
    """An audio stream."""

    channels: int
    sample_rate: int
    layout: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleStream(Stream):
    """A subtitle stream; bitmap formats cannot become text."""

    @property
    def is_text(self) -> bool:
        """True for formats that hold text."""
        return self.codec in {"subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherStream(Stream):
    """A data track or attachment."""

    kind: str  # "data", "attachment"
    filename: str | None = None
    mimetype: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A named range."""

    start_us: int
    end_us: int
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file that is one still picture, such as a watermark."""

    codec: str
    width: int
    height: int
    demuxer: str | None = None  # of ffmpeg, to decode it with; None: it moves, and ffmpeg cannot decode it


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """One file: container, streams in file order, chapters, and what is wrong with it."""

    container: str  # the demuxer's first name: "mov", "matroska", "mpegts" ...
    duration_us: int  # of what can really be read
    size: int  # bytes
    start_us: int = 0
    declared_duration_us: int | None = None  # what the container claims, where that is not true
    bit_rate: int | None = None
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    others: tuple[OtherStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    keyframe_interval_us: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def main_video(self) -> VideoStream | None:
        """The video to show: the default one, else the largest; never cover art."""
        films = [v for v in self.video if not v.is_cover]
        default = [v for v in films if "default" in v.dispositions]
        pool = default if len(default) == 1 else films
        return max(pool, key=lambda v: v.width * v.height, default=None)

    @property
    def main_audio(self) -> AudioStream | None:
        """The default audio track, else the first that has channels."""
        heard = [a for a in self.audio if a.channels and a.codec != "unknown"]
        return next((a for a in heard if "default" in a.dispositions), heard[0] if heard else None)

    @property
    def playable_audio(self) -> tuple[AudioStream, ...]:
        """The audio tracks that can be decoded."""
        return tuple(a for a in self.audio if a.channels and a.codec != "unknown")

    @property
    def text_subtitles(self) -> tuple[SubtitleStream, ...]:
        """The subtitle tracks that hold text."""
        return tuple(s for s in self.subtitles if s.is_text)

    @property
    def truncated(self) -> bool:
        """True where less can be read than the container declares."""
        return self.declared_duration_us is not None

    def streams(self) -> Iterator[Stream]:
        """Every stream, in file order."""
        yield from sorted((*self.video, *self.audio, *self.subtitles, *self.others), key=lambda s: s.index)


def as_data(value: object) -> object:
    """`value` as plain JSON data: dataclasses as objects, fractions as `30000/1001`."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_data(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple | list):
        return [as_data(item) for item in value]
    return value


def _square_width(video: VideoStream) -> int:
    return max(1, round(video.width * video.sar))
