"""The picture as a chain goes on: its size, rate and colours after each item, and the filters so far."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from framemill.commands.source import MAX_PIXELS
from framemill.domain.media import Hdr, VideoStream
from framemill.domain.plan import TextFile
from framemill.errors import InvalidSpec, NotSupported
from framemill.operations.planning import Planning

_MOST_SIDE = 16_384
# Where white paper lies in these signals (ITU-R BT.2408): what is drawn on top is no brighter.
_PAPER_WHITE = {Hdr.PQ: 0.58, Hdr.HLG: 0.75}
# Filters' names for what a stream says of its colours.
_MATRICES = {"smpte170m": "smpte170m", "bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A picture that the graph reads."""

    name: str  # below in/
    ref: str
    demuxer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """A font that the graph reads; without a `ref` the one that comes along."""

    name: str  # below in/
    ref: str | None
    texts: tuple[str, ...] = ()  # files below in/ that are drawn with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """What is known after some items. Size, rate and stream are of no use where there is no picture."""

    planning: Planning
    source: str  # what is read, for facts about it
    stream: VideoStream | None  # as it comes out of preparation: upright, square pixels
    width: int = 0
    height: int = 0
    rate: Fraction = Fraction(0)
    irregular: bool = False  # frames keep their own times
    end_us: int = 0  # of the picture; where there is none, of the whole
    sound_end_us: int = 0
    bits: int = 8
    has_sound: bool = False
    number: int = 0  # of the item at hand, counted from 1
    kind: str = ""  # its name
    moved: bool = False  # the picture's geometry is no longer the source's
    picture: tuple[str, ...] = ()  # filters
    sound: tuple[str, ...] = ()  # filters
    overlays: tuple[Overlay, ...] = ()
    texts: tuple[TextFile, ...] = ()
    fonts: tuple[Font, ...] = ()
    shaken: tuple[str, ...] | None = None  # filters of the pass that reads how the camera moved
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def label(self) -> str:
        """A prefix for names inside the graph that no other item has."""
        return f"{self.planning.name}_{self.number}"

    @property
    def short_side(self) -> int:
        """The smaller side."""
        return min(self.width, self.height)

    @property
    def paper_white(self) -> float:
        """How bright white is drawn, as a share of the signal."""
        hdr = self.stream.hdr if self.stream else None
        return _PAPER_WHITE[hdr] if hdr else 1.0

    @property
    def matrix(self) -> str:
        """The colour matrix, as filters call it."""
        return _MATRICES.get((self.stream and self.stream.color_space) or "", "bt709")

    def at(self, number: int, kind: str) -> "Canvas":
        """The same before its next item."""
        return replace(self, number=number, kind=kind)

    def drawn(self, *filters: str) -> "Canvas":
        """With filters on the picture."""
        return replace(self, picture=(*self.picture, *filters))

    def sized(self, width: int, height: int, *filters: str) -> "Canvas":
        """With filters that bring the picture to a size; InvalidSpec where it is none to work with."""
        if not (2 <= width <= _MOST_SIDE and 2 <= height <= _MOST_SIDE) or width * height > MAX_PIXELS:
            raise self.refused(
                f"the picture would be {width}x{height}",
                hint=f"sides may be 2 to {_MOST_SIDE}, and all of it {MAX_PIXELS // 1_000_000} megapixels",
            )
        return replace(self.drawn(*filters), width=width, height=height, moved=True)

    def even(self, value: int, what: str) -> tuple[int, "Canvas"]:
        """`value` made even, as 4:2:0 needs, and said where it was not."""
        if value % 2 == 0:
            return value, self
        less = value - 1
        return less, self.said(f"{what} {value} made {less}: colours are stored for two pixels at a time")

    def said(self, text: str) -> "Canvas":
        """With a note about the item at hand."""
        return replace(self, notes=(*self.notes, f"item {self.number} ({self.kind}): {text}"))

    def warned(self, text: str) -> "Canvas":
        """With a warning about the item at hand."""
        return replace(self, warnings=(*self.warnings, f"item {self.number} ({self.kind}): {text}"))

    def need(self, name: str) -> None:
        """NotSupported where this ffmpeg lacks a filter that not every build has."""
        if not self.planning.capabilities.has_filter(name):
            raise NotSupported(
                f"item {self.number} ({self.kind}): this ffmpeg lacks the filter {name}",
                hint="use the bundled ffmpeg, which has it",
            )

    def refused(self, text: str, *, hint: str | None = None) -> InvalidSpec:
        """The error that says why the item at hand is impossible."""
        return InvalidSpec(f"item {self.number} ({self.kind}): {text}", hint=hint)
