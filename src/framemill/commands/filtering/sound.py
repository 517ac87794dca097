"""Filters that change the sound."""

from typing import Literal

from framemill.domain.units import seconds


def louder(gain: str) -> tuple[str, ...]:
    """By a factor (`0.5`) or in decibels (`-6dB`)."""
    return (f"volume=volume={gain}",)


def even_loudness(*, target: float, true_peak: float, spread: float) -> tuple[str, ...]:
    """Loudness steered while it plays, in one pass (EBU R128)."""
    return (f"loudnorm=I={target:g}:TP={true_peak:g}:LRA={spread:g}",)


def faded(direction: Literal["in", "out"], *, start_us: int, length_us: int) -> tuple[str, ...]:
    """From or to silence."""
    return (f"afade=t={direction}:st={seconds(start_us)}:d={seconds(length_us)}",)
