"""Another file's sound under a picture: as long as that, at a level, alone or mixed with what is there."""

from dataclasses import dataclass
from math import ceil

from framemill.commands import sound, source
from framemill.domain.media import AudioStream, MediaInfo
from framemill.domain.units import seconds
from framemill.domain.work import AudioPart

_CEILING = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """How a sound track lies under a picture of `length_us`."""

    length_us: int
    start_us: int = 0  # where in the track it begins
    offset_us: int = 0  # where under the picture it begins
    ends_us: int  # where under the picture it is over
    level: float = 1.0
    fade_out_us: int = 0
    looped: bool = False


def opened(name: str, media: MediaInfo, overlay: Overlay) -> tuple[str, ...]:
    """Open `in/<name>`, again and again where it is looped, no further than it is heard."""
    return source.read(
        name,
        demuxer=media.container,
        length_us=overlay.length_us - overlay.offset_us + overlay.start_us,
        before=("-stream_loop", "-1") if overlay.looped else (),
    )


def laid(overlay: Overlay, shape: tuple[str, ...]) -> tuple[str, ...]:
    """Filters of the track; `shape` are those that its encoder wants, the late start filled."""
    fade = min(overlay.fade_out_us, overlay.ends_us - overlay.offset_us)
    return (
        # Rounds of a loop have gaps and overlaps of a packet: samples are simply put after one another.
        *(("asetpts=N/SR/TB",) if overlay.looped else ()),
        *shape,
        *((f"atrim=start={seconds(overlay.start_us)}", "asetpts=PTS-STARTPTS") if overlay.start_us else ()),
        *((f"volume={overlay.level:.6f}",) if overlay.level != 1 else ()),
        *((f"adelay=delays={ceil(overlay.offset_us / 1000)}:all=1",) if overlay.offset_us else ()),
        *((f"afade=t=out:st={seconds(overlay.ends_us - fade)}:d={seconds(fade)}",) if fade else ()),
        *exactly(overlay.length_us),
    )


def exactly(length_us: int) -> tuple[str, ...]:
    """Filters that make sound this long: silence follows where it is shorter."""
    return ("apad", f"atrim=end={seconds(length_us)}")


def mixed(
    own: AudioPart, new: AudioStream, overlay: Overlay, *, channels: int, sample_rate: int, label: str
) -> tuple[str, str]:
    """The graph that mixes the track `new` of input 1 into `own` of input 0, and its output's label."""
    form = f"aformat=channel_layouts={sound.layout_of(channels)}:sample_rates={sample_rate}"
    base = ",".join((*own.filters, form, *exactly(overlay.length_us)))
    shape = () if overlay.looped else ("aresample=async=1:first_pts=0",)
    # One channel becomes two as loud as it was; ffmpeg's own way takes 3 dB off.
    doubled = ("pan=stereo|c0=c0|c1=c0",) if new.channels == 1 and channels > 1 else ()
    over = ",".join(laid(overlay, (*shape, *doubled, form)))
    return (
        f"[0:{own.stream}]{base}[{label}own];[1:{new.index}]{over}[{label}new];"
        # Both at the level they have, and no clipping where they meet.
        f"[{label}own][{label}new]amix=inputs=2:duration=longest:normalize=0,"
        f"alimiter=limit={_CEILING}:level=0:latency=1[{label}]"
    ), label
