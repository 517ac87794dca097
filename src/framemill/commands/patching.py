"""Commands that replace parts of our own finished MP4 by other encodes of the same pictures.

Parts stand between keyframes. How they come to be chosen is domain.corrections'
work, putting them in place engine.patching's.
"""

from framemill.commands import source
from framemill.commands.joining import scripted
from framemill.domain.units import US, seconds

# Longer than any film, in seconds.
_ALL = "100000000"
_HEAD = ("-nostdin", "-hide_banner", "-y")
# Pieces are joined by their own times.
_PIECE = ("-avoid_negative_ts", "disabled", "-map_metadata", "-1", "-map_chapters", "-1", "-f", "mp4")


def piece(name: str, timescale: str) -> tuple[str, ...]:
    """Output options of a piece with the film's clock."""
    return ("-video_track_timescale", timescale, *_PIECE, f"file:out/{name}")


def kept(film: str, first: int, until: int | None, *, timescale: int, name: str) -> tuple[str, ...]:
    """The pictures of `out/<film>` from the keyframe at the tick `first` on, before the one at `until`."""
    behind = rf"+gte(pts\,{until})" if until is not None else ""
    return (
        *_HEAD,
        *_opened(film),
        *("-map", "0:v:0", "-c", "copy"),
        *("-bsf:v", rf"noise=drop=lt(pts\,{first}){behind},setts=pts=PTS-{first}:dts=DTS-{first}"),
        *piece(name, str(timescale)),
    )


def put_together(
    listing: str,
    film: str,
    *,
    mux: tuple[str, ...],
    language: str | None,
    hevc: bool,
    timescale: int,
    name: str,
) -> tuple[str, ...]:
    """The pictures that the script `out/<listing>` joins, with everything else of `out/<film>`."""
    return (
        *_HEAD,
        # Sample data stays as it is.
        *("-auto_convert", "0", "-copyts", *scripted(f"out/{listing}", demuxer="mov")),
        *_opened(film),
        *("-map", "0:v:0", "-map", "1:v?", "-map", "-1:v:0"),
        *("-map", "1:a?", "-map", "1:s?", "-map", "1:t?", "-c", "copy"),
        *("-map_metadata", "1", "-map_chapters", "1", "-disposition:v:0", "default"),
        *(("-metadata:s:v:0", f"language={language}") if language else ()),
        # Apple players open HEVC in MP4 only under this tag.
        *(("-tag:v:0", "hvc1") if hevc else ()),
        *("-video_track_timescale", str(timescale), "-avoid_negative_ts", "disabled"),
        *mux,
        f"file:out/{name}",
    )


def span(start_us: int, end_us: int | None, *, origin_us: int, apart_us: int) -> dict[str, str]:
    """What `trials.again` and `trials.compare` leave open, for the pictures from `start_us` on.

    The one at `end_us` is the first behind them; None means to the end. Times
    count from the film's first picture, which is `origin_us` on the source's
    own clock; pictures are `apart_us` apart.
    """
    # Between two pictures, so that no rounding decides which side one is on.
    early = apart_us // 4
    enter = max(0, start_us - US)
    return {
        "enter": seconds(enter),
        "reading": _ALL if end_us is None else seconds(end_us - enter + US),
        "begin": seconds(origin_us + start_us - early),
        "end": _ALL if end_us is None else seconds(origin_us + end_us - early),
        "origin": seconds(origin_us + start_us),
        "start": seconds(max(0, start_us - early)),
        "length": _ALL if end_us is None else seconds(end_us - start_us + US),
    }


def _opened(film: str) -> tuple[str, ...]:
    return (*source.guard_args(), "-f", "mov", "-copyts", "-i", f"file:out/{film}")
