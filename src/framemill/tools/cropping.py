"""Runs ffmpeg at a few places of a video to learn where its picture lies between black bars."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from framemill.commands.cropping import Bars, bars_args
from framemill.domain.cropping import Box, agreed
from framemill.domain.media import MediaInfo
from framemill.domain.promises import end_of
from framemill.domain.units import US
from framemill.errors import NoVideoStream
from framemill.tools.limits import Limits
from framemill.tools.process import run_tool
from framemill.tools.programs import Programs
from framemill.tools.sandbox import Mode, sandboxed

_DEFAULT = Limits()
_PLACES = 11
# Below this, keyframes may be so few that every place would show the same one.
_SHORT_US = 120 * US


def picture_area(
    path: Path,
    *,
    programs: Programs,
    media: MediaInfo,
    limit: int,
    limits: Limits = _DEFAULT,
    sandbox: Mode = "off",
    cancelled: Callable[[], bool] = lambda: False,
) -> Box | None:
    """The part of `path`'s main video that is not black bars, in shown pixels; None where that is not sure.

    Raises NoVideoStream.
    """
    main = media.main_video
    if main is None:
        raise NoVideoStream(f"{path.name!r} has no picture to look for bars in")
    real = path.resolve()
    end, _ = end_of(media, main)
    seen = []
    for number in range(1, _PLACES + 1):
        bars = Bars()
        args = bars_args(
            str(real),
            main,
            at_us=end * number // (_PLACES + 1),
            exactly=end < _SHORT_US,
            limit=limit,
            max_pixels=limits.max_pixels,
        )
        # A place that does not decode shows nothing: the others decide.
        run_tool(
            sandboxed((str(programs.ffmpeg), *args), readable=(real,), writable=(), mode=sandbox),
            cwd=Path(tempfile.gettempdir()),
            limits=limits,
            on_line=bars.take,
            cancelled=cancelled,
        )
        seen.append(bars.read())
    return agreed(seen, width=main.display_width, height=main.display_height)
