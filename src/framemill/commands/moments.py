"""Several moments of one file, each sought by itself and joined into one silent picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from framemill.commands import opening, source
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.units import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Where each moment of `in/source` begins, and how many frames of `rate` each has."""

    media: MediaInfo
    video: VideoStream
    starts: Sequence[int]
    frames: Sequence[int]
    rate: Fraction


def opened(moments: Moments) -> tuple[str, ...]:
    """The file once for each moment, entered so that the picture shown there is decoded."""
    return tuple(
        arg
        for start in moments.starts
        for arg in source.read(
            "source",
            demuxer=moments.media.container,
            start_us=opening.entry(moments.media, start),
            before=(
                # Several decoders wait for their turn: each needs but one thread.
                *(("-threads", "1") if len(moments.starts) > 1 else ()),
                # Pictures before the start are needed: one of them may be the one shown there.
                "-noaccurate_seek",
            ),
        )
    )


def graph(moments: Moments, *, before: Sequence[str], after: Sequence[str]) -> str:
    """The moments one after the other as `[v]`; `before` is done to all frames, `after` to those shown."""
    chains = []
    for number, (start, frames) in enumerate(zip(moments.starts, moments.frames, strict=True)):
        skipped = start - opening.entry(moments.media, start)
        chain = (*before, *held(moments.rate, skipped), f"trim=end_frame={frames}", *after)
        chains.append(f"[{number}:{moments.video.index}]{','.join(chain)}[m{number}]")
    pads = "".join(f"[m{number}]" for number in range(len(moments.starts)))
    return ";".join((*chains, f"{pads}concat=n={len(moments.starts)}[v]"))


def held(rate: Fraction, skipped_us: int) -> tuple[str, ...]:
    """Filters that give frames at `rate` from `skipped_us` on, timed from zero and without an end."""
    return (
        # Holds each picture until the next, and the first back to the start, so a slide show has no gap.
        f"fps={rate.numerator}/{rate.denominator}:start_time={seconds(skipped_us)}",
        # The last picture is held where the file ends early.
        "tpad=stop=-1:stop_mode=clone",
        "setpts=PTS-STARTPTS",
    )
