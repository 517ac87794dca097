"""A step whose result has a stated VMAF: a search on samples, the encode, and a measurement that decides."""

import json
from collections.abc import Sequence
from dataclasses import astuple, replace
from fractions import Fraction
from functools import partial

from framemill.commands import lone, opening, trials
from framemill.commands.trials import MADE, TRIAL
from framemill.domain import promises
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Estimate, Step, StepInput, TextFile
from framemill.domain.profiles import Profile
from framemill.domain.sampling import Sample, samples
from framemill.domain.trials import Take
from framemill.domain.units import US
from framemill.domain.work import Tap, Work
from framemill.errors import NotSupported
from framemill.operations.building.recoding import Recoding, keeps_hdr
from framemill.operations.planning import Planning

_WISH = "wish.json"
# More encodes of the whole after the first, where mending parts of it is not enough.
_CORRECTIONS = 2
# So many frames at least are measured where not all are; the mean then moves by less than 0.1.
_ENOUGH_FRAMES = 750
# Primes beyond the rhythms that footage has. Of fewer, the frames beside them would be most of all.
_EVERY = (29, 19, 13, 11, 7, 1)
# libvmaf's features need a few times their kernel.
_LEAST_SIDE = 32
# How many trials are usual, and what measuring costs of what encoding costs.
_TRIALS = 3
_MEASURING = 0.3


def held(
    planning: Planning,
    done: Recoding,
    *,
    source: str,
    profile: Profile,
    target: float,
    sound_bytes: int,
) -> Work:
    """`done`, whose crf is left to the search, as a step that ends with a measured VMAF.

    Raises NotSupported where VMAF cannot be measured, FactNeeded for the bytes between keyframes.
    """
    tap = done.tap
    assert tap.video is not None
    tap = replace(tap, video=replace(tap.video, args=trials.alone(tap.video.args)))
    assert tap.video is not None
    stream = next(v for v in tap.media.video if v.index == tap.video.stream)
    shown = done.product.media.main_video
    assert shown is not None
    check_size((shown.width, shown.height))
    rate = stream.frame_rate
    end, _ = promises.end_of(tap.media, stream)
    begin = max(0, stream.start_us - tap.media.start_us)
    weights = planning.weights(source) if source in planning.facts.media else None
    chosen = samples(begin_us=begin, end_us=end, rate=rate, weights=weights)
    frames = (end - begin) * rate // US
    every = next(n for n in _EVERY if n == 1 or frames >= n * _ENOUGH_FRAMES)
    made = decoded(done.product.media, stream, bit_depth=profile.bit_depth, hdr=keeps_hdr(stream, profile))
    compare = partial(trials.compare, tap, made, capabilities=planning.capabilities, model="hd")
    wish = {
        "target": target,
        "codec": profile.codec,
        "path": tap.output.path,
        "takes": [astuple(take) for take in takes_of(chosen, stream, end)],
        "encode": trials.encode(tap, ranged=bool(chosen)),
        "compare": compare(of=TRIAL, ranged=bool(chosen), every=1),
        "compare_made": compare(of=MADE, ranged=False, every=every),
        "patch": {
            "encode": trials.again(tap),
            "compare": compare(of=TRIAL, ranged=True, every=every),
            "mux": tap.mux,
            "language": stream.language,
            "origin_us": tap.media.start_us,
            "apart_us": promises.frame_us(rate),
        }
        if chosen and _patchable(tap, stream)
        else None,
        "every": every,
        "duration_us": end,
        "sound_bytes": sound_bytes,
        "source_bytes": tap.media.size,
    }
    step = Step(
        key=tap.key,
        operation=tap.operation,
        title=f"{tap.title} at VMAF {target:g}",
        commands=_commands(tap, chosen),
        inputs=(StepInput(name=trials.SOURCE, ref=tap.source),),
        outputs=(tap.output,),
        texts=(TextFile(name=_WISH, content=json.dumps(wish)),),
        estimate=_cost(tap, chosen),
    )
    return Work(
        steps=(step,),
        products=(done.product,),
        notes=(f"{planning.name}: {_told(chosen, target, every)}", *done.notes),
        dropped=done.dropped,
    )


