"""What a probe found, as a person reads it."""

from collections.abc import Iterable
from fractions import Fraction

from framemill.cli.terminal import harmless
from framemill.domain.left_behind import describe
from framemill.domain.media import AudioStream, Hdr, MediaInfo, Stream, SubtitleStream, VideoStream
from framemill.domain.units import US, format_size, format_time

_LAYOUTS = {1: "mono", 2: "stereo"}
_SHOWN_CHAPTERS = 20


def told(media: MediaInfo) -> list[str]:
    """Lines that say what `media` is."""
    head = [format_time(media.duration_us), format_size(media.size)]
    if media.bit_rate:
        head.append(rate(media.bit_rate))
    lines = [f"  {media.container}, {', '.join(head)}"]
    lines += [f"  {line}" for stream in media.streams() for line in _stream(stream, media)]
    if media.chapters:
        lines.append(f"  {len(media.chapters)} chapters")
        for chapter in media.chapters[:_SHOWN_CHAPTERS]:
            lines.append(f"    {format_time(chapter.start_us)}  {chapter.title or ''}".rstrip())
        if len(media.chapters) > _SHOWN_CHAPTERS:
            lines.append(f"    and {len(media.chapters) - _SHOWN_CHAPTERS} more (--json lists all)")
    if title := dict(media.tags).get("title"):
        lines.append(f"  title: {title}")
    return [harmless(line) for line in lines]


def _stream(stream: Stream, media: MediaInfo) -> Iterable[str]:
    if isinstance(stream, VideoStream):
        details = _video(stream, media)
        kind = "cover" if stream.is_cover else "video"
    elif isinstance(stream, AudioStream):
        details = _audio(stream)
        kind = "audio"
    elif isinstance(stream, SubtitleStream):
        details = [stream.codec]
        kind = "subtitle"
    else:
        yield describe(stream)
        return
    details += [word for word in (stream.language, stream.title and f"“{stream.title}”") if word]
    details += [word for word in stream.dispositions if word != "default"]
    yield f"#{stream.index} {kind:<8} {', '.join(details)}"


def _video(video: VideoStream, media: MediaInfo) -> list[str]:
    shown = (video.display_width, video.display_height)
    size = f"{video.width}×{video.height}"
    if shown != (video.width, video.height):
        size += f" (shown {shown[0]}×{shown[1]})"
    parts = [" ".join(filter(None, (video.codec, video.profile))), size]
    if video.is_cover:
        return parts
    parts.append(f"{fps(video.frame_rate)} fps" + (" variable" if video.is_vfr else ""))
    if video.rotation:
        parts.append(f"turned {video.rotation}°")
    if video.sar != 1:
        parts.append(f"pixels {video.sar.numerator}:{video.sar.denominator}")
    if video.bit_depth != 8:
        parts.append(f"{video.bit_depth} bit")
    if video.hdr:
        parts.append(_hdr(video))
    if video.dolby_vision:
        parts.append("Dolby Vision")
    if video.interlaced:
        parts.append("interlaced")
    if video.has_alpha:
        parts.append("alpha")
    if video.bit_rate:
        parts.append(rate(video.bit_rate))
    if video is media.main_video and media.keyframe_interval_us:
        parts.append(f"keyframe every {media.keyframe_interval_us / US:.3g} s")
    if video.frame_count:
        parts.append(f"{video.frame_count} frames")
    return parts


def _hdr(video: VideoStream) -> str:
    light = video.light
    if light is None:
        return f"HDR {str(video.hdr).upper()}"
    said = [
        *((f"mastered to {light.display_max} nits",) if light.display_max else ()),
        *((f"MaxCLL {light.max_content}",) if light.max_content else ()),
        *((f"MaxFALL {light.max_average}",) if light.max_average else ()),
    ]
    return f"{'HDR10' if video.hdr is Hdr.PQ else 'HDR HLG'} ({'; '.join(said)})"


def _audio(audio: AudioStream) -> list[str]:
    layout = audio.layout or _LAYOUTS.get(audio.channels) or f"{audio.channels} channels"
    parts = [audio.codec, layout, f"{audio.sample_rate / 1000:g} kHz"]
    return [*parts, rate(audio.bit_rate)] if audio.bit_rate else parts


def rate(bits: int) -> str:
    """`2.5 Mbit/s`."""
    return f"{bits / 1e6:.2f} Mbit/s" if bits >= 1_000_000 else f"{bits / 1000:.0f} kbit/s"


def fps(value: Fraction) -> str:
    """`29.97`."""
    return f"{float(value):.3f}".rstrip("0").rstrip(".")
