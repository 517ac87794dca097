"""Whether files can be joined without encoding: what must be the same, in words that people use."""

from collections.abc import Callable, Iterable, Sequence

from framemill.domain.media import AudioStream, MediaInfo, VideoStream

# In the order in which a difference is most telling.
_FILE: tuple[tuple[str, Callable[[MediaInfo], object]], ...] = (
    ("container", lambda m: m.container),
    ("number of video streams", lambda m: sum(not v.is_cover for v in m.video)),
    ("number of audio tracks", lambda m: len(m.playable_audio)),
)
_PICTURE: tuple[tuple[str, Callable[[VideoStream], object]], ...] = (
    ("video codec", lambda v: v.codec),
    ("size", lambda v: f"{v.width}x{v.height}"),
    ("frame rate", lambda v: "variable" if v.is_vfr else v.frame_rate),
    ("pixel format", lambda v: v.pixel_format),
    ("video profile", lambda v: v.profile),
    ("sample aspect ratio", lambda v: v.sar),
    ("rotation", lambda v: v.rotation),
    ("field order", lambda v: v.field_order),
    ("colour", lambda v: f"{v.color_primaries}/{v.color_transfer}/{v.color_space}"),
    ("time base", lambda v: v.time_base),
    # H.264 carries its settings along in the stream, where decoders look for them.
    ("decoder settings", lambda v: v.config if v.codec != "h264" else None),
    ("place of the video stream", lambda v: v.index),
)
_SOUND: tuple[tuple[str, Callable[[AudioStream], object]], ...] = (
    ("audio codec", lambda a: a.codec),
    ("audio profile", lambda a: a.profile),
    ("sample rate", lambda a: a.sample_rate),
    ("audio layout", lambda a: a.layout or f"{a.channels} channels"),
    ("audio decoder settings", lambda a: a.config if a.codec == "vorbis" else None),
    ("place of the audio stream", lambda a: a.index),
)


def difference(files: Sequence[MediaInfo]) -> tuple[str, tuple[str, ...]] | None:
    """The first property in which the files differ, with each one's value; None where they can be joined."""
    for name, read in _FILE:
        if found := _differ(name, map(read, files)):
            return found
    pictures = [m.main_video for m in files]
    shown = [v for v in pictures if v is not None]
    if len(shown) not in {0, len(files)}:
        return "having a picture", tuple("yes" if v else "no" for v in pictures)
    for name, look in _PICTURE:
        if found := _differ(name, map(look, shown)):
            return found
    for tracks in zip(*(m.playable_audio for m in files), strict=True):
        for name, hear in _SOUND:
            if found := _differ(name, map(hear, tracks)):
                return found
    return None


def _differ(name: str, values: Iterable[object]) -> tuple[str, tuple[str, ...]] | None:
    said = tuple(map(str, values))
    return (name, said) if len(set(said)) > 1 else None