def _patchable(tap: Tap, stream: VideoStream) -> bool:
    """True where single pictures can be sought and put in place exactly: by a steady rate, and an index."""
    if stream.is_vfr or not stream.frame_rate or opening.earlier(tap.media) or "mp4" not in tap.mux:
        return False
    late = (stream.start_us - tap.media.start_us) * stream.frame_rate / US
    return abs(late - round(late)) < Fraction(1, 10)


def _commands(tap: Tap, chosen: tuple[Sample, ...]) -> tuple[Command, ...]:
    assert tap.video is not None
    length = tap.media.duration_us
    left_open = replace(tap, video=replace(tap.video, args=trials.with_crf(tap.video.args)))
    argv = lone.whole(left_open)
    searched = sum(s.length_us + s.tail_us for s in chosen) or length
    wish = f"in/{_WISH}"

    def hold(*, last: bool) -> Command:
        return Command(tool="builtin", argv=("hold_quality", wish, *(("last",) if last else ())))

    again = Command(
        tool="ffmpeg",
        argv=argv,
        duration_us=length,
        filled_from="out/values.json",
        only_if_missing=tap.output.path,
    )
    return (
        Command(tool="builtin", argv=("find_crf", wish), duration_us=_TRIALS * searched),
        replace(again, only_if_missing=None),
        replace(hold(last=False), duration_us=round(length * _MEASURING)),
        *(
            command
            for number in range(_CORRECTIONS)
            for command in (again, hold(last=number == _CORRECTIONS - 1))
        ),
    )


def _cost(tap: Tap, chosen: tuple[Sample, ...]) -> Estimate:
    length = max(1, tap.media.duration_us)
    searched = _TRIALS * (sum(s.length_us + s.tail_us for s in chosen) or length) / length
    factor = 1 + searched * (1 + _MEASURING) + _MEASURING
    plain = tap.estimate
    return replace(plain, cpu_ms=round(plain.cpu_ms * factor), wall_ms=round(plain.wall_ms * factor))


def takes_of(chosen: Sequence[Sample], stream: VideoStream, end_us: int) -> tuple[Take, ...]:
    """The samples as they are tried, or the whole video where there are none."""
    takes = tuple(
        Take(
            start_us=sample.start_us,
            length_us=sample.length_us + sample.tail_us,
            frames=max(1, round(sample.length_us * stream.frame_rate / US)),
        )
        for sample in chosen
    )
    return takes or (Take(start_us=None, length_us=end_us, frames=0),)


def decoded(media: MediaInfo, stream: VideoStream, *, bit_depth: int, hdr: bool) -> MediaInfo:
    """What an encode of `stream` decodes to: predictions keep the source's colours and depth."""
    video = media.main_video
    assert video is not None
    exact = replace(
        video,
        bit_depth=bit_depth,
        pixel_format="yuv420p10le" if bit_depth == 10 else "yuv420p",
        color_range="tv",
        color_transfer=stream.color_transfer if hdr or stream.hdr is None else "bt709",
    )
    return replace(media, video=(exact,))


def check_size(size: tuple[int, int]) -> None:
    """Raise NotSupported where a picture is too small to be measured."""
    if min(size) < _LEAST_SIDE:
        raise NotSupported(
            f"VMAF cannot be measured of a picture of {size[0]}x{size[1]}",
            hint=f"it needs {_LEAST_SIDE}x{_LEAST_SIDE} or more; choose the quality by crf instead",
        )


def _told(chosen: tuple[Sample, ...], target: float, every: int) -> str:
    where = f"{len(chosen)} samples" if chosen else "the whole of this short video"
    counted = "" if every == 1 else f" on one frame of {every}"
    return (
        f"the crf is searched on {where}; the result is measured{counted}"
        f" and has VMAF {target:g} to {target + 1:g}"
    )
