"""One ffmpeg process for every tap that reads the same range of the same source.

The source is decoded once; filters that taps share from the start run once;
the rest branches off.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from framemill.commands import source
from framemill.domain.estimates import decoding
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command, Estimate, Step, StepInput
from framemill.domain.work import AudioPart, Tap


def grouped(taps: Iterable[Tap]) -> tuple[tuple[Tap, ...], ...]:
    """The taps that read the same range of the same source, in order of first use."""
    groups: dict[tuple[str, int | None, int | None], list[Tap]] = {}
    for tap in taps:
        groups.setdefault((tap.source, tap.start_us, tap.end_us), []).append(tap)
    return tuple(tuple(group) for group in groups.values())


def fuse(taps: Iterable[Tap]) -> tuple[Step, ...]:
    """Steps that make every tap's output, one step a source and range, in order of first use."""
    return tuple(
        encode_step(group, opened=_opened(group[0]), length_us=_length_us(group[0]))
        for group in grouped(taps)
    )


def encode_step(taps: Sequence[Tap], *, opened: tuple[str, ...], length_us: int) -> Step:
    """One process that reads `length_us` of what `opened` says, and makes every tap's output of it."""
    first, length = taps[0], length_us
    return Step(
        key=first.key,
        operation="+".join(dict.fromkeys(tap.operation for tap in taps)),
        title=_title(taps),
        commands=(
            _command(taps, opened, length),
            *(command for tap in taps for command in tap.after),
        ),
        inputs=(StepInput(name="source", ref=first.source),),
        outputs=tuple(
            output
            for tap in taps
            for output in (replace(tap.output, recipe=_recipe(tap, opened)), *tap.reports)
        ),
        estimate=sum((tap.estimate for tap in taps), _decode_cost(taps, first.media, length)),
    )


def _title(taps: Sequence[Tap]) -> str:
    parts = [
        f"{operation} {', '.join(tap.title for tap in group)}"
        for operation, group in groupby(taps, key=lambda tap: tap.operation)
    ]
    return "; ".join(parts)


def _length_us(tap: Tap) -> int:
    end = tap.media.duration_us if tap.end_us is None else tap.end_us
    return max(0, end - (tap.start_us or 0))


def _decode_cost(taps: Sequence[Tap], media: MediaInfo, length_us: int) -> Estimate:
    read = {tap.video.stream for tap in taps if tap.video is not None}
    streams = [v for v in media.video if v.index in read]
    return sum(
        (decoding(size=(v.width, v.height), rate=v.frame_rate, duration_us=length_us) for v in streams),
        Estimate(),
    )


def _recipe(tap: Tap, opened: tuple[str, ...]) -> str:
    """A digest of what would make this tap's output alone, whatever else the same decode feeds."""
    alone = replace(tap, key="", output=replace(tap.output, path=""))
    argvs = (_argv([alone], opened), *(command.argv for command in tap.after))
    return hashlib.sha256(json.dumps(argvs).encode()).hexdigest()


def _command(taps: Sequence[Tap], opened: tuple[str, ...], length_us: int) -> Command:
    argv = _argv(taps, opened)
    devices = dict.fromkeys(
        tap.video.hardware.device for tap in taps if tap.video is not None and tap.video.hardware is not None
    )
    if not devices:
        return Command(tool="ffmpeg", argv=argv, duration_us=length_us)
    by_device = (
        *(word for device in devices for word in device),
        *_argv(list(map(_accelerated, taps)), opened),
    )
    return Command(tool="ffmpeg", argv=by_device, duration_us=length_us, otherwise=argv)


def _accelerated(tap: Tap) -> Tap:
    if tap.video is None or tap.video.hardware is None:
        return tap
    form = tap.video.hardware
    return replace(tap, video=replace(tap.video, filters=form.filters, args=form.args))


def _argv(taps: Sequence[Tap], opened: tuple[str, ...]) -> tuple[str, ...]:
    graph, labels = _graph(taps)
    outputs: list[str] = []
    for tap in taps:
        if tap.video is not None:
            outputs += ("-map", f"[{labels[tap.key]}]", *tap.video.args)
        for number, part in enumerate(tap.audio):
            outputs += audio_args(part, number)
        outputs += (*tap.extra, *tap.mux, f"file:out/{tap.output.path}")
    return (
        *("-nostdin", "-hide_banner", "-y"),
        *opened,
        *(("-filter_complex", graph) if graph else ()),
        *outputs,
    )


def _opened(first: Tap) -> tuple[str, ...]:
    return source.read(
        "source",
        demuxer=first.media.container,
        start_us=first.start_us,
        length_us=None if first.end_us is None else first.end_us - (first.start_us or 0),
    )


def audio_args(part: AudioPart, number: int) -> tuple[str, ...]:
    """Maps, filters and encoder of an output's `number`th sound track."""
    return (
        *("-map", f"0:{part.stream}"),
        *((f"-filter:a:{number}", ",".join(part.filters)) if part.filters else ()),
        *(arg.replace("{n}", str(number)) for arg in part.args),
    )


def _graph(taps: Sequence[Tap]) -> tuple[str, dict[str, str]]:
    """The filter graph of all taps' pictures, and each tap's label in it."""
    chains: list[str] = []
    labels: dict[str, str] = {}
    streams = dict.fromkeys(tap.video.stream for tap in taps if tap.video is not None)
    for stream in streams:
        wanted = [
            (tap.key, tap.video.filters)
            for tap in taps
            if tap.video is not None and tap.video.stream == stream
        ]
        _branch(f"0:{stream}", wanted, chains, labels)
    return ";".join(chains), labels


def _branch(
    pad: str, wanted: Sequence[tuple[str, tuple[str, ...]]], chains: list[str], labels: dict[str, str]
) -> None:
    shared = _common_prefix([filters for _, filters in wanted])
    rests = [(key, filters[len(shared) :]) for key, filters in wanted]
    if len(rests) == 1:
        label = labels[rests[0][0]] = f"v{len(labels)}"
        chains.append(f"[{pad}]{','.join(shared) or 'null'}[{label}]")
        return
    # Outputs whose next filter is the same go on together; the others part here.
    groups: dict[str | int, list[tuple[str, tuple[str, ...]]]] = {}
    for number, (key, rest) in enumerate(rests):
        groups.setdefault(rest[0] if rest else number, []).append((key, rest))
    pads = [f"s{len(chains)}x{number}" for number in range(len(groups))]
    head = ",".join((*shared, f"split={len(groups)}"))
    chains.append(f"[{pad}]{head}" + "".join(f"[{p}]" for p in pads))
    for branch_pad, group in zip(pads, groups.values(), strict=True):
        if len(group) == 1 and not group[0][1]:
            labels[group[0][0]] = branch_pad
        else:
            _branch(branch_pad, group, chains, labels)


def _common_prefix(chains: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    shared: list[str] = []
    for column in zip(*chains, strict=False):
        if len(set(column)) != 1:
            break
        shared.append(column[0])
    return tuple(shared)
