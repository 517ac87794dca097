"""Measuring how loud a sound track is (EBU R128), and filters that bring it to a loudness.

https://tech.ebu.ch/docs/r/r128.pdf
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from framemill.commands import source

# What ffmpeg says of silence, and of what is too short to have a loudness (0.4 s).
_NOTHING = -70.0
_NUMBER = r"\s+(-?(?:inf|nan|[\d.]+))"
# Between samples a wave may be higher than at any of them; at four times the rate that shows.
_OVERSAMPLED = 192_000
# Decibels that may come off single peaks. loudnorm, which follows the sound, made 3 LU of a range of 9.
_UNHEARD = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """What a measurement says."""

    integrated: float  # LUFS
    peak: float  # dBTP
    range: float  # LU
    threshold: float  # LUFS, below which blocks do not count

    @property
    def heard(self) -> bool:
        """False for silence, and for what is too short to have a loudness."""
        return self.integrated > _NOTHING

    def __str__(self) -> str:
        return f"{self.integrated:.1f} LUFS, peak {self.peak:.1f} dBTP, range {self.range:.1f} LU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How loud it is wanted."""

    integrated: float  # LUFS
    peak: float  # dBTP, at most
    range: float | None = None  # LU, at most


def measure(name: str, *, demuxer: str | None, stream: int) -> tuple[str, ...]:
    """Measure stream `stream` of the file `name` below the step's folder.

    With ebur128, which takes a tenth of the time of loudnorm's first pass.
    """
    return (
        *("-nostdin", "-hide_banner", "-nostats"),
        *source.guard_args(),
        *(("-f", demuxer) if demuxer else ()),
        *("-i", f"file:{name}"),
        *("-map", f"0:{stream}"),
        *("-filter:a:0", "ebur128=peak=true:framelog=quiet"),
        *("-f", "null", "-"),
    )


def measured(lines: Sequence[str]) -> Loudness | None:
    """The measurement in ffmpeg's last words, None where there is none."""
    said = "\n".join(lines)
    found = [re.findall(word + _NUMBER, said) for word in ("I:", "Peak:", "LRA:", "Threshold:")]
    if not all(found):
        return None
    whole, peak, spread = (float(values[-1]) for values in found[:3])
    # Two thresholds are said, of loudness first.
    return Loudness(integrated=whole, peak=peak, range=spread, threshold=float(found[3][-2:][0]))


def linear(before: Loudness, target: Target) -> float | None:
    """The one gain in dB that reaches `target`, None where peaks or range do not allow it."""
    gain = target.integrated - before.integrated
    if before.peak + gain > target.peak:
        return None
    return None if target.range is not None and before.range > target.range else gain


def only_peaks(before: Loudness, target: Target) -> bool:
    """True where all that is in the way are peaks that a limiter takes off unheard."""
    over = before.peak + target.integrated - before.integrated - target.peak
    within = target.range is None or before.range <= target.range
    return within and over <= _UNHEARD


def levelled(gain: float) -> tuple[str, ...]:
    """Filters that change nothing but the level."""
    return (f"volume={gain:.2f}dB:precision=double",)


def dynamic(before: Loudness, target: Target) -> tuple[str, ...]:
    """Filters that change the level over time, told what was measured.

    What is left over at the end of its look-ahead is the caller's to correct.
    """
    spread = target.range if target.range is not None else min(50.0, max(7.0, before.range))
    options = (
        f"I={target.integrated:.2f}:TP={target.peak:.2f}:LRA={spread:.2f}",
        f"measured_I={before.integrated:.2f}:measured_TP={max(-99.0, before.peak):.2f}",
        f"measured_LRA={before.range:.2f}:measured_thresh={max(-99.0, before.threshold):.2f}",
    )
    return ("loudnorm=" + ":".join(options),)


def limited(gain: float, peak: float, *, sample_rate: int) -> tuple[str, ...]:
    """Filters that change the level and keep the true peak below `peak` dBTP."""
    return (
        *levelled(gain),
        f"aresample={_OVERSAMPLED}",
        f"alimiter=limit={10 ** (peak / 20):.5f}:attack=5:release=50:level=0:latency=1",
        f"aresample={sample_rate}",
    )
