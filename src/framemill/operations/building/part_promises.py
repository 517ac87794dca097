"""What the parts of a cut must turn out to be: durations are sums, the rest holds for each part."""

from dataclasses import replace

from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Promise
from framemill.domain.promises import end_of
from framemill.domain.units import US
from framemill.operations.building.boundaries import Boundaries

# A packet of sound may reach over a boundary: each part is that much longer than its picture.
_JOIN_US = 60_000
_MARGIN_US = 200_000
_CUE_US = 7 * US
# Containers disagree about how long the last packet of a stream lasts.
_COPY_TOLERANCE_US = 1_000_000


def of_copied_parts(
    media: MediaInfo, videos: tuple[VideoStream, ...], wish: Boundaries, *, subtitled: bool
) -> Promise:
    """Parts cut at keyframes; how many is known only where the keyframes are."""
    main = videos[0] if videos else None
    return Promise(
        kind="media",
        duration_us=media.duration_us,
        tolerance_us=_COPY_TOLERANCE_US + _cues_us(wish, subtitled=subtitled),
        frame_us=_JOIN_US,
        width=main.width if main else None,
        height=main.height if main else None,
        video_codec=main.codec if main else "",
        # Where a track ends before the last keyframe, the last part has none of it.
        files=wish.files,
        max_size=wish.max_size,
    )


def of_encoded_parts(whole: Promise, media: MediaInfo, wish: Boundaries, end: int) -> Promise:
    """Exact parts of what would be `whole` as one file; its picture ends at `end`."""
    everywhere = not wish.wanted or all(
        track.start_us - media.start_us < wish.wanted[0] - _MARGIN_US
        and end_of(media, track)[0] > wish.wanted[-1] + _MARGIN_US
        for track in media.playable_audio
    )
    sure = not media.truncated and (not wish.wanted or wish.wanted[-1] < end - _MARGIN_US)
    return replace(
        whole,
        tolerance_us=whole.tolerance_us + _cues_us(wish, subtitled=bool(whole.subtitles)),
        frame_us=max(whole.frame_us, _JOIN_US),
        audio_codecs=whole.audio_codecs if everywhere else None,
        channels=whole.channels if everywhere else None,
        subtitles=None,  # a part may have nothing to read
        files=len(wish.wanted) + 1 if sure else None,
        max_size=wish.max_size,
    )


def _cues_us(wish: Boundaries, *, subtitled: bool) -> int:
    """By how much subtitles that are shown across boundaries may make parts longer."""
    return _CUE_US * len(wish.wanted) if subtitled else 0
