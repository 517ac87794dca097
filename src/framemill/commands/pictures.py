"""Asking for every picture of one stream: when each is shown and decoded, and where a copy may begin."""

from framemill.commands.source import guard_args
from framemill.domain.smart import Picture
from framemill.domain.units import seconds

# The slices of H.264 that nothing before them matters to: instantaneous decoder refresh.
_REFRESH = "5"


def listing_args(
    path: str, *, stream: int, windows_us: tuple[tuple[int, int], ...] | None, max_pixels: int
) -> tuple[str, ...]:
    """ffprobe: the packets of `stream`, all or those of windows in the file's own time."""
    places = ",".join(f"{seconds(a)}%{seconds(b)}" for a, b in windows_us or ())
    return (
        *("-v", "error"),
        *guard_args(max_pixels=max_pixels),
        *("-select_streams", str(stream)),
        *("-show_entries", "packet=pts,dts,pos,flags"),
        *(("-read_intervals", places) if places else ()),
        *("-of", "csv=p=0"),
        *("-i", f"file:{path}"),
    )


def refreshes_args(
    path: str, *, stream: int, demuxer: str, window_us: tuple[int, int] | None, max_pixels: int
) -> tuple[str, ...]:
    """ffmpeg: one line per H.264 picture from which on nothing looks back; the window is from the start."""
    within: tuple[str, ...] = ()
    if window_us is not None:
        start, end = window_us
        within = ("-ss", seconds(start), "-t", seconds(end - start))
    return (
        *("-v", "error", "-nostdin"),
        *guard_args(max_pixels=max_pixels),
        *("-f", demuxer, *within, "-copyts"),
        *("-i", f"file:{path}"),
        *("-map", f"0:{stream}", "-c", "copy", "-bsf:v", f"filter_units=pass_types={_REFRESH}"),
        *("-f", "framecrc", "-"),
    )


def picture_of(line: str) -> tuple[Picture, str] | None:
    """A line of `listing_args`, with the picture's place in the file; None for what is never shown."""
    fields = line.strip().split(",")
    if len(fields) < 4 or "D" in fields[3] or not _whole(fields[0]):
        return None
    key = "K" in fields[3]
    dts = int(fields[1]) if _whole(fields[1]) else None
    return Picture(pts=int(fields[0]), dts=dts, key=key, clean=key), fields[2]


def untimed(line: str) -> bool:
    """True for a line of `listing_args` about a picture that the container gives no time of display."""
    fields = line.strip().split(",")
    return len(fields) >= 4 and "D" not in fields[3] and not _whole(fields[0])


def shown_at(line: str) -> int | None:
    """The tick that a line of the framecrc muxer is about."""
    fields = line.split(",")
    if len(fields) < 6 or line.startswith("#"):
        return None
    return int(fields[2]) if _whole(fields[2].strip()) else None


def _whole(text: str) -> bool:
    return text.lstrip("-").isdigit()
