"""One stream of ffprobe's JSON as a value: what is missing, unknown or absurd becomes a plain default.

The file as a whole is commands.ffprobe's; timing from packets is commands.packets'.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypedDict

from framemill.commands.packets import Evidence, hidden_us, micros, opens_hidden, reorder_us, snapped, timing
from framemill.domain.media import AudioStream, Chapter, Light, OtherStream, SubtitleStream, VideoStream

# ffprobe's JSON is untyped by nature.
Json = Mapping[str, Any]

_TEXT = 1000  # characters of a tag that are kept: tags come from strangers
_DEPTH = re.compile(r"(?:p|gray|ya|x2rgb|x2bgr|xv\d\d|p0|p2|p4|y2)(9|10|12|14|16)(?:le|be|msble|msbbe)?$")
_ALPHA = re.compile(r"yuva|gbrap|rgba|bgra|argb|abgr|ya8|ya16|ayuv")
_FIELDS = {"tt", "bb", "tb", "bt"}
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_SANE = Fraction(240)  # frames a second that a camera may have


class _Common(TypedDict):
    index: int
    codec: str
    language: str | None
    title: str | None
    dispositions: tuple[str, ...]
    start_us: int
    duration_us: int | None
    bit_rate: int | None
    config: str | None


def video(stream: Json, evidence: Evidence, warnings: list[str]) -> VideoStream:
    """A video stream, its rate and regularity taken from packets."""
    common = _common(stream)
    cover = bool({"attached_pic", "timed_thumbnails", "still_image"} & set(common["dispositions"]))
    time_base = fraction(stream.get("time_base")) or Fraction(1, 90_000)
    declared = fraction(stream.get("avg_frame_rate"))
    rate, vfr = _frame_rate(stream, declared, evidence, time_base)
    label = f"video stream {common['index']}"
    if not cover and rate > _SANE:
        warnings.append(f"{label} has {float(rate):.0f} frames a second: its timestamps look wrong")
    if common["codec"] == "unknown":
        warnings.append(f"{label} has a codec that ffmpeg does not know")
    pixels = _known(stream.get("pix_fmt")) or "unknown"
    side: Sequence[Json] = stream.get("side_data_list") or ()
    dovi = next((s for s in side if s.get("side_data_type") == "DOVI configuration record"), None)
    return VideoStream(
        **common,
        width=whole(stream.get("width")) or 0,
        height=whole(stream.get("height")) or 0,
        frame_rate=rate,
        nominal_rate=declared,
        pixel_format=pixels,
        bit_depth=_bit_depth(pixels, stream),
        sar=_sar(stream.get("sample_aspect_ratio")),
        rotation=_rotation(side, label, warnings),
        profile=_known(stream.get("profile")),
        level=level if (level := whole(stream.get("level"))) and level > 0 else None,
        field_order=order if (order := str(stream.get("field_order"))) in _FIELDS else "progressive",
        color_space=_known(stream.get("color_space")),
        color_transfer=_known(stream.get("color_transfer")),
        color_primaries=_known(stream.get("color_primaries")),
        color_range=_known(stream.get("color_range")),
        frame_count=whole(stream.get("nb_frames")) or whole(tags(stream).get("number_of_frames")) or None,
        time_base=time_base,
        is_vfr=vfr and not cover,
        is_cover=cover,
        # GIF decodes to bgra whether or not anything is transparent.
        has_alpha=(bool(_ALPHA.match(pixels)) and common["codec"] != "gif")
        or str(tags(stream).get("alpha_mode")) == "1",
        light=light(side),
        dolby_vision=dovi is not None,
        # 0: the base picture is compatible with nothing else.
        dolby_vision_only=dovi is not None and whole(dovi.get("dv_bl_signal_compatibility_id")) == 0,
        reorder_us=reorder_us(evidence.runs(common["index"])),
        opens_hidden=opens_hidden(evidence.runs(common["index"])),
        hidden_us=hidden_us(evidence.runs(common["index"])),
    )


def audio(stream: Json, warnings: list[str]) -> AudioStream:
    """An audio stream; no channels where its parameters could not be found."""
    common = _common(stream)
    found = AudioStream(
        **common,
        channels=whole(stream.get("channels")) or 0,
        sample_rate=whole(stream.get("sample_rate")) or 0,
        layout=_known(stream.get("channel_layout")),
        profile=_known(stream.get("profile")),
    )
    if found.codec == "unknown" or not found.channels or not found.sample_rate:
        warnings.append(f"audio stream {found.index} cannot be decoded: its codec or format is unknown")
    return found


def subtitle(stream: Json) -> SubtitleStream:
    """A subtitle stream."""
    return SubtitleStream(**_common(stream))


def other(stream: Json) -> OtherStream:
    """A data track, an attachment, or a stream of no known type."""
    named = tags(stream)
    return OtherStream(
        **_common(stream),
        kind="attachment" if stream.get("codec_type") == "attachment" else "data",
        filename=clean(named["filename"]) if "filename" in named else None,
        mimetype=clean(named["mimetype"]) if "mimetype" in named else None,
    )


def light(side: Sequence[Json]) -> Light | None:
    """HDR10's metadata in side data of a stream or frame."""
    found: dict[str, Json] = {str(s.get("side_data_type")): s for s in side}
    display = found.get("Mastering display metadata", {})
    level = found.get("Content light level metadata", {})
    brightest = fraction(display.get("max_luminance"))
    said = Light(
        display_max=round(brightest) if brightest else None,
        display_min=fraction(display.get("min_luminance")),
        max_content=whole(level.get("max_content")) or None,
        max_average=whole(level.get("max_average")) or None,
    )
    return said if said != Light() else None


