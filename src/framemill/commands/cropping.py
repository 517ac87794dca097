"""Asking ffmpeg which part of a video's pictures is not black, at one place."""

import re

from framemill.commands.source import MAX_PIXELS, guard_args
from framemill.domain.cropping import Box
from framemill.domain.media import VideoStream
from framemill.domain.units import seconds

_FACT = re.compile(r"lavfi\.cropdetect\.(x1|x2|y1|y2)=(-?\d+)")
# A few pictures of each place: the union of what they show.
_PICTURES = 3


def bars_args(
    name: str, video: VideoStream, *, at_us: int, exactly: bool, limit: int, max_pixels: int = MAX_PIXELS
) -> tuple[str, ...]:
    """Look at `name` from `at_us` on, or from the keyframe before; facts go to stdout, frame by frame.

    `limit` is how light a line may be on average, of 255, and still be black.
    """
    return (
        *("-v", "error"),
        *guard_args(max_pixels=max_pixels),
        *(() if exactly else ("-noaccurate_seek",)),
        *("-ss", seconds(at_us)),
        *("-i", f"file:{name}"),
        *("-map", f"0:{video.index}"),
        "-filter:v:0",
        # Square pixels, as whoever crops will have them. A share: then it holds for 10 bits as well.
        (
            f"scale=w={video.display_width}:h={video.display_height}:flags=bicubic,"
            f"cropdetect=limit={limit / 255:.5f}:round=2:skip=0:reset=0,metadata=mode=print:file=-"
        ),
        *("-frames:v", str(_PICTURES), "-f", "null", "-"),
    )


class Bars:
    """Reads the facts; the last frame's hold for all before it."""

    def __init__(self) -> None:
        self._facts: dict[str, int] = {}

    def take(self, line: str) -> None:
        """One line; anything else is passed over."""
        if found := _FACT.search(line):
            self._facts[found[1]] = int(found[2])

    def read(self) -> Box | None:
        """What was not black; None where all was, or nothing was shown."""
        if len(self._facts) < 4:
            return None
        x1, x2, y1, y2 = (self._facts[key] for key in ("x1", "x2", "y1", "y2"))
        if x2 <= x1 or y2 <= y1:
            return None
        return Box(x=x1, y=y1, width=x2 - x1 + 1, height=y2 - y1 + 1)
