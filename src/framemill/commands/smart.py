"""Commands of a smart cut: edges encoded like the source, the middle copied, the pieces joined.

Every piece is an MP4 whose first picture is at zero, on the source's own
clock. How their bytes come to fit together is engine.splicing's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from framemill.commands import edges, opening, source
from framemill.commands.clipping import from_zero
from framemill.commands.joining import scripted
from framemill.commands.witnesses import LIKE, witnessed
from framemill.domain.containers import Container
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.smart import Pictures, Splice
from framemill.domain.units import US

# As engine.boxes looks for them, whatever the source's tag is.
_TAGS = {"h264": "avc1", "hevc": "hev1"}
_HEAD = ("-nostdin", "-hide_banner", "-y")
# Beside the frames that a keyframe is decoded early.
_LEAD_US = 60_000
# Copied pictures next to each join that the proof looks at.
_WITNESSES = Fraction(7, 2)
# The muxers of pieces; their demuxer is one. What neither holds cannot be joined here.
PIECES = {
    **dict.fromkeys(("h264", "hevc", "av1", "vp9"), "mp4"),
    **dict.fromkeys(
        ("mpeg4", "mpeg2video", "mpeg1video", "prores", "dnxhd", "mjpeg", "dvvideo", "ffv1", "png"), "mov"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One range of `in/source` and the names of what is made of it."""

    media: MediaInfo
    stream: VideoStream
    pictures: Pictures
    splice: Splice
    name: str  # of its pieces: "smart_001"
    in_band: bool = False  # the result has no header for parameter sets: they stand at each keyframe
    reorder: int = 0  # how many frames early our encoder is to decode, as the source does

    @property
    def frame(self) -> Fraction:
        """How many ticks a picture lasts."""
        return 1 / ((self.stream.frame_rate or Fraction(25)) * self.pictures.time_base)

    def time_us(self, pts: int) -> int:
        """From the range's first picture."""
        return round((pts - self.splice.first) * self.pictures.time_base * US)

    @property
    def start_us(self) -> int:
        """Where it begins, from the file's start."""
        return self.pictures.time_us(self.splice.first)

    @property
    def end_us(self) -> int:
        """Where it ends, from the file's start."""
        return self.pictures.time_us(self.splice.end)

    @property
    def beside(self) -> int:
        """So many ticks cover the copied pictures next to a join."""
        return max(1, round(_WITNESSES * self.frame))

    def pieces(self) -> tuple[tuple[str, int], ...]:
        """Each piece's file with the tick at which it begins."""
        s = self.splice
        found = [(f"{self.name}_head.mp4", s.first)] if s.head else []
        if s.copied is not None:
            found.append((f"{self.name}_copy.mp4", s.copied.first))
        if s.tail:
            found.append((f"{self.name}_tail.mp4", s.tail[0]))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch whose pictures the proof compares, in ticks; `name` is that of its witness files."""

    name: str
    first: int
    until: int


def windows(stretch: Stretch) -> tuple[Window, ...]:
    """Around both ends: everything encoded, and the copied pictures next to it."""
    s = stretch.splice
    opens = closes = s.end
    if s.copied is not None:
        opens = min(s.end, s.copied.first + stretch.beside)
        closes = max(s.first, s.copied.last - stretch.beside)
    if closes <= opens:
        return (Window(name=f"{stretch.name}_all", first=s.first, until=s.end),)
    return (
        Window(name=f"{stretch.name}_first", first=s.first, until=opens),
        Window(name=f"{stretch.name}_last", first=closes, until=s.end),
    )


def reorder_of(stream: VideoStream, time_base: Fraction, splices: Sequence[Splice]) -> int:
    """How many frames early all edges are decoded, so that readers see one habit: 0, 1 or 2."""
    if stream.is_vfr or stream.codec not in {"h264", "hevc"} or not stream.frame_rate:
        return 0
    frame = 1 / (stream.frame_rate * time_base)
    delays = [
        Fraction(delay) / frame
        for s in splices
        for delay, pts in ((s.head_delay, s.head if s.copied else ()), (s.tail_delay, s.tail))
        if pts
    ]
    # Rounded clocks make two frames a little less than two.
    return max(0, min(2, int(min(delays, default=Fraction(0)) + Fraction(1, 10))))


def seen(stretch: Stretch) -> tuple[tuple[str, ...], ...]:
    """Commands that decode both ends of the range once: witnesses of each, and the edges encoded."""
    s = stretch.splice
    argvs = []
    for window in windows(stretch):
        wanted = [
            (piece, first, until, delay)
            for piece, pts, first, until, delay in (
                (f"{stretch.name}_head.mp4", s.head, s.first, _head_end(s), s.head_delay),
                (f"{stretch.name}_tail.mp4", s.tail, s.tail[0] if s.tail else 0, s.end, s.tail_delay),
            )
            if pts and window.first <= first < window.until
        ]
        argvs.append(_decoded(stretch, window, wanted))
    return tuple(argvs)


def whole(stretch: Stretch) -> tuple[str, ...]:
    """The range encoded from end to end like its source: done where copying did not prove right."""
    s = stretch.splice
    return (
        *_HEAD,
        *_opened(stretch, s.first, s.end, decode=True),
        *("-filter_complex", f"[0:{stretch.stream.index}]{_between(s.first, s.end)},setpts=PTS-{s.first}[e]"),
        *("-map", "[e]"),
        *edges.encoder(stretch.stream, stretch.pictures.time_base, edge=False),
        *_piece(stretch, f"{stretch.name}_whole.mp4", 0),
    )


def middle(stretch: Stretch) -> tuple[str, ...]:
    """The pictures that are copied."""
    copied = stretch.splice.copied
    assert copied is not None
    first, last = copied.first, copied.last
    codec = stretch.stream.codec
    annexb = (f"{codec}_mp4toannexb",) if codec == "hevc" or (codec == "h264" and stretch.in_band) else ()
    return (
        *_HEAD,
        *_opened(stretch, first, last, decode=False),
        *("-map", f"0:{stretch.stream.index}", "-c", "copy"),
        *(
            "-bsf:v",
            ",".join(
                (
                    # Brings parameter sets to each keyframe: behind our own pictures others count.
                    *annexb,
                    rf"noise=drop=lt(pts\,{first})+gt(pts\,{last})",
                    f"setts=pts=PTS-{first}:dts=DTS-{first}",
                )
            ),
        ),
        *_piece(stretch, f"{stretch.name}_copy.mp4", None),
    )


def listed(stretch: Stretch) -> tuple[str, ...]:
    """Every stored picture of the range with its time and checksum, for the proof."""
    s = stretch.splice
    return (
        *_HEAD,
        *_opened(stretch, s.first, s.end, decode=False),
        *("-map", f"0:{stretch.stream.index}", "-c", "copy"),
        *("-bsf:v", rf"noise=drop=lt(pts\,{s.first})+gte(pts\,{s.end})"),
        *("-f", "framecrc", f"file:out/{stretch.name}.crc"),
    )


def joined(listing: str, stream: VideoStream) -> tuple[str, ...]:
    """Open the pieces that the script `out/<listing>` names as one; sample data stays as it is."""
    return (
        # The pieces carry no word of how the picture is turned.
        *(("-display_rotation:v:0", str(-stream.rotation % 360)) if stream.rotation else ()),
        *("-auto_convert", "0"),
        *scripted(f"out/{listing}", demuxer="mov"),
    )


def picture(
    number: int, stream: VideoStream, time_base: Fraction, container: Container, *, encoded: bool
) -> tuple[str, ...]:
    """The picture of input `number`, copied into a file of its source's clock."""
    mov = container.muxer in {"mp4", "mov"}
    hevc = stream.codec == "hevc" and mov
    return (
        *("-map", f"{number}:v:0", "-c:v:0", "copy"),
        *("-metadata:s:v:0", f"language={stream.language}") * bool(stream.language),
        *("-disposition:v:0", "default"),
        # Under hvc1 parameter sets may stand in the header alone, and there is room for one encoder's.
        *(("-tag:v:0", "hev1" if encoded else "hvc1") if hevc else ()),
        *(("-video_track_timescale", str(time_base.denominator)) if mov else ()),
        *from_zero(container),
    )


