"""One range of a file by copy: it begins with a keyframe at time zero and no sound before it.

Where a seek lands depends on the container, so it aims before the keyframe
and what comes too early is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import lone, source
from framemill.domain.containers import Container
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.units import seconds
from framemill.domain.work import AudioPart

# Beside the frames that a keyframe is decoded early: containers round, and keyframes differ.
_LEAD_US = 60_000
_BELOW_ZERO = frozenset({"mp4", "mov", "ipod", "matroska", "webm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A range of `in/source` whose start is a keyframe, or any time where there is no picture."""

    media: MediaInfo
    videos: Sequence[VideoStream]
    audio: Sequence[AudioPart]
    extra: tuple[str, ...]
    start_us: int
    end_us: int

    @property
    def lead_us(self) -> int:
        """How much before its start reading begins."""
        early = max((v.reorder_us for v in self.videos), default=0)
        return min(self.start_us, early + _LEAD_US if self.videos else 0)


def skipped(us: int, *, early_us: int) -> tuple[str, ...]:
    """Picture filters that begin `us` after where reading began, `early_us` before the first frame."""
    cut = (f"trim=start={seconds(us)}",) if us else ()
    return (*cut, f"setpts=PTS-{seconds(us + early_us)}/TB") if us + early_us else cut


def skipped_sound(us: int) -> tuple[str, ...]:
    """Sound filters that do the same."""
    return (f"atrim=start={seconds(us)}", f"asetpts=PTS-{seconds(us)}/TB") if us else ()


def opened(clip: Clip) -> tuple[str, ...]:
    """The input side."""
    missing_times = clip.media.container in {"avi", "mpeg"}
    return source.read(
        "source",
        demuxer=clip.media.container,
        start_us=clip.start_us - clip.lead_us,
        before=("-fflags", "+genpts") if missing_times else (),
    )


def copied(clip: Clip, container: Container) -> tuple[str, ...]:
    """The output side without the file's name: maps, copies, and nothing from before the start."""
    lead = clip.lead_us
    maps: list[str] = []
    for number, stream in enumerate(clip.videos):
        maps += ("-map", f"0:{stream.index}", f"-c:v:{number}", "copy")
    for number, part in enumerate(clip.audio):
        maps += lone.audio(part, number)
    return (
        *maps,
        *clip.extra,
        *("-copypriorss", "0"),
        # Sound needs no keyframe: without this it would begin where reading does.
        *(("-bsf:a", rf"noise=drop=lt(pts*tb\,{seconds(lead)})") if lead and clip.audio else ()),
        *("-t", seconds(clip.end_us - clip.start_us + lead)),
        *(("-output_ts_offset", f"-{seconds(lead)}") if lead else ()),
        *from_zero(container),
    )


def from_zero(container: Container) -> tuple[str, ...]:
    """Muxer option that keeps the first picture at time zero where its decode time may lie below."""
    return ("-avoid_negative_ts", "disabled") if container.muxer in _BELOW_ZERO else ()
