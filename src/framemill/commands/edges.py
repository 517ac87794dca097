"""Encoder options for the edges of a smart cut: the source's own codec, profile, level and pixels."""

from fractions import Fraction

from framemill.domain.capabilities import Capabilities
from framemill.domain.media import VideoStream

# Number of our parameter sets, which must not be that of the source's: encoders begin at 0.
_OWN_SETS = 31
# Nearer to the source than the eye can tell, in few pictures.
_EDGE_CRF = {"h264": 14, "hevc": 14, "vp9": 12, "av1": 16}
_WHOLE_CRF = {"h264": 18, "hevc": 18, "vp9": 20, "av1": 22}
_ENCODERS = {
    "h264": ("libx264",),
    "hevc": ("libx265",),
    "vp9": ("libvpx-vp9",),
    "av1": ("libsvtav1",),
}
_FORMATS = {
    "h264": "yuv420p yuvj420p yuv422p yuvj422p yuv444p yuvj444p yuv420p10le yuv422p10le yuv444p10le",
    "hevc": "yuv420p yuvj420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le yuv420p12le",
    "vp9": "yuv420p yuv422p yuv444p yuv420p10le yuv422p10le yuv444p10le",
    "av1": "yuv420p yuv420p10le",
}
_X264_PROFILES = {
    "Constrained Baseline": "baseline",
    "Baseline": "baseline",
    "Main": "main",
    "High": "high",
    "High 10": "high10",
    "High 4:2:2": "high422",
    "High 4:4:4 Predictive": "high444",
}


def why_not(stream: VideoStream, capabilities: Capabilities) -> str | None:
    """What keeps us from encoding like `stream`; None where nothing does."""
    if stream.codec not in _ENCODERS:
        return f"there is no encoder here for {stream.codec}"
    if not any(name in capabilities.encoders for name in _ENCODERS[stream.codec]):
        return f"this ffmpeg has no encoder {_ENCODERS[stream.codec][0]!r}"
    if stream.pixel_format not in _FORMATS[stream.codec].split():
        return f"our {stream.codec} encoder cannot make {stream.pixel_format}"
    if stream.codec == "h264" and stream.profile not in _X264_PROFILES:
        return f"our h264 encoder cannot make the profile {stream.profile}"
    if stream.interlaced and stream.codec != "h264":
        return f"our {stream.codec} encoder cannot make interlaced pictures"
    if stream.dolby_vision:
        return "Dolby Vision's extra data cannot be made anew"
    if stream.has_alpha:
        return "its transparency cannot be made anew"
    return None


def encoder(stream: VideoStream, time_base: Fraction, *, edge: bool, reorder: int = 0) -> tuple[str, ...]:
    """Options for pictures like those of `stream`, decoded `reorder` frames (0 to 2) early."""
    crf = str((_EDGE_CRF if edge else _WHOLE_CRF)[stream.codec])
    match stream.codec:
        case "h264":
            args = _x264(stream, edge=edge, reorder=reorder)
        case "hevc":
            args = _x265(stream, edge=edge, reorder=reorder)
        case "av1":
            args = ("-preset", "10" if edge else "8")
        case _:
            args = _vp9()
    return (
        *("-c:v", _ENCODERS[stream.codec][0], "-crf", crf, *args),
        *("-pix_fmt", stream.pixel_format),
        *("-fps_mode", "passthrough", "-enc_time_base:v:0", str(time_base)),
    )


def _x264(stream: VideoStream, *, edge: bool, reorder: int) -> tuple[str, ...]:
    # In band as well as in the header: muxers that write sets in band themselves stop at the first they find.
    params = [
        f"sps-id={_OWN_SETS}",
        "repeat-headers=1",
        "open-gop=0",
        *(("b-pyramid=none",) if reorder == 1 else ()),
    ]
    fields: tuple[str, ...] = ()
    if stream.interlaced:
        params.append("tff=1" if stream.field_order in {"tt", "tb"} else "bff=1")
        fields = ("-flags", "+ildct+ilme")
    return (
        *("-preset", "veryfast" if edge else "medium"),
        *("-bf", "3" if reorder else "0"),
        *("-profile:v", _X264_PROFILES[stream.profile or "High"]),
        *(("-level:v", str(stream.level)) if stream.level and stream.level >= 10 else ()),
        *fields,
        *("-x264-params", ":".join(params)),
    )


def _x265(stream: VideoStream, *, edge: bool, reorder: int) -> tuple[str, ...]:
    level = (f"level-idc={stream.level // 3}",) if stream.level else ()
    # x265 logs through its own channel; without this its banner floods the error tail.
    pyramid = ("b-pyramid=0",) if reorder == 1 else ()
    bees = f"bframes={3 if reorder else 0}"
    params = ("log-level=error", bees, *pyramid, "open-gop=0", "repeat-headers=1", *level)
    return (
        *("-preset", "veryfast" if edge else "medium"),
        *("-x265-params", ":".join(params)),
    )


def _vp9() -> tuple[str, ...]:
    return (
        *("-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1"),
        # No hidden pictures: each packet is one that is shown.
        *("-auto-alt-ref", "0", "-lag-in-frames", "0"),
    )
