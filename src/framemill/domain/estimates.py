"""What encoding will cost before it runs: rough, from measured speeds, for plans and disk checks.

Decoding and x264 from faster to medium were measured on one x86-64 core with
60 s of real 1080p30 (x264 medium 720p: 50 CPU-s; decode: 9) and scale with
pixels per second of video; the other codecs and presets are guesses.
"""

from fractions import Fraction

from framemill.domain.plan import Estimate
from framemill.domain.units import US

# Pixels that one CPU second handles.
_DECODE = 415_000_000
_ENCODE = {"h264": 32_000_000, "hevc": 9_000_000, "av1": 40_000_000, "vp9": 9_000_000}
# Relative speed of presets against medium.
_PRESET = {
    "ultrafast": 6.0,
    "superfast": 4.0,
    "veryfast": 2.0,
    "faster": 1.4,
    "fast": 1.15,
    "medium": 1.0,
    "slow": 0.6,
    "slower": 0.33,
    "veryslow": 0.2,
}
# Bits per pixel at crf 23 of ordinary footage.
_BITS_PER_PIXEL = {"h264": 0.09, "hevc": 0.06, "av1": 0.05, "vp9": 0.06}
_CORES = 2


def encoding(
    *,
    codec: str,
    size: tuple[int, int],
    rate: Fraction,
    duration_us: int,
    preset: str = "medium",
    max_bitrate: int | None = None,
    bitrate: int | None = None,
    audio_bitrate: int = 0,
) -> Estimate:
    """Cost of encoding one picture stream and its sound."""
    length_s = duration_us / US
    pixels = size[0] * size[1] * float(rate) * length_s
    cpu_ms = round(1000 * pixels / (_ENCODE.get(codec, 20_000_000) * _PRESET.get(preset, 1.0)))
    bits = pixels * _BITS_PER_PIXEL.get(codec, 0.08)
    if bitrate is not None:
        bits = bitrate * length_s
    elif max_bitrate is not None:
        bits = min(bits, max_bitrate * length_s)
    return Estimate(
        cpu_ms=cpu_ms,
        wall_ms=cpu_ms // _CORES,
        output_bytes=round((bits + audio_bitrate * length_s) / 8),
    )


def decoding(*, size: tuple[int, int], rate: Fraction, duration_us: int) -> Estimate:
    """Cost of decoding a picture stream once."""
    cpu_ms = round(1000 * size[0] * size[1] * float(rate) * (duration_us / US) / _DECODE)
    return Estimate(cpu_ms=cpu_ms, wall_ms=cpu_ms // _CORES)


def copying(size: int) -> Estimate:
    """Cost of copying `size` bytes of streams into another file: about 500 MB a second."""
    return Estimate(cpu_ms=size // 500_000, wall_ms=size // 500_000, output_bytes=size)
