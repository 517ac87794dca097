"""What a file with all of a source's streams must turn out to be, and the media facts that follow.

Single streams on their way into such a file are domain.promises'.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from framemill.domain.media import AudioStream, Chapter, MediaInfo, Stream, SubtitleStream, VideoStream
from framemill.domain.plan import Promise
from framemill.domain.promises import end_of, frame_us, predicted_picture
from framemill.domain.units import US


def promised(
    media: MediaInfo,
    *,
    stream: VideoStream | None,
    size: tuple[int, int] | None = None,
    codec: str | None = None,
    rate: Fraction | None = None,
    sounds: Sequence[tuple[AudioStream, str, int]] = (),
    subtitles: Sequence[SubtitleStream] = (),
) -> Promise:
    """A file with all of `stream`, sound tracks (each with its new codec and channels) and subtitles.

    Without `size`, `codec` or `rate` the picture is a copy and keeps its own.
    """
    # How long subtitles reach is nobody's length: the last line may stand for hours.
    carried: list[Stream] = [*((stream,) if stream else ()), *(track for track, _, _ in sounds)]
    ends = [end_of(media, s) for s in carried]
    copies = [
        *((stream,) if stream and rate is None else ()),
        *(t for t, codec, _ in sounds if codec == t.codec),
    ]
    # What is encoded begins at zero; a copy begins where it did.
    late = min(s.start_us - media.start_us for s in copies) if len(copies) == len(carried) else 0
    width, height = size or ((stream.width, stream.height) if stream else (None, None))
    return Promise(
        kind="media",
        duration_us=max(end for end, _ in ends) - max(0, late),
        tolerance_us=max(tolerance for _, tolerance in ends),
        frame_us=max(
            _longest_frame_us(stream, rate or stream.frame_rate) if stream else 0,
            *(_packet_us(track) for track, _, _ in sounds),
            0,
        ),
        width=width,
        height=height,
        video_codec=(codec or stream.codec) if stream else "",
        audio_codecs=tuple(codec for _, codec, _ in sounds),
        channels=tuple(channels for _, _, channels in sounds),
        subtitles=len(subtitles),
    )


def predicted(
    promise: Promise,
    *,
    demuxer: str,
    size: int,
    picture: VideoStream | None = None,
    rate: Fraction | None = None,
    tracks: Sequence[AudioStream] = (),
    subtitles: Sequence[tuple[SubtitleStream, str]] = (),
    chapters: tuple[Chapter, ...] = (),
) -> MediaInfo:
    """The media facts of a file that keeps `promise`.

    With a `rate` the picture was encoded, upright and square-pixelled;
    without one it is a copy.
    """
    assert promise.duration_us is not None
    shown: tuple[VideoStream, ...] = ()
    if picture is not None and rate is None:
        shown = (replace(picture, index=0, start_us=0),)
    elif picture is not None and rate is not None:
        shown = predicted_picture(promise, picture, rate=rate, size=size).video
    heard = tuple(
        replace(track, index=len(shown) + number, codec=codec, channels=channels, start_us=0)
        for number, (track, codec, channels) in enumerate(
            zip(tracks, promise.audio_codecs or (), promise.channels or (), strict=True)
        )
    )
    texts = tuple(
        replace(sub, index=len(shown) + len(heard) + number, codec=codec)
        for number, (sub, codec) in enumerate(subtitles)
    )
    return MediaInfo(
        container=demuxer,
        duration_us=promise.duration_us,
        size=size,
        video=shown,
        audio=heard,
        subtitles=texts,
        chapters=chapters,
    )


def _packet_us(track: AudioStream) -> int:
    # Sound comes in packets of about a thousand samples; encoders begin early by one and pad the last.
    return 2 * 1152 * US // max(1, track.sample_rate)


def _longest_frame_us(stream: VideoStream, rate: Fraction) -> int:
    # The last frame of a variable rate may have lasted long; nothing says how long.
    return US if stream.is_vfr else frame_us(rate)
