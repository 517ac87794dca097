"""Asking how a film looks at several sizes, and choosing a ladder's rungs from the answer."""

from collections.abc import Sequence
from fractions import Fraction
from typing import cast

from framemill.commands import trials
from framemill.commands.trials import TRIAL
from framemill.domain import promises
from framemill.domain.ladder import Rung
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.per_title import Choice, Tried, choose
from framemill.domain.sampling import samples
from framemill.domain.trials import Setting, Trial, Tryout
from framemill.domain.units import US
from framemill.domain.work import Tap
from framemill.operations.building.holding import check_size, decoded, takes_of
from framemill.operations.planning import Planning

# Fewer moments than a search for an exact score needs: rungs lie several points apart.
_SAMPLES = 5
# How much coarser than asked a rung may be where the film looks perfect anyway.
_COARSER = 6
_COARSEST = 51
# Half the frames need more than half the bytes.
_RATE_EXPONENT = 0.6


def chosen(
    planning: Planning,
    source: str,
    taps: Sequence[tuple[Rung, Tap, Fraction]],
    *,
    crf: int,
    bit_depth: int,
) -> Choice:
    """The rungs that `source` needs. `taps` have no cap and at the source's own rate.

    Each comes with the rate that its rung would have. Raises FactNeeded, NotSupported.
    """
    media = planning.one(source).media
    stream = planning.video_of(planning.one(source))
    check_size((stream.display_width, stream.display_height))
    begin, (end, _) = max(0, stream.start_us - media.start_us), promises.end_of(media, stream)
    takes = takes_of(
        samples(
            begin_us=begin,
            end_us=end,
            rate=stream.frame_rate,
            weights=planning.weights(source),
            count=_SAMPLES,
        ),
        stream,
        end,
    )
    ranged = takes[0].start_us is not None
    crfs = tuple(dict.fromkeys((float(crf), float(min(_COARSEST, crf + _COARSER)))))
    tryout = Tryout(
        takes=takes,
        settings=tuple(
            Setting(
                name=rung.name,
                crfs=crfs,
                encode=trials.encode(tap, ranged=ranged),
                compare=trials.compare(
                    tap,
                    decoded(_shown(tap, stream), stream, bit_depth=bit_depth, hdr=False),
                    of=TRIAL,
                    ranged=ranged,
                    every=1,
                    capabilities=planning.capabilities,
                    model="hd",
                ),
            )
            for rung, tap, _ in taps
        ),
    )
    answer = cast("dict[str, tuple[Trial, ...]]", planning.answer("tryout", source, tryout))
    seconds = sum(take.length_us for take in takes) / US
    return choose(
        {
            rung: [_tried(trial, seconds, rate / stream.frame_rate) for trial in answer[rung.name]]
            for rung, _, rate in taps
        },
        heard=bool(media.playable_audio),
    )


def _tried(trial: Trial, seconds: float, share: Fraction) -> Tried:
    bps = trial.bytes * 8 / seconds * float(share) ** _RATE_EXPONENT
    return Tried(crf=trial.crf, score=trial.score, bps=max(1, round(bps)))


def _shown(tap: Tap, stream: VideoStream) -> MediaInfo:
    return promises.predicted_picture(tap.output.promise, stream, rate=stream.frame_rate, size=0)
