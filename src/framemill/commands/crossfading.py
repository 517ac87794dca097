"""Pieces that pass into each other: filters of each piece, and the chain that lays them over one another.

https://ffmpeg.org/ffmpeg-filters.html#xfade and https://ffmpeg.org/ffmpeg-filters.html#amix
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from framemill.domain.transitions import Transition
from framemill.domain.units import seconds
from framemill.domain.work import AudioPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The form that every piece of one sound track must have."""

    part: AudioPart  # how the track is encoded
    sample_rate: int
    layout: str


def exact(transition: Transition, length: int) -> tuple[str, ...]:
    """Filters that give a piece's picture exactly `length` frames, one after the other.

    A late first frame is shown from the start, the last one until the end.
    """
    rate = f"{transition.rate.numerator}/{transition.rate.denominator}"
    # At most a second is filled: a pad without end takes 2 GB where 20 pieces wait for their turn.
    pad = f"tpad=stop={ceil(transition.rate)}:stop_mode=clone"
    return (f"fps={rate}:start_time=0", pad, f"trim=end_frame={length}")


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


def laid_over(transition: Transition, lengths: Sequence[int], *, voices: Sequence[Voice]) -> Iterator[str]:
    """Chains from `[v0]`, `[a0x0]`, `[v1]` ... to `[v]` and `[a0]`, each piece dissolving into the next.

    There is a sound track for each of `voices`.
    """
    span = seconds(transition.span_us(transition.frames))
    starts = transition.starts(lengths)
    last = len(lengths) - 1
    shown = "v0"
    for n in range(1, len(lengths)):
        made = "v" if n == last else f"x{n}"
        offset = seconds(transition.span_us(starts[n]))
        yield f"[{shown}][v{n}]xfade=transition=fade:duration={span}:offset={offset}[{made}]"
        shown = made
    # acrossfade reads all pieces from the start, and their pictures pile up (20 of 5 s in 360p: 1.7 GB).
    # Silence before a piece leaves it unread until its turn.
    for track, voice in enumerate(voices):
        for n, length in enumerate(lengths):
            delay = round(starts[n] * voice.sample_rate / transition.rate)
            filters = ",".join(_blended(transition, length, first=n == 0, last=n == last))
            if not delay:
                yield f"[a{n}x{track}]{filters}[b{n}x{track}]"
                continue
            yield f"{silence(voice)},atrim=end_sample={delay}[z{n}x{track}]"
            yield f"[a{n}x{track}]{filters}[f{n}x{track}]"
            yield f"[z{n}x{track}][f{n}x{track}]concat=n=2:v=0:a=1[b{n}x{track}]"
        heard = "".join(f"[b{n}x{track}]" for n in range(len(lengths)))
        yield f"{heard}amix=inputs={len(lengths)}:normalize=0:dropout_transition=0[a{track}]"


def form(voice: Voice) -> str:
    """The filter that brings sound into a track's form."""
    return f"aformat=sample_fmts=fltp:sample_rates={voice.sample_rate}:channel_layouts={voice.layout}"


def silence(voice: Voice) -> str:
    """Filters that give out silence in a track's form, without end."""
    return f"anullsrc=r={voice.sample_rate}:cl={voice.layout},{form(voice)}"


def _blended(transition: Transition, length: int, *, first: bool, last: bool) -> tuple[str, ...]:
    # Of equal power: two different sounds keep their loudness where they meet.
    span = seconds(transition.span_us(transition.frames))
    begins = seconds(transition.span_us(length - transition.frames))
    return (
        *(() if first else (f"afade=t=in:st=0:d={span}:curve=qsin",)),
        *(() if last else (f"afade=t=out:st={begins}:d={span}:curve=qsin",)),
    )