def _head_end(s: Splice) -> int:
    return s.copied.first if s.copied else s.end


def _between(first: int, until: int) -> str:
    return f"trim=start_pts={first}:end_pts={until}"


def _decoded(
    stretch: Stretch, window: Window, wanted: Sequence[tuple[str, int, int, int]]
) -> tuple[str, ...]:
    s = stretch
    pads = "".join(f"[e{n}]" for n in range(len(wanted)))
    graph = [
        f"[0:{s.stream.index}]{_between(window.first, window.until)},split={2 + len(wanted)}[m][g0]{pads}",
        f"[g0]{LIKE}[g]",
        *(
            f"[e{n}]{_between(first, until)},setpts=PTS-{first}[p{n}]"
            for n, (_, first, until, _) in enumerate(wanted)
        ),
    ]
    outputs: list[str] = []
    for n, (piece, _, _, delay) in enumerate(wanted):
        outputs += ("-map", f"[p{n}]")
        outputs += edges.encoder(s.stream, s.pictures.time_base, edge=True, reorder=s.reorder)
        outputs += _piece(s, piece, delay)
    return (
        *_HEAD,
        *_opened(s, window.first, window.until, decode=True),
        *("-filter_complex", ";".join(graph)),
        *outputs,
        *witnessed(window.name, s.pictures.time_base),
    )


def _piece(stretch: Stretch, piece: str, delay: int | None) -> tuple[str, ...]:
    """Options of a piece, whose pictures are decoded `delay` ticks before they are shown."""
    late = 0 if delay is None else delay - round(stretch.reorder * stretch.frame)
    return (
        *(("-bsf:v", f"setts=pts=PTS:dts={'DTS' if stretch.reorder else 'PTS'}-{late}") if late > 0 else ()),
        *(("-tag:v", _TAGS[stretch.stream.codec]) if stretch.stream.codec in _TAGS else ()),
        *("-video_track_timescale", str(stretch.pictures.time_base.denominator)),
        *("-avoid_negative_ts", "disabled", "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-f", PIECES[stretch.stream.codec], f"file:out/{piece}"),
    )


def _opened(stretch: Stretch, first: int, until: int, *, decode: bool) -> tuple[str, ...]:
    """The source, from a keyframe surely before the tick `first`, in its own time."""
    media = stretch.media
    start = stretch.pictures.time_us(first) - stretch.stream.reorder_us - _LEAD_US
    enter = opening.entry(media, max(0, start))
    length = stretch.pictures.time_us(until) - enter + 2 * US
    return source.read(
        "source",
        demuxer=media.container,
        start_us=enter,
        length_us=length,
        before=("-copyts", *(("-noautorotate",) if decode else ())),
    )
