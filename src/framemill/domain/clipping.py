"""The media facts of a range of a file, and the frame a range begins and ends with."""

from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import TypeVar

from framemill.domain.cuts import EARLY_US
from framemill.domain.media import Chapter, MediaInfo, Stream, VideoStream
from framemill.domain.units import US, format_time
from framemill.errors import InvalidSpec, TimeOutOfRange

_S = TypeVar("_S", bound=Stream)
# People write a file's end in whole seconds; so much behind it is the end.
_FORGIVEN_US = US // 2


def checked(start_us: int, end_us: int | None, duration_us: int) -> tuple[int, int]:
    """The range inside a file; TimeOutOfRange where it is not, InvalidSpec where it is empty."""
    end = duration_us if end_us is None else end_us
    if start_us >= duration_us:
        raise TimeOutOfRange(
            f"{format_time(start_us)} is behind the end: the file lasts {format_time(duration_us)}",
            hint="choose an earlier start",
        )
    if end > duration_us + _FORGIVEN_US:
        raise TimeOutOfRange(
            f"{format_time(end)} is behind the end: the file lasts {format_time(duration_us)}",
            hint="choose an earlier end, or leave it out",
        )
    if end <= start_us:
        raise InvalidSpec(
            f"the end {format_time(end)} does not come after the start {format_time(start_us)}",
            hint="give an end behind the start",
        )
    return start_us, min(end, duration_us)


def on_frames(media: MediaInfo, stream: VideoStream, start_us: int, end_us: int) -> tuple[int, int]:
    """The range from the first frame at or after the start to the first at or after the end.

    Both lie a little before their frames, so that no rounding loses one.
    Irregular frames keep the times as they are.
    """
    return _before_frame(media, stream, start_us), _before_frame(media, stream, end_us)


def clipped(media: MediaInfo, start_us: int, end_us: int) -> MediaInfo:
    """What a range of `media` is as a file of its own; streams that are silent in it are left out."""
    length = end_us - start_us
    share = Fraction(length, max(1, media.duration_us))
    return replace(
        media,
        start_us=0,
        duration_us=length,
        size=round(media.size * share),
        declared_duration_us=None,
        video=tuple(
            _stream(s, media, start_us, end_us) for s in media.video if _meets(s, media, start_us, end_us)
        ),
        audio=tuple(
            _stream(s, media, start_us, end_us) for s in media.audio if _meets(s, media, start_us, end_us)
        ),
        chapters=tuple(
            Chapter(
                start_us=max(0, c.start_us - media.start_us - start_us),
                end_us=min(length, c.end_us - media.start_us - start_us),
                title=c.title,
            )
            for c in media.chapters
            if c.start_us - media.start_us < end_us and c.end_us - media.start_us > start_us
        ),
    )


def lasting(media: MediaInfo, duration_us: int) -> MediaInfo:
    """What ranges of `media` joined to `duration_us` are: its pictures and sounds, all of that length."""
    return replace(
        media,
        start_us=0,
        duration_us=duration_us,
        size=round(media.size * Fraction(duration_us, max(1, media.duration_us))),
        declared_duration_us=None,
        video=tuple(replace(v, start_us=0, duration_us=duration_us, frame_count=None) for v in media.video),
        audio=tuple(replace(a, start_us=0, duration_us=duration_us) for a in media.audio),
        subtitles=(),
        others=(),
        chapters=(),
    )


def _before_frame(media: MediaInfo, stream: VideoStream, time_us: int) -> int:
    if stream.is_vfr or not stream.frame_rate:
        return max(0, time_us - EARLY_US)
    origin = stream.start_us - media.start_us
    number = max(0, ceil((time_us - EARLY_US - origin) * stream.frame_rate / US))
    return max(0, origin + round(number * US / stream.frame_rate) - EARLY_US)


def _span(stream: Stream, media: MediaInfo) -> tuple[int, int]:
    start = stream.start_us - media.start_us
    end = media.duration_us if stream.duration_us is None or media.truncated else start + stream.duration_us
    return start, end


def _meets(stream: Stream, media: MediaInfo, start_us: int, end_us: int) -> bool:
    if isinstance(stream, VideoStream) and stream.is_cover:
        return True
    start, end = _span(stream, media)
    # Less than a packet may come to nothing.
    return start < end_us - EARLY_US * 50 and end > start_us + EARLY_US * 50


def _stream(stream: _S, media: MediaInfo, start_us: int, end_us: int) -> _S:
    start, end = _span(stream, media)
    start, end = max(0, start - start_us), min(end, end_us) - start_us
    known = stream.duration_us is not None and not media.truncated
    changes: dict[str, object] = {"start_us": start, "duration_us": end - start if known else None}
    if isinstance(stream, VideoStream):
        changes["frame_count"] = None
    return replace(stream, **changes)  # type: ignore[arg-type]  # fields that every stream has
