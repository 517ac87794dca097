"""Which rungs fit a source, and the frame rates at which their keyframes align."""

from fractions import Fraction

from framemill.domain.ladder import RUNGS, Rung, capped_rate, keyframe_every_us
from framemill.domain.media import VideoStream
from framemill.domain.units import US
from framemill.errors import UpscaleRefused


def fitting(
    wanted: tuple[Rung, ...] | None, stream: VideoStream, *, strict: bool
) -> tuple[tuple[Rung, ...], list[str]]:
    """The rungs that are not taller than the source, and what is to be said of the others.

    All that there are where none is `wanted`. Raises UpscaleRefused if `strict`.
    """
    rungs = wanted or tuple(RUNGS.values())
    found = tuple(r for r in rungs if r.short_side <= stream.short_side)
    taller = [r for r in rungs if r not in found] if wanted else []
    if taller and strict:
        raise UpscaleRefused(
            rendition=taller[0].name, height=taller[0].short_side, source_height=stream.short_side
        )
    if not found:
        # A source below every rung keeps its own size under the lowest rung's caps.
        low = rungs[-1]
        side = stream.short_side
        own = Rung(
            name=f"{side}p",
            short_side=side,
            video_bps=low.video_bps,
            audio_bps=low.audio_bps,
            max_fps=low.max_fps,
        )
        return (own,), [f"the source is {side} lines on its short side: one rendition at its own size"]
    said = [f"left out {', '.join(r.name for r in taller)}: taller than the source"] if taller else []
    return found, said


def rates_of(
    stream: VideoStream, rungs: tuple[Rung, ...], *, keyframe_us: int
) -> tuple[list[Fraction | None], list[str]]:
    """The constant rate of each rung, None to keep the source's own frame times; and what is to be said."""
    rates: list[Fraction | None] = []
    top = capped_rate(stream.frame_rate, rungs[0].max_fps)
    every = keyframe_every_us(top, keyframe_us)
    said = []
    for rung in rungs:
        rate = capped_rate(top, rung.max_fps)
        if rate != top and (rate * every / US).denominator != 1:
            # Frames of the two rates would not meet at keyframes.
            said.append(f"{rung.name} keeps {float(top):.3g} frames a second so that keyframes align")
            rate = top
        rates.append(None if rate == stream.frame_rate else rate)
    return rates, said
