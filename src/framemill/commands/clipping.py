"""One range of a file by copy: it begins with a keyframe at time zero and no sound before it.

Where a seek lands depends on the container, so it aims before the keyframe
and what comes too early is dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import lone, source
from framemill.domain.containers import Container
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.promises import frame_us
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
    subtitled: bool = False  # `extra` maps subtitles
    joined: bool = False  # others stand before it, so no edit list can hide what is before its start

    @property
    def lead_us(self) -> int:
        """How much before its start reading begins."""
        early = max((v.reorder_us for v in self.videos), default=0)
        return min(self.start_us, early + _LEAD_US if self.videos else 0)

    @property
    def late_us(self) -> int:
        """How long after the end the last picture may be shown, as pictures are copied in decode order."""
        return max((v.reorder_us + frame_us(v.frame_rate) for v in self.videos), default=0)


def window(skip_us: int, length_us: int, *, early_us: int) -> tuple[str, ...]:
    """Picture filters for a range that lies `skip_us` behind where reading began.

    The range begins `early_us` before its first frame. ffmpeg's own `-t` counts
    from each stream's first packet, so a late picture would end late.
    """
    shift = skip_us + early_us
    return (
        f"trim=start={seconds(skip_us)}:end={seconds(skip_us + length_us)}",
        *((f"setpts=PTS-{seconds(shift)}/TB",) if shift else ()),
    )


def window_of_sound(skip_us: int, length_us: int) -> tuple[str, ...]:
    """Sound filters for the same range."""
    return (
        f"atrim=start={seconds(skip_us)}:end={seconds(skip_us + length_us)}",
        *((f"asetpts=PTS-{seconds(skip_us)}/TB",) if skip_us else ()),
    )


def cues_within(length_us: int, *, lead_us: int = 0) -> tuple[str, ...]:
    """Output option for subtitles of a range that begins `lead_us` after time zero.

    A cue that began before it is shown from its start on, one that lasts
    longer ends with it; else the file would begin earlier and last longer.
    """
    first, last = f"{seconds(lead_us)}/TB", f"{seconds(lead_us + length_us)}/TB"
    begun = rf"pts=max(PTS\,{first}):dts=max(DTS\,{first})"
    lasting = rf"min(PTS+DURATION\,{last})-max(PTS\,{first})"
    over = rf"lte((pts+duration)*tb\,{seconds(lead_us)})"
    return ("-bsf:s", f"noise=drop={over},setts={begun}:duration={lasting}")


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
    drop = bool(clip.audio) and (lead > 0 or clip.joined)
    maps: list[str] = []
    length = clip.end_us - clip.start_us + lead
    for number, stream in enumerate(clip.videos):
        maps += ("-map", f"0:{stream.index}", f"-c:v:{number}", "copy")
        maps += (f"-bsf:v:{number}", rf"noise=drop=gte(dts*tb\,{seconds(length)})")
    for number, part in enumerate(clip.audio):
        maps += lone.audio(part, number)
    return (
        *maps,
        *clip.extra,
        *("-copypriorss", "0"),
        # Sound needs no keyframe: without this it would begin where reading does.
        *(("-bsf:a", rf"noise=drop=lt(pts*tb\,{seconds(lead)})") if drop else ()),
        *(cues_within(clip.end_us - clip.start_us, lead_us=lead) if clip.subtitled else ()),
        # Sound goes on until the last picture ends.
        *("-t", seconds(length + clip.late_us)),
        *(("-output_ts_offset", f"-{seconds(lead)}") if lead else ()),
        *from_zero(container),
    )


def from_zero(container: Container) -> tuple[str, ...]:
    """Muxer option that keeps the first picture at time zero where its decode time may lie below."""
    return ("-avoid_negative_ts", "disabled") if container.muxer in _BELOW_ZERO else ()
