"""The rungs a ladder may have: short side, caps, and the rule that rates must let keyframes align."""

from dataclasses import dataclass
from fractions import Fraction

from framemill.domain.media import VideoStream
from framemill.domain.units import US
from framemill.errors import InvalidSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One size of a ladder. The short side names it, so portrait video keeps its shape."""

    name: str
    short_side: int
    video_bps: int  # cap over crf 23
    audio_bps: int
    max_fps: int


RUNGS: dict[str, Rung] = {
    r.name: r
    for r in (
        Rung(name="2160p", short_side=2160, video_bps=16_000_000, audio_bps=192_000, max_fps=30),
        Rung(name="1440p", short_side=1440, video_bps=9_000_000, audio_bps=192_000, max_fps=30),
        Rung(name="1080p", short_side=1080, video_bps=5_000_000, audio_bps=192_000, max_fps=30),
        Rung(name="720p", short_side=720, video_bps=2_500_000, audio_bps=128_000, max_fps=30),
        Rung(name="480p", short_side=480, video_bps=1_000_000, audio_bps=96_000, max_fps=30),
        Rung(name="360p", short_side=360, video_bps=600_000, audio_bps=96_000, max_fps=30),
        Rung(name="240p", short_side=240, video_bps=300_000, audio_bps=64_000, max_fps=24),
    )
}


def rungs_named(names: tuple[str, ...]) -> tuple[Rung, ...]:
    """The rungs, tallest first; InvalidSpec names an unknown one."""
    for name in names:
        if name not in RUNGS:
            raise InvalidSpec(f"there is no rung {name!r}", hint=f"known: {', '.join(RUNGS)}")
    return tuple(rung for rung in RUNGS.values() if rung.name in names)


def size_at(video: VideoStream, short_side: int) -> tuple[int, int]:
    """Even width and height of the shown picture with its short side at `short_side`."""
    w, h = video.display_width, video.display_height
    scale = Fraction(short_side, min(w, h))
    return even(w * scale), even(h * scale)


def even(value: Fraction | int) -> int:
    """The nearest even number, at least 2: 4:2:0 chroma has half the lines and columns."""
    return max(2, round(Fraction(value) / 2) * 2)


def capped_rate(rate: Fraction, cap: int) -> Fraction:
    """`rate`, or the nearest rate of its family (30 or 30000/1001) at or below `cap`."""
    if rate <= cap:
        return rate
    # 60 halves to 30 and 59.94 to 29.97: whole dividers drop frames evenly.
    for divider in range(2, 9):
        part = rate / divider
        if cap * Fraction(9, 10) <= part <= cap:
            return part
    return Fraction(cap * 1000, 1001) if rate.denominator % 1001 == 0 else Fraction(cap)


def keyframe_every_us(rate: Fraction, wanted_us: int) -> int:
    """The keyframe distance nearest `wanted_us` that is a whole number of frames."""
    frames = max(1, round(rate * wanted_us / US))
    return round(frames * US / rate)