def chapter(item: Json) -> Chapter:
    """A chapter."""
    return Chapter(
        start_us=micros(item.get("start_time")) or 0,
        end_us=micros(item.get("end_time")) or 0,
        title=_titled(tags(item)),
    )


def tags(item: Json) -> dict[str, object]:
    """Tags by lower-case name: containers disagree about case."""
    return {str(k).lower(): v for k, v in (item.get("tags") or {}).items()}


def clean(text: object) -> str:
    """A tag's text, bounded, without control characters but line ends and tabs."""
    kept = "".join(c for c in str(text)[:_TEXT] if c.isprintable() or c in "\n\t")
    return kept.strip()


def whole(text: object) -> int | None:
    """A whole number, None where there is none."""
    try:
        return int(str(text))
    except ValueError:
        return None


def fraction(text: object) -> Fraction | None:
    """A positive exact ratio of `30000/1001` or `4:3`; None for `0/0`, `0:1` or nothing."""
    try:
        ratio = Fraction(str(text).replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if ratio > 0 else None


def _common(stream: Json) -> _Common:
    named = tags(stream)
    language = clean(named.get("language") or "").lower()
    return {
        "index": int(stream.get("index", 0)),
        "codec": _known(stream.get("codec_name")) or "unknown",
        "language": language if language not in {"", "und", "unk", "``"} else None,
        "title": _titled(named),
        "dispositions": tuple(k for k, on in (stream.get("disposition") or {}).items() if on),
        "start_us": micros(stream.get("start_time")) or 0,
        "duration_us": micros(stream.get("duration")) or _clock(named.get("duration")),
        "config": _known(stream.get("extradata_hash")),
        "bit_rate": whole(stream.get("bit_rate")) or whole(named.get("bps")) or None,
    }


def _frame_rate(
    stream: Json, declared: Fraction | None, evidence: Evidence, time_base: Fraction
) -> tuple[Fraction, bool]:
    """The rate to count with, and whether frames come irregularly.

    The declared average is exact where it is true, so it is kept where the
    packets agree; 1000/1 and 600/1 on ordinary files do not survive them.
    """
    fallback = fraction(stream.get("r_frame_rate"))
    seen = timing(evidence.runs(int(stream.get("index", 0))), tick_us=time_base * 1_000_000)
    if seen is None:
        sane = [r for r in (declared, fallback) if r is not None and r <= _SANE]
        return (snapped(sane[0]) if sane else Fraction(25)), False
    agreed = max(Fraction(1, 200), seen.slack)
    for claim in (declared, fallback):
        if claim is not None and abs(claim - seen.rate) <= seen.rate * agreed:
            return snapped(claim), seen.is_vfr
    return snapped(seen.rate).limit_denominator(1001), seen.is_vfr


def _rotation(side: Sequence[Json], label: str, warnings: list[str]) -> int:
    """Degrees clockwise: ffprobe counts the other way, -90 turns the picture 90 clockwise."""
    angle = next((s["rotation"] for s in side if "rotation" in s), 0)
    try:
        clockwise = -float(angle) % 360
    except ValueError:
        return 0
    turned = round(clockwise / 90) * 90 % 360
    if abs(clockwise - turned) % 360 > 1 and abs(clockwise - turned) < 359:
        warnings.append(f"{label} is turned by {clockwise:.0f} degrees, shown as {turned}")
    return turned


def _sar(text: object) -> Fraction:
    ratio = fraction(text)
    # Beyond 20:1 no real picture exists; the shown size would be absurd.
    return ratio if ratio is not None and Fraction(1, 20) <= ratio <= 20 else Fraction(1)


def _bit_depth(pixels: str, stream: Json) -> int:
    if found := _DEPTH.search(pixels):
        return int(found[1])
    if pixels.startswith(("rgb48", "bgr48", "rgba64", "bgra64", "ayuv64")):
        return 16
    return whole(stream.get("bits_per_raw_sample")) or 8


def _known(text: object) -> str | None:
    word = clean(text) if text is not None else ""
    return word if word not in {"", "unknown", "N/A", "none", "reserved"} else None


def _titled(named: Mapping[str, object]) -> str | None:
    return clean(named.get("title") or "") or None


def _clock(text: object) -> int | None:
    """Microseconds of matroska's `00:01:02.018000000`."""
    if found := _CLOCK.match(str(text)):
        hours, minutes, secs = found.groups()
        return (int(hours) * 3600 + int(minutes) * 60) * 1_000_000 + (micros(secs) or 0)
    return None
