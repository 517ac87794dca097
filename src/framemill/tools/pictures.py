"""Reading when the pictures of a file are shown and decoded: all of them, or those of a few ranges."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from framemill.commands import pictures as commands
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.smart import Picture, Pictures
from framemill.domain.units import US
from framemill.errors import NoVideoStream
from framemill.tools.limits import Limits
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed

_DEFAULT = Limits()
# Elsewhere a seek lands anywhere.
_INDEXED = frozenset({"mov", "matroska"})
# Behind a range as many pictures are read as a codec may show late.
_BEHIND_US = 2 * US
_LEAD_US = 60_000

Range = tuple[int, int]


def pictures(
    path: Path,
    *,
    programs: Programs,
    media: MediaInfo,
    ranges: Sequence[Range] | None = None,
    limits: Limits = _DEFAULT,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> Pictures:
    """The pictures of the main video that are shown; around `ranges` (µs from the start) where that is less.

    A picture without a time of its own ends the list: it is then empty.
    Raises NoVideoStream.
    """
    main = media.main_video
    if main is None:
        raise NoVideoStream(f"{path.name!r} has no video stream")
    real = path.resolve()

    def run(program: Path, args: Sequence[str], on_line: Callable[[str], None]) -> None:
        run_tool(
            sandboxed((str(program), *args), readable=(real,), writable=(), mode=sandbox),
            cwd=Path(tempfile.gettempdir()),
            limits=limits,
            on_line=on_line,
            cancelled=cancelled,
        )

    def read(windows: tuple[Range, ...] | None) -> tuple[Picture, ...]:
        found: dict[tuple[Picture, str], None] = {}
        lost: list[str] = []

        def take(line: str) -> None:
            if (picture := commands.picture_of(line)) is not None:
                found[picture] = None
            elif commands.untimed(line):
                lost.append(line)

        shifted = windows and tuple((a + media.start_us, b + media.start_us) for a, b in windows)
        args = commands.listing_args(
            str(real), stream=main.index, windows_us=shifted or None, max_pixels=limits.max_pixels
        )
        run(programs.ffprobe, args, take)
        return () if lost else tuple(picture for picture, _ in found)

    windows = _windows(ranges, media, main)
    listed = read(windows)
    if windows is not None and not _reaches(listed, windows, main.time_base, media.start_us):
        windows, listed = None, read(None)
    if main.codec == "h264":
        clean: set[int] = set()

        def note(line: str) -> None:
            if (at := commands.shown_at(line)) is not None:
                clean.add(at)

        for window in windows or (None,):
            args = commands.refreshes_args(
                str(real),
                stream=main.index,
                demuxer=media.container,
                window_us=window,
                max_pixels=limits.max_pixels,
            )
            run(programs.ffmpeg, args, note)
        listed = tuple(replace(p, clean=p.key and p.pts in clean) for p in listed)
    return Pictures(time_base=main.time_base, start_us=media.start_us, listed=listed)


def _windows(ranges: Sequence[Range] | None, media: MediaInfo, main: VideoStream) -> tuple[Range, ...] | None:
    """What to read: the ranges with what is around them; None for everything."""
    if ranges is None or media.container not in _INDEXED or media.truncated:
        return None
    behind = _BEHIND_US + (round(20 * US / main.frame_rate) if main.frame_rate else 0)
    merged: list[Range] = []
    for start, end in sorted(ranges):
        window = (max(0, start - main.reorder_us - _LEAD_US), end + behind)
        if merged and window[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], window[1]))
        else:
            merged.append(window)
    # Reading on is cheaper than seeking about in most of a file.
    return tuple(merged) if 2 * sum(b - a for a, b in merged) < media.duration_us else None


def _reaches(
    listed: Sequence[Picture], windows: Sequence[Range], time_base: Fraction, origin_us: int
) -> bool:
    """True where each window was entered at a keyframe at or before its start."""
    keys = [p.pts * time_base * US - origin_us for p in listed if p.key]
    return all(start == 0 or any(key <= start for key in keys) for start, _ in windows)
