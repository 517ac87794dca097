"""Where to begin reading so that the picture shown at a time is surely decoded.

Seeking lands on a keyframe where the container has an index. Elsewhere
(transport streams, damaged files) it may land after the wanted time, and
ffmpeg then ends with code 0 and no picture: so those are entered earlier, and
near their start not at all.
"""

from framemill.domain.media import MediaInfo
from framemill.domain.units import US

_INDEXED = {"mov", "matroska"}
# Without an index: enter this much earlier, or at the very start if that is near.
_EARLIER_US = 10 * US


def earlier(media: MediaInfo) -> int:
    """How much before a wanted time to enter."""
    if media.container in _INDEXED and not media.truncated:
        return 0
    return max(_EARLIER_US, 2 * (media.keyframe_interval_us or 0))


def entry(media: MediaInfo, at_us: int) -> int:
    """The time to seek to, at or before `at_us`; 0 means not to seek."""
    return max(0, at_us - earlier(media))
