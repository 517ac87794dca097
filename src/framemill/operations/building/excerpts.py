"""The frame rate of a short excerpt, such as a preview or a GIF."""

from fractions import Fraction

from framemill.domain.media import VideoStream
from framemill.domain.units import US, parse_frame_rate, seconds
from framemill.errors import InvalidSpec

# Slower than this is a slide show, of which an excerpt may hold no whole frame.
_SLOW = 5


def rate_of(fps: str, stream: VideoStream, *, duration_us: int) -> Fraction:
    """The wanted rate, or the source's own where that is a little slower: then no frame is doubled.

    InvalidSpec where an excerpt as long as `duration_us` would have no whole frame.
    """
    wanted = parse_frame_rate(fps)
    if wanted * duration_us < US:
        raise InvalidSpec(
            f"at {fps} frames a second there would be none in {seconds(duration_us)} s",
            hint="choose a higher rate or a longer duration",
        )
    steady = not stream.is_vfr and stream.frame_rate >= _SLOW
    return min(wanted, stream.frame_rate) if steady else wanted
