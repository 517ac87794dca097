"""What outputs made from a source must turn out to be, and the media facts that follow."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from framemill.domain.media import AudioStream, MediaInfo, Stream, SubtitleStream, VideoStream
from framemill.domain.plan import Promise
from framemill.domain.units import US
from framemill.domain.work import AudioPart

# An encoder's first and last packets, and containers that round to whole samples.
_TOLERANCE_US = 100_000
# Where the container does not say how long one stream of several is.
_UNKNOWN_TOLERANCE_US = 1_000_000


def end_of(media: MediaInfo, stream: Stream) -> tuple[int, int]:
    """When `stream` ends, in µs from the file's start, and how sure that is (tolerance in µs)."""
    if stream.duration_us is None or media.truncated:
        alone = len(media.video) + len(media.audio) == 1
        return media.duration_us, _TOLERANCE_US if alone and not media.truncated else _UNKNOWN_TOLERANCE_US
    end = stream.start_us - media.start_us + stream.duration_us
    return min(end, media.duration_us), _TOLERANCE_US


def picture_end(media: MediaInfo, stream: VideoStream) -> int | None:
    """When the picture of `stream` ends at the earliest, in µs from the file's start; None where unsure."""
    if stream.duration_us is None or media.truncated:
        return None
    return end_of(media, stream)[0] - stream.hidden_us


def frame_us(rate: Fraction) -> int:
    """How long one frame lasts."""
    return round(US / rate) if rate else 0


def picture_only(
    media: MediaInfo, stream: VideoStream, *, size: tuple[int, int], codec: str, rate: Fraction
) -> Promise:
    """A file with the whole picture of `stream` and nothing else."""
    end, tolerance = end_of(media, stream)
    return Promise(
        kind="media",
        duration_us=end,
        tolerance_us=tolerance,
        frame_us=_longest_frame_us(stream, rate),
        width=size[0],
        height=size[1],
        video_codec=codec,
        audio_codecs=(),
    )


def sound_only(media: MediaInfo, track: AudioStream, *, codec: str, channels: int | None = None) -> Promise:
    """A file with the whole of one sound track and nothing else."""
    end, tolerance = end_of(media, track)
    return Promise(
        kind="media",
        duration_us=end,
        tolerance_us=tolerance,
        video_codec="",
        audio_codecs=(codec,),
        channels=(channels or track.channels,),
    )


def joined(parts: Sequence[MediaInfo]) -> Promise:
    """A file with the picture, sound tracks and subtitles of `parts`; the first holds the picture."""
    video = parts[0].main_video
    assert video is not None
    tracks = [track for media in parts for track in media.audio]
    return Promise(
        kind="media",
        duration_us=max(media.duration_us for media in parts if not media.subtitles),
        tolerance_us=_UNKNOWN_TOLERANCE_US if video.duration_us is None else _TOLERANCE_US,
        frame_us=_longest_frame_us(video, video.frame_rate),
        width=video.width,
        height=video.height,
        video_codec=video.codec,
        audio_codecs=tuple(t.codec for t in tracks),
        channels=tuple(t.channels for t in tracks),
        subtitles=sum(len(media.subtitles) for media in parts),
    )


def predicted_picture(promise: Promise, stream: VideoStream, *, rate: Fraction, size: int) -> MediaInfo:
    """The media facts of an output that keeps `promise`, of about `size` bytes."""
    assert promise.duration_us is not None
    return MediaInfo(
        container="mov",
        duration_us=promise.duration_us,
        size=size,
        video=(
            replace(
                stream,
                index=0,
                codec=promise.video_codec or stream.codec,
                width=promise.width or stream.width,
                height=promise.height or stream.height,
                frame_rate=rate,
                nominal_rate=rate,
                sar=Fraction(1),
                rotation=0,
                start_us=0,
                duration_us=promise.duration_us if stream.duration_us is not None else None,
                dispositions=("default",),
                field_order="progressive",
            ),
        ),
    )


def predicted_sound(promise: Promise, part: AudioPart, track: AudioStream) -> MediaInfo:
    """The media facts of a sound file that keeps `promise`."""
    assert promise.duration_us is not None
    assert promise.audio_codecs
    assert promise.channels
    return MediaInfo(
        container="mov",
        duration_us=promise.duration_us,
        size=0,
        audio=(
            replace(
                track,
                index=0,
                codec=promise.audio_codecs[0],
                channels=promise.channels[0],
                language=part.language,
                title=part.title,
                start_us=0,
                duration_us=promise.duration_us,
            ),
        ),
    )


def predicted_text(text: SubtitleStream, media: MediaInfo) -> MediaInfo:
    """The media facts of one text track of `media` as WebVTT."""
    webvtt = replace(text, index=0, codec="webvtt", start_us=0)
    return MediaInfo(container="webvtt", duration_us=media.duration_us, size=0, subtitles=(webvtt,))


def _longest_frame_us(stream: VideoStream, rate: Fraction) -> int:
    # The last frame of a variable rate may have lasted long; nothing says how long.
    return US if stream.is_vfr else frame_us(rate)
