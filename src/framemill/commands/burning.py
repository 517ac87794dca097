"""Drawing subtitles into pictures, and taking subtitle tracks out of files.

Text is drawn by the `ass` filter: libass reads the file itself, where the
`subtitles` filter would probe it with every demuxer there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import lone, source
from framemill.domain.media import MediaInfo, OtherStream, SubtitleStream
from framemill.domain.units import seconds
from framemill.domain.work import Tap

FONTS = "out/fonts"
DRAWN = "out/drawn.ass"

_FONT_TYPES = ("font/", "application/x-truetype-font", "application/x-font", "application/font")
_OPENTYPE = "application/vnd.ms-opentype"
_FONT_ENDINGS = (".ttf", ".otf", ".ttc")
# Some anime carry dozens; thousands are an attack.
_MOST_FONTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitmaps:
    """A track of pictures that is laid over the film, at a share of its brightness."""

    stream: int
    frame_us: int  # how long a picture of the film is shown
    light: float = 1.0


def fonts_of(media: MediaInfo) -> tuple[OtherStream, ...]:
    """The fonts that a file brings along."""
    found = [o for o in media.others if o.kind == "attachment" and _is_font(o)]
    return tuple(found[:_MOST_FONTS])


def taken_out(
    media: MediaInfo, tracks: Sequence[tuple[SubtitleStream, str]], *, fonts: Sequence[OtherStream] = ()
) -> tuple[str, ...]:
    """Writes text tracks, each to a file below out/ whose ending says the format, and attached fonts."""
    outputs: list[str] = []
    for track, name in tracks:
        muxer, codec = _WRITTEN[name.rpartition(".")[2]]
        same = track.codec in {codec, *(("ssa",) if codec == "ass" else ())}
        outputs += ("-map", f"0:{track.index}", "-c:s", "copy" if same else codec)
        outputs += ("-f", muxer, f"file:out/{name}")
    dumped = (
        arg
        for number, font in enumerate(fonts)
        for arg in (f"-dump_attachment:{font.index}", f"file:{FONTS}/attached{number}")
    )
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read("source", demuxer=media.container, before=tuple(dumped)),
        *outputs,
    )


def burnt(tap: Tap, *, bitmaps: Bitmaps | None = None) -> tuple[str, ...]:
    """The whole command of a tap with text of `DRAWN`, or bitmaps, drawn into its finished picture."""
    assert tap.video is not None
    assert tap.output.promise.width is not None
    opened = source.read("source", demuxer=tap.media.container)
    chain = f"[0:{tap.video.stream}]{','.join(tap.video.filters) or 'null'}"
    if bitmaps is None:
        graph = f"{chain},{_drawn(DRAWN)}[v]"
    else:
        size = f"{tap.output.promise.width}:{tap.output.promise.height}"
        dim = f",format=rgba,lutrgb=r=val*{bitmaps.light}:g=val*{bitmaps.light}:b=val*{bitmaps.light}"
        # Half a frame early: ffmpeg gives a bitmap and the empty one before it the same time, and rounds.
        early = f"setpts=PTS-{seconds(bitmaps.frame_us // 2)}/TB"
        laid = f"[1:{bitmaps.stream}]{early},scale={size}{dim if bitmaps.light < 1 else ''}[s]"
        deep = "yuv420p10" if any("p10" in f for f in tap.video.filters) else "yuv420"
        graph = f"{chain}[p];{laid};[p][s]overlay=eof_action=pass:format={deep}[v]"
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *opened,
        # Read by themselves: where pictures are decoded in another order than shown, ffmpeg takes those that
        # it has read already for a sign that no bitmap comes before them, and shows it some frames late.
        *(opened if bitmaps else ()),
        *("-filter_complex", graph),
        *("-map", "[v]", *tap.video.args),
        *(arg for number, part in enumerate(tap.audio) for arg in lone.audio(part, number)),
        *tap.extra,
        *tap.mux,
        f"file:out/{tap.output.path}",
    )


def one_frame(path: str) -> tuple[str, ...]:
    """Draws the first instant of an ASS file into nothing; libass then says which letters no font has."""
    return (
        *("-f", "lavfi", "-i", "color=black:size=64x36:rate=1:duration=1"),
        *("-vf", _drawn(path), "-frames:v", "1", "-f", "null", "-"),
    )


_WRITTEN = {"srt": ("srt", "subrip"), "vtt": ("webvtt", "webvtt"), "ass": ("ass", "ass")}


def _drawn(path: str) -> str:
    return f"ass=filename={path}:fontsdir={FONTS}"


def _is_font(other: OtherStream) -> bool:
    kind, name = (other.mimetype or "").lower(), (other.filename or "").lower()
    return kind.startswith(_FONT_TYPES) or kind == _OPENTYPE or name.endswith(_FONT_ENDINGS)
