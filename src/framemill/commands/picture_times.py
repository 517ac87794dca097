"""When each picture of a file is shown: the command that lists it, and reading the list.

Packets only, nothing is decoded. What a container claims about its rate is
commands.packets' subject; here is every single time.
"""

from fractions import Fraction

from framemill.commands import source
from framemill.domain.alignment import PictureTimes
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.units import US

# Demuxers with clocks that may jump: ffmpeg counts their time from the first of the streams it reads,
# not from the first of the file.
_OWN_CLOCK = {"mpegts", "mpeg", "ogg"}
_DISCARD = 0x4  # AV_PKT_FLAG_DISCARD: needed to decode others, outside an edit list
_UNKNOWN = 2**62  # AV_NOPTS_VALUE is beyond it
# Streams without real times have a few for a start; of those nothing is believed.
_KNOWN_SHARE = 0.9


def listed(name: str, media: MediaInfo, video: VideoStream, *, to: str) -> tuple[str, ...]:
    """Write one line for each packet of a stream of `in/<name>` to `to`, below the step's folder."""
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read(name, demuxer=media.container),
        *("-map", f"0:{video.index}", "-c", "copy"),
        # Times below zero stay what they are.
        *("-avoid_negative_ts", "disabled", "-f", "framecrc"),
        f"file:{to}",
    )


def read_times(text: str, *, late_us: int = 0) -> PictureTimes:
    """The times in what `listed` writes; `late_us` is what `late` says."""
    base = Fraction(US)
    found: dict[int, int] = {}  # by time, how long it stays
    packets = 0
    for line in text.splitlines():
        if line.startswith("#tb 0:"):
            base = Fraction(line.partition(":")[2].strip()) * US
        fields = [field.strip() for field in line.split(",")]
        if line.startswith("#") or len(fields) < 4 or _hidden(fields):
            continue
        packets += 1
        pts, duration = int(fields[2]), int(fields[3])
        if abs(pts) < _UNKNOWN:
            found[round(pts * base) + late_us] = round(duration * base)
    if len(found) < packets * _KNOWN_SHARE or not found:
        return PictureTimes()
    last = max(found)
    return PictureTimes(times_us=tuple(sorted(found)), last_us=found[last] or None)


def late(media: MediaInfo, video: VideoStream) -> int:
    """What ffmpeg leaves out of a picture's time where it reads only that stream, in µs."""
    return max(0, video.start_us - media.start_us) if media.container in _OWN_CLOCK else 0


def _hidden(fields: list[str]) -> bool:
    flags = next((field[2:] for field in fields if field.startswith("F=")), "0")
    return bool(int(flags, 16) & _DISCARD)
