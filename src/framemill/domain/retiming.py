"""The media facts of a file that is played faster or slower."""

from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from framemill.domain.media import Chapter, MediaInfo, Stream, VideoStream

_S = TypeVar("_S", bound=Stream)


def retimed(media: MediaInfo, factor: Fraction) -> MediaInfo:
    """`media` played `factor` times as fast, at the frame rate that it has."""
    return replace(
        media,
        start_us=round(media.start_us / factor),
        duration_us=round(media.duration_us / factor),
        size=round(media.size / factor),
        video=tuple(_picture(v, factor) for v in media.video),
        audio=tuple(_stream(a, factor) for a in media.audio),
        subtitles=tuple(_stream(s, factor) for s in media.subtitles),
        chapters=tuple(
            Chapter(
                # From the start of the file, as the result begins at zero.
                start_us=max(0, round((c.start_us - media.start_us) / factor)),
                end_us=max(0, round((c.end_us - media.start_us) / factor)),
                title=c.title,
            )
            for c in media.chapters
        ),
    )


def _picture(video: VideoStream, factor: Fraction) -> VideoStream:
    return video if video.is_cover else replace(_stream(video, factor), frame_count=None)


def _stream(stream: _S, factor: Fraction) -> _S:
    changes = {
        "start_us": round(stream.start_us / factor),
        "duration_us": None if stream.duration_us is None else round(stream.duration_us / factor),
    }
    return replace(stream, **changes)  # type: ignore[arg-type]  # fields that every stream has
