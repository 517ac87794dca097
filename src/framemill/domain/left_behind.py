"""What of a source no output carries, said stream by stream: nothing is dropped silently."""

from collections.abc import Collection

from framemill.domain.media import AudioStream, MediaInfo, OtherStream, Stream, SubtitleStream, VideoStream
from framemill.domain.plan import Dropped


def from_source(
    source: str,
    media: MediaInfo,
    *,
    kept: Collection[int],
    chapters_kept: bool = True,
    reasons: dict[int, str] | None = None,
) -> tuple[Dropped, ...]:
    """One entry per stream of `media` not in `kept` (indexes), with its reason."""
    lost = [
        Dropped(source=source, stream=describe(s), reason=(reasons or {}).get(s.index) or _reason(s))
        for s in media.streams()
        if s.index not in kept
    ]
    if media.chapters and not chapters_kept:
        lost.append(
            Dropped(
                source=source,
                stream=f"{len(media.chapters)} chapters",
                reason="the result has no place for them",
            )
        )
    return tuple(lost)


def describe(stream: Stream) -> str:
    """`#2 subtitle (mov_text, eng)`."""
    kind = {
        VideoStream: "video",
        AudioStream: "audio",
        SubtitleStream: "subtitle",
        OtherStream: "data",
    }.get(type(stream), "stream")
    if isinstance(stream, OtherStream):
        kind = stream.kind
    about = ", ".join(part for part in (stream.codec, stream.language) if part)
    return f"#{stream.index} {kind} ({about})"


def _reason(stream: Stream) -> str:
    if isinstance(stream, VideoStream):
        return (
            "cover art is not carried into renditions" if stream.is_cover else "only the main video is used"
        )
    if isinstance(stream, AudioStream):
        return (
            "this track cannot be decoded"
            if stream.codec == "unknown" or not stream.channels
            else "not selected"
        )
    if isinstance(stream, SubtitleStream):
        return "the result has no place for this subtitle format"
    return "players cannot use it and the container may not hold it"
