"""Options of the hardware encoders: the picture of a tap as each of them takes it.

Which of them work is found out with commands.hardware_trials. The numbers that stand
for a crf are nominal: each maker counts in its own way, and the same number is
somewhat larger at the same looks than in software. See docs/hardware.md.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil

from framemill.commands.video import Keyframes, shared_options
from framemill.domain.hardware import Maker, Trial
from framemill.domain.media import VideoStream
from framemill.domain.profiles import PRESETS, Profile
from framemill.domain.units import US, format_rate
from framemill.domain.work import Accelerated

# The highest crf of each codec's software encoder.
_WORST = {"h264": 51, "hevc": 51, "av1": 63}
_DEVICE = "hw"
# A word for each of x264's presets, quickest first.
_NVENC_SPEEDS = ("p1", "p2", "p2", "p3", "p4", "p5", "p6", "p7", "p7", "p7")
_QSV_SPEEDS = (
    *("veryfast", "veryfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "veryslow"),
)
_AMF_SPEEDS = (*("speed",) * 4, *("balanced",) * 2, *("quality",) * 4)


def accelerated(
    profile: Profile,
    trial: Trial,
    *,
    filters: tuple[str, ...],
    rate: Fraction,
    keyframes: Keyframes | None = None,
    vfr: bool = False,
    hdr_from: VideoStream | None = None,
) -> Accelerated:
    """The picture for the encoder of `trial`; `filters` are those of the software form."""
    kf = keyframes or Keyframes()
    return Accelerated(
        encoder=trial.name,
        filters=(*filters[:-1], *handed_over(trial.maker, profile.bit_depth)),
        args=(
            *("-c:v", trial.name),
            *_OPTIONS[trial.maker](profile, kf),
            # AVI does not say when a frame is shown, FLV takes no decode time before its first: no B-frames.
            *(("-bf", "0") if profile.container in {"avi", "flv"} else ()),
            *(("-g", str(2 * max(1, ceil(rate * kf.every_us / US)))) if kf.every_us else ()),
            # Apple players open HEVC in MP4 only under this tag.
            *(
                ("-tag:v:0", "hvc1")
                if profile.codec == "hevc" and profile.container in {"mp4", "mov"}
                else ()
            ),
            *shared_options(kf, vfr=vfr, hdr_from=hdr_from),
        ),
        device=opened(trial),
    )


def handed_over(maker: Maker, bit_depth: int) -> tuple[str, ...]:
    """The last filters: pixels as the encoder takes them, in its own memory where it reads no other."""
    pixels = "p010le" if bit_depth == 10 else "nv12"
    return (f"format={pixels}", *(("hwupload",) if maker == "vaapi" else ()))


def opened(trial: Trial) -> tuple[str, ...]:
    """Options before the inputs that open the device, for encoders that do not find it themselves."""
    if trial.maker != "vaapi":
        return ()
    return ("-init_hw_device", f"vaapi={_DEVICE}:{trial.device or ''}", "-filter_hw_device", _DEVICE)


def _nvenc(profile: Profile, kf: Keyframes) -> tuple[str, ...]:
    speed = _step(profile.preset, _NVENC_SPEEDS)
    return (
        *("-preset", speed, "-tune", "hq", "-rc", "vbr"),
        # Without a rate beside it, cq alone decides.
        *(
            ("-cq", _scaled(profile, 63 if profile.codec == "av1" else 51), "-b:v", "0")
            if _by_quality(profile)
            else ()
        ),
        *_rates(profile, alone=False),
        *("-spatial-aq", "1"),
        *(("-forced-idr", "1", "-no-scenecut", "1") if _fixed(kf) else ()),
    )


def _qsv(profile: Profile, kf: Keyframes) -> tuple[str, ...]:
    return (
        *("-preset", _step(profile.preset, _QSV_SPEEDS)),
        *(("-global_quality", _scaled(profile, 51)) if _by_quality(profile) else ()),
        # With a cap it wants a rate as well.
        *_rates(profile, alone=True),
        *(("-forced_idr", "1", "-adaptive_i", "0", "-flags", "+cgop") if _fixed(kf) else ()),
    )


def _amf(profile: Profile, kf: Keyframes) -> tuple[str, ...]:
    control = ("-rc", "vbr_peak", *_rates(profile, alone=True))
    if _by_quality(profile) and profile.max_bitrate is None:
        constant = _scaled(profile, 255 if profile.codec == "av1" else 51)
        control = ("-rc", "cqp", "-qp_i", constant, "-qp_p", constant)
    return (
        *("-usage", "transcoding", "-quality", _step(profile.preset, _AMF_SPEEDS)),
        *control,
        *(("-forced_idr", "1") if _fixed(kf) else ()),
    )


def _vaapi(profile: Profile, _kf: Keyframes) -> tuple[str, ...]:
    # Of the ways to control the rate these two are in every driver. Forced keyframes are always IDR.
    if _by_quality(profile) and profile.max_bitrate is None:
        constant = _scaled(profile, 255 if profile.codec == "av1" else 51)
        number = ("-global_quality", constant) if profile.codec == "av1" else ("-qp", constant)
        return ("-rc_mode", "CQP", *number)
    return ("-rc_mode", "VBR", *_rates(profile, alone=True))


def _videotoolbox(profile: Profile, _kf: Keyframes) -> tuple[str, ...]:
    constant = _by_quality(profile) and profile.max_bitrate is None
    # 1 to 100, more is better: crf 18 becomes 69, 23 becomes 61, 28 becomes 52.
    quality = max(1, 100 - round((profile.crf or 0) * 17 / 10))
    return (
        *("-allow_sw", "0"),
        *(("-q:v", str(quality)) if constant else ()),
        *_rates(profile, alone=True),
    )


_OPTIONS: dict[Maker, Callable[[Profile, Keyframes], tuple[str, ...]]] = {
    "nvenc": _nvenc,
    "qsv": _qsv,
    "amf": _amf,
    "vaapi": _vaapi,
    "videotoolbox": _videotoolbox,
}


def _by_quality(profile: Profile) -> bool:
    return profile.bitrate is None


def _fixed(kf: Keyframes) -> bool:
    return bool(kf.every_us or kf.at_us)


def _step(preset: str, names: tuple[str, ...]) -> str:
    """The word for x264's preset of the same place; a number is another encoder's and means the middle."""
    return names[PRESETS.index(preset if preset in PRESETS else "medium")]


def _scaled(profile: Profile, worst: int) -> str:
    """The profile's crf on a scale that ends at `worst`; never 0, which many take for `automatic`."""
    assert profile.crf is not None
    return str(max(1, round(profile.crf * worst / _WORST[profile.codec])))


def _rates(profile: Profile, *, alone: bool) -> tuple[str, ...]:
    """Target rate and cap. `alone`: a cap needs a target below it, since quality cannot be its only guide."""
    if profile.bitrate is not None:
        target, cap = profile.bitrate, profile.bitrate * 3 // 2
        return (
            *("-b:v", format_rate(target)),
            *("-maxrate", format_rate(cap), "-bufsize", format_rate(target * 2)),
        )
    if profile.max_bitrate is None:
        return ()
    return (
        # Easy pictures take about two thirds of their cap in software.
        *(("-b:v", format_rate(profile.max_bitrate * 2 // 3)) if alone else ()),
        *("-maxrate", format_rate(profile.max_bitrate)),
        *("-bufsize", format_rate(profile.max_bitrate * 2)),
    )
