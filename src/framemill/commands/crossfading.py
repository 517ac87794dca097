"""Pieces that pass into each other: filters of each piece, and the chain that lays them over one another.

https://ffmpeg.org/ffmpeg-filters.html#xfade and https://ffmpeg.org/ffmpeg-filters.html#acrossfade
"""

from collections.abc import Iterator, Sequence

from framemill.domain.transitions import Transition
from framemill.domain.units import seconds


def exact(transition: Transition, length: int) -> tuple[str, ...]:
    """Filters that give a piece's picture exactly `length` frames, one after the other.

    A late first frame is shown from the start, the last one until the end.
    """
    rate = f"{transition.rate.numerator}/{transition.rate.denominator}"
    return (f"fps={rate}:start_time=0", "tpad=stop=-1:stop_mode=clone", f"trim=end_frame={length}")


def through_black(transition: Transition, length: int, *, first: bool, last: bool) -> tuple[str, ...]:
    """Filters that bring a piece's picture out of black and back into it."""
    half = transition.frames // 2
    return (
        *(() if first else (f"fade=t=in:start_frame=0:nb_frames={half}",)),
        *(() if last else (f"fade=t=out:start_frame={length - half}:nb_frames={half}",)),
    )


def through_silence(transition: Transition, length: int, *, first: bool, last: bool) -> tuple[str, ...]:
    """The same for its sound."""
    half = seconds(transition.span_us(transition.frames // 2))
    begins = seconds(transition.span_us(length - transition.frames // 2))
    return (
        *(() if first else (f"afade=t=in:st=0:d={half}",)),
        *(() if last else (f"afade=t=out:st={begins}:d={half}",)),
    )


def laid_over(transition: Transition, lengths: Sequence[int], *, tracks: int) -> Iterator[str]:
    """Chains from `[v0]`, `[a0x0]`, `[v1]` ... to `[v]` and `[a0]`, each piece dissolving into the next."""
    span = seconds(transition.span_us(transition.frames))
    starts = transition.starts(lengths)
    last = len(lengths) - 1
    shown = "v0"
    for n in range(1, len(lengths)):
        made = "v" if n == last else f"x{n}"
        offset = seconds(transition.span_us(starts[n]))
        yield f"[{shown}][v{n}]xfade=transition=fade:duration={span}:offset={offset}[{made}]"
        shown = made
    for track in range(tracks):
        heard = f"a0x{track}"
        for n in range(1, len(lengths)):
            made = f"a{track}" if n == last else f"y{n}x{track}"
            # Curves of equal power: two different sounds keep their loudness where they meet.
            yield f"[{heard}][a{n}x{track}]acrossfade=d={span}:c1=qsin:c2=qsin[{made}]"
            heard = made
