"""Scores of one file against another: a value per picture and metric, and what they come to.

The definitions are libvmaf's where it has one, so that figures can be set
beside those of other tools.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor


class Metric(StrEnum):
    """What is measured. All three: higher is better."""

    VMAF = "vmaf"  # 0 to 100, of the luma
    PSNR = "psnr"  # dB over all planes, at most `psnr_ceiling`
    SSIM = "ssim"  # 0 to 1 over all planes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """One metric over all pictures."""

    mean: float
    harmonic_mean: float
    p1: float
    p5: float
    min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Every compared picture: when it is shown, and its value in each metric."""

    times_us: tuple[int, ...]
    series: tuple[tuple[Metric, tuple[float, ...]], ...]  # as many values each as there are times

    def of(self, metric: Metric) -> tuple[float, ...]:
        """The values of one metric; KeyError where it was not measured."""
        return dict(self.series)[metric]

    def pooled(self, metric: Metric) -> Pooled:
        """One metric over all pictures."""
        return pooled(self.of(metric))


def pooled(values: Sequence[float]) -> Pooled:
    """What `values`, at least one, come to."""
    return Pooled(
        mean=sum(values) / len(values),
        harmonic_mean=harmonic_mean(values),
        p1=percentile(values, 1),
        p5=percentile(values, 5),
        min=min(values),
    )


def harmonic_mean(values: Sequence[float]) -> float:
    """n / Σ 1/(x + 1) - 1, as libvmaf pools: the one added lets a picture score 0."""
    return len(values) / sum(1 / (value + 1) for value in values) - 1


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie, linear between the two nearest ranks.

    Hyndman and Fan's type 7, which NumPy and spreadsheets take too.
    """
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    low, high = ordered[floor(rank)], ordered[ceil(rank)]
    return low + (high - low) * (rank - floor(rank))


def psnr_ceiling(bit_depth: int) -> float:
    """The PSNR that equal pictures get, whose own is infinite: 60 dB at 8 bits, 72 at 10, as in libvmaf."""
    return 6.0 * bit_depth + 12
