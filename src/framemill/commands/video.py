"""Encoder options for one video stream, from codec, rate control and keyframe needs."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from framemill.domain.capabilities import Capabilities
from framemill.domain.cuts import EARLY_US
from framemill.domain.media import VideoStream
from framemill.domain.profiles import Profile
from framemill.domain.units import US, format_rate, seconds

ENCODERS = {
    "h264": ("libx264",),
    "hevc": ("libx265",),
    "av1": ("libsvtav1", "libaom-av1"),
    "vp9": ("libvpx-vp9",),
}

_FORCE = "-force_key_frames"
_GRID = re.compile(r"expr:gte\(t\+[\d.]+,n_forced\*([\d.]+)\)")
# What x264's medium spends on streams, with a keyframe every few seconds, and does not gain: without it,
# renditions take a sixth less CPU at equal VMAF and bytes (docs/operations/ladder.md has the figures). Other
# steps towards `fast` lose more than they save.
_LIGHTER = ("ref=2", "rc-lookahead=30", "weightp=1", "me=dia")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyframes:
    """Keyframes exactly `every_us` apart and nowhere else, or at the given times as well."""

    every_us: int | None = None
    at_us: tuple[int, ...] = ()


def encode(
    profile: Profile,
    *,
    rate: Fraction,
    capabilities: Capabilities,
    keyframes: Keyframes | None = None,
    vfr: bool = False,
    hdr_from: VideoStream | None = None,
) -> tuple[str, ...]:
    """Options of the profile's encoder for a stream of about `rate` frames a second.

    `hdr_from` keeps that stream's HDR signalling. Raises EncoderUnavailable.
    """
    encoder = capabilities.first_encoder(*ENCODERS[profile.codec])
    kf = keyframes or Keyframes()
    args = {
        "h264": _x264,
        "hevc": _x265,
        "av1": _av1,
        "vp9": _vp9,
    }[profile.codec](profile, encoder, rate, kf)
    return (
        *args,
        *_rate_control(profile, encoder),
        *shared_options(kf, vfr=vfr, hdr_from=hdr_from),
    )


def shared_options(kf: Keyframes, *, vfr: bool, hdr_from: VideoStream | None) -> tuple[str, ...]:
    """What ffmpeg itself does for any encoder: keyframes, colours, frame times."""
    return (
        *_forced(kf),
        *(_hdr(hdr_from) if hdr_from is not None and hdr_from.hdr else ()),
        # Each frame keeps its own time; the default would round times to a fixed grid and drop frames.
        *("-fps_mode", "passthrough"),
        *(("-enc_time_base", "demux") if vfr else ()),
    )


def forced_every_us(args: tuple[str, ...]) -> int | None:
    """How far apart `encode` was told to force keyframes; None where the encoder places them."""
    wish = _GRID.fullmatch(args[args.index(_FORCE) + 1]) if _FORCE in args else None
    return round(Fraction(wish[1]) * US) if wish else None


def forced_within(args: tuple[str, ...], start_us: int, end_us: int) -> tuple[str, ...]:
    """`args` of `encode` for the frames of a range only, which keep their times."""
    every = forced_every_us(args)
    if every is None:
        return args
    at = args.index(_FORCE) + 1
    # An expression would count from the first frame that it sees; times are those of the frames.
    times = range(-(-start_us // every) * every, end_us, every)
    return (*args[:at], ",".join(seconds(max(0, t - EARLY_US)) for t in times), *args[at + 1 :])


def one_pass_of_two(args: tuple[str, ...], *, number: int, log: str) -> tuple[str, ...]:
    """`args` of `encode` with a bit rate, as pass 1 or 2 that keeps its statistics in files named `log`."""
    if "-x265-params" in args:
        # ffmpeg's own pass flags do not reach x265. https://trac.ffmpeg.org/wiki/Encode/H.265
        at = args.index("-x265-params") + 1
        return (*args[:at], f"{args[at]}:pass={number}:stats={log}.log", *args[at + 1 :])
    return (*args, "-pass", str(number), "-passlogfile", log)


def _x264(profile: Profile, encoder: str, rate: Fraction, kf: Keyframes) -> tuple[str, ...]:
    lighter = _LIGHTER if kf.every_us and profile.preset == "medium" else ()
    params = (*_closed_gops(kf), *lighter)
    return (
        *("-c:v", encoder, "-preset", profile.preset),
        # AVI does not say when a frame is shown, FLV takes no decode time before its first: no B-frames.
        *(("-bf", "0") if profile.container in {"avi", "flv"} else ()),
        *_gop(kf, rate),
        *(("-x264-params", ":".join(params)) if params else ()),
    )


def _x265(profile: Profile, encoder: str, rate: Fraction, kf: Keyframes) -> tuple[str, ...]:
    # x265 logs through its own channel; without this its banner floods the error tail.
    params = ("log-level=error", *_closed_gops(kf))
    return (
        *("-c:v", encoder, "-preset", profile.preset),
        *_gop(kf, rate),
        *("-x265-params", ":".join(params)),
        # Apple players open HEVC in MP4 only under this tag.
        *(("-tag:v:0", "hvc1") if profile.container in {"mp4", "mov"} else ()),
    )


def _av1(profile: Profile, encoder: str, rate: Fraction, kf: Keyframes) -> tuple[str, ...]:
    preset = profile.preset if profile.preset.isdigit() else "8"
    speed = ("-preset", preset) if encoder == "libsvtav1" else ("-cpu-used", preset, "-row-mt", "1")
    interval = kf.every_us or 10 * US
    return ("-c:v", encoder, *speed, "-g", str(max(1, round(rate * interval / US))))


def _vp9(profile: Profile, encoder: str, rate: Fraction, kf: Keyframes) -> tuple[str, ...]:
    return (
        *("-c:v", encoder, "-row-mt", "1", "-deadline", "good"),
        *("-cpu-used", profile.preset if profile.preset.isdigit() else "2"),
        *_gop(kf, rate),
    )


def _closed_gops(kf: Keyframes) -> tuple[str, ...]:
    # Players switch renditions at keyframes: all must have them at the same instants, so no
    # scene-cut keyframes, and nothing may refer back across them.
    return ("open-gop=0", "scenecut=0") if kf.every_us else ()


def _gop(kf: Keyframes, rate: Fraction) -> tuple[str, ...]:
    if not kf.every_us:
        return ()
    # The encoder's own limit stays out of the way of the forced keyframes.
    return ("-g", str(2 * max(1, ceil(rate * kf.every_us / US))))


def _forced(kf: Keyframes) -> tuple[str, ...]:
    if kf.at_us:
        return (_FORCE, ",".join(seconds(t) for t in kf.at_us))
    if kf.every_us:
        # Half a millisecond of tolerance: times are rounded to the stream's ticks.
        return (_FORCE, f"expr:gte(t+{seconds(EARLY_US)},n_forced*{seconds(kf.every_us)})")
    return ()


def _rate_control(profile: Profile, encoder: str) -> tuple[str, ...]:
    if profile.bitrate is not None:
        cap = (
            "-maxrate",
            format_rate(profile.bitrate * 3 // 2),
            "-bufsize",
            format_rate(profile.bitrate * 2),
        )
        # SVT-AV1 takes a cap only together with constant quality.
        return ("-b:v", format_rate(profile.bitrate), *(() if encoder == "libsvtav1" else cap))
    free = ("-b:v", "0") if encoder in {"libvpx-vp9", "libaom-av1"} else ()
    quality = ("-crf", str(profile.crf), *free)
    if profile.max_bitrate is None or encoder in {"libvpx-vp9", "libaom-av1"}:
        return quality
    # Two seconds of buffer: a cap for delivery that still lets a hard scene breathe.
    return (
        *quality,
        *("-maxrate", format_rate(profile.max_bitrate)),
        *("-bufsize", format_rate(profile.max_bitrate * 2)),
    )


def _hdr(video: VideoStream) -> tuple[str, ...]:
    return (
        *("-color_primaries", video.color_primaries or "bt2020"),
        *("-color_trc", video.color_transfer or "smpte2084"),
        *("-colorspace", video.color_space or "bt2020nc"),
    )
