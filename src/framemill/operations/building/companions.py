"""What travels beside a picture into a finished file: sound, subtitles, cover art, attachments, chapters.

Each is copied where the container holds it, else turned into what it holds,
else left behind with a reason. The picture itself is operations.recoding's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from framemill.commands import sound
from framemill.domain.capabilities import Capabilities
from framemill.domain.containers import Container
from framemill.domain.left_behind import describe
from framemill.domain.media import AudioStream, MediaInfo, SubtitleStream
from framemill.domain.units import format_rate
from framemill.domain.work import AudioPart

# Pictures that players accept as cover art.
_COVERS = frozenset({"mjpeg", "png"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """How sound tracks are wanted."""

    codec: str  # what a track becomes that is not copied
    bitrate: int  # bits per second for stereo
    channels: int | None = None  # cap
    copied: frozenset[str] = frozenset()  # codecs that are copied ...
    copy_up_to: int | None = None  # ... up to this rate for stereo
    filters: tuple[str, ...] = ()  # what is done to every track; none can be copied then


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """What goes along, and what does not."""

    audio: tuple[AudioPart, ...] = ()
    tracks: tuple[tuple[AudioStream, str, int], ...] = ()  # each with its new codec and channels
    subtitles: tuple[tuple[SubtitleStream, str], ...] = ()  # each with its new codec
    extra: tuple[str, ...] = ()  # maps and options of what is not sound
    kept: frozenset[int] = frozenset()  # indexes of source streams
    reasons: Mapping[int, str] = field(default_factory=dict)  # why others stay behind
    chapters_kept: bool = True
    notes: tuple[str, ...] = ()


def companions(
    media: MediaInfo,
    container: Container,
    wish: Sound | None,
    *,
    capabilities: Capabilities,
    pictures: int = 1,
    subtitles: bool = True,
) -> Companions:
    """Everything beside `pictures` video streams that `container` can take; no `wish` means no sound."""
    parts, tracks, notes, reasons = _sounds(media, container, wish, capabilities)
    texts = _subtitles(media, container, reasons, notes) if subtitles else ()
    extra: list[str] = []
    kept = {track.index for track, _, _ in tracks} | {sub.index for sub, _ in texts}
    for number, cover in enumerate(c for c in media.video if c.is_cover and _holds_cover(container, c.codec)):
        place = f"v:{pictures + number}"
        extra += ("-map", f"0:{cover.index}", f"-c:{place}", "copy")
        extra += (f"-disposition:{place}", "attached_pic")
        kept.add(cover.index)
    for number, (sub, codec) in enumerate(texts):
        extra += ("-map", f"0:{sub.index}", f"-c:s:{number}", "copy" if codec == sub.codec else codec)
    for other in media.others:
        if other.kind == "attachment" and container.attachments:
            extra += ("-map", f"0:{other.index}")
            kept.add(other.index)
    if container.attachments and any(o.kind == "attachment" for o in media.others):
        extra += ("-c:t", "copy")
    # Asked for, all tags are carried; unasked, ffmpeg leaves out when the footage was taken.
    extra += ("-map_metadata", "0")
    if not container.chapters:
        extra += ("-map_chapters", "-1")
    return Companions(
        audio=parts,
        tracks=tracks,
        subtitles=texts,
        extra=tuple(extra),
        kept=frozenset(kept),
        reasons=reasons,
        chapters_kept=container.chapters,
        notes=tuple(notes),
    )


def sound_rate(beside: Companions, wish: Sound) -> int:
    """Bits per second that the sound tracks will take together."""
    return sum(
        track.bit_rate or 0 if "copy" in part.args else sound.share(wish.bitrate, left)
        for part, (track, _, left) in zip(beside.audio, beside.tracks, strict=True)
    )


def default_sound(container: Container) -> str:
    """The codec that sound is encoded to for `container`, where its own cannot stay."""
    order = ("aac", "opus", "mp3", "vorbis", "flac", "pcm_s16le")
    preferred = {"avi": "mp3", "ogg": "vorbis", "mka": "flac"}
    return preferred.get(container.name) or next(codec for codec in order if codec in container.audio)


def _sounds(
    media: MediaInfo, container: Container, wish: Sound | None, capabilities: Capabilities
) -> tuple[tuple[AudioPart, ...], tuple[tuple[AudioStream, str, int], ...], list[str], dict[int, str]]:
    notes: list[str] = []
    reasons: dict[int, str] = {}
    wanted = media.playable_audio if wish is not None else ()
    if wish is not None and container.one_sound and len(wanted) > 1 and media.main_audio is not None:
        main = media.main_audio
        reasons = {t.index: f"{container.name} holds one track of sound" for t in wanted if t is not main}
        wanted = (main,)
    parts: list[AudioPart] = []
    tracks: list[tuple[AudioStream, str, int]] = []
    for track in wanted:
        assert wish is not None
        why = _why_not_copied(track, container, wish)
        if why is None:
            parts.append(sound.copy(track))
            tracks.append((track, track.codec, track.channels))
            notes.append(f"{describe(track)} copied")
            continue
        left = sound.kept_channels(track, wish.codec, wish.channels)
        part = sound.encode(
            track,
            codec=wish.codec,
            bitrate=wish.bitrate,
            capabilities=capabilities,
            channels=wish.channels,
        )
        parts.append(replace(part, filters=(*part.filters, *wish.filters)))
        tracks.append((track, wish.codec, left))
        mixed = f", mixed down from {track.channels} channels to {left}" if left < track.channels else ""
        notes.append(f"{describe(track)} encoded to {wish.codec}: {why}{mixed}")
    return tuple(parts), tuple(tracks), notes, reasons


def _why_not_copied(track: AudioStream, container: Container, wish: Sound) -> str | None:
    if wish.filters:
        return "it is changed"
    if track.codec not in container.audio:
        return f"{container.name} cannot hold {track.codec}"
    if track.codec not in wish.copied:
        # The same codec, and yet no copy: a cut to the sample, or a new speed.
        return "its samples change" if track.codec == wish.codec else f"{wish.codec} is wanted"
    if wish.channels is not None and track.channels > wish.channels:
        return f"at most {wish.channels} channels are wanted"
    if wish.copy_up_to is None:
        return None
    limit = sound.share(wish.copy_up_to, track.channels)
    if track.bit_rate is None:
        return "its bit rate is not known"
    # A tenth more is what encoders overshoot by.
    return None if track.bit_rate <= limit * 11 // 10 else f"its rate is above {format_rate(limit)}"


def _subtitles(
    media: MediaInfo, container: Container, reasons: dict[int, str], notes: list[str]
) -> tuple[tuple[SubtitleStream, str], ...]:
    texts: list[tuple[SubtitleStream, str]] = []
    for sub in media.subtitles:
        if sub.codec in container.subtitles:
            texts.append((sub, sub.codec))
            notes.append(f"{describe(sub)} copied")
        elif sub.is_text and container.text_subtitle is not None:
            texts.append((sub, container.text_subtitle))
            lost = "; its styling is simplified" if sub.codec in {"ass", "ssa"} else ""
            notes.append(
                f"{describe(sub)} converted to {container.text_subtitle}:"
                f" {container.name} cannot hold {sub.codec}{lost}"
            )
        else:
            bitmap = "" if sub.is_text else ", and pictures cannot become text"
            reasons[sub.index] = f"{container.name} cannot hold {sub.codec}{bitmap}"
    return tuple(texts)


def _holds_cover(container: Container, codec: str) -> bool:
    return container.cover and codec in _COVERS
