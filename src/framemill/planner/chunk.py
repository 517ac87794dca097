"""Splitting a heavy encode into chunks that several workers make, each to every rendition from one decode.

What is read of the source beside its picture is done once for the whole.
Operations do not know: the outputs are the same as without chunks.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from framemill.commands import chunking, source
from framemill.commands.chunking import Clock
from framemill.commands.video import forced_every_us
from framemill.domain import chunks, promises
from framemill.domain.chunks import Chunk
from framemill.domain.estimates import copying
from framemill.domain.media import VideoStream
from framemill.domain.plan import (
    Command,
    Estimate,
    Output,
    Promise,
    Resource,
    Role,
    Step,
    StepInput,
    TextFile,
)
from framemill.domain.units import US
from framemill.domain.work import Tap, VideoPart
from framemill.planner.fuse import audio_args, encode_step, fuse, grouped

_SCRIPT = "chunks.txt"
_APART = "apart.txt"  # there where chunks do not fit
_WITNESSES = ("begin", "behind")
# Less work than this is done before a second process is worth its start.
LEAST_CPU_MS = 20_000
# Sources that seek by an index; elsewhere a seek may land behind the border.
_INDEXED = frozenset({"mov", "matroska"})

# When the keyframes of a source are, in µs from its start; None where it is no input of the job.
Keyframes = Callable[[str], Sequence[int] | None]


def chunked(
    taps: Sequence[Tap], *, slots: int, keyframes: Keyframes
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The steps that make every tap's output, and why they are in chunks or not.

    `slots` is how many steps may run side by side; with one, the steps are
    fuse's. Raises what `keyframes` does.
    """
    steps: list[Step] = []
    notes: list[str] = []
    for group in grouped(taps):
        pictures = [tap for tap in group if tap.video is not None]
        if slots < 2 or not pictures:
            steps += fuse(group)
            continue
        found = _split(pictures, slots=slots, keyframes=keyframes)
        name = pictures[0].key.partition(":")[0]
        if isinstance(found, str):
            notes.append(f"{name}: not in chunks: {found}")
            steps += fuse(group)
            continue
        notes.append(
            f"{name}: encoded in {len(found)} chunks of about {found[0].length_us // US} s,"
            f" {slots} side by side, and joined by copy"
        )
        steps += _steps(pictures, found, keyframes=keyframes(group[0].source) or ())
        steps += fuse(tap for tap in group if tap.video is None)
    return tuple(steps), tuple(notes)


def _split(pictures: Sequence[Tap], *, slots: int, keyframes: Keyframes) -> tuple[Chunk, ...] | str:
    """The chunks, or why there are none."""
    first = pictures[0]
    if first.start_us is not None or first.end_us is not None:
        return "only a part of the source is read"
    if any(tap.after or tap.reports for tap in pictures):
        return "what is made is measured as a whole"
    streams = {tap.video.stream for tap in pictures if tap.video is not None}
    if len(streams) > 1:
        return "several pictures are read"
    stream = _stream(first)
    if first.media.container not in _INDEXED or first.media.truncated:
        return "the source has no whole index to seek by"
    parts = [tap.video for tap in pictures if tap.video is not None]
    for part in parts:
        if (why := chunking.divisible(part)) is not None:
            return why
    grids = {forced_every_us(part.args) for part in parts}
    if len(grids) > 1:
        return "the renditions have keyframes at different times"
    if sum(tap.estimate.cpu_ms for tap in pictures) < LEAST_CPU_MS:
        return "there is too little to encode"
    marks = keyframes(first.source)
    if marks is None:
        return "the source is not there yet"
    end = promises.end_of(first.media, stream)[0]
    found = chunks.split(end, keyframes=marks, slots=slots, grid_us=grids.pop())
    if len(found) > 1:
        return found
    short = end < 2 * chunks.LEAST_US
    return "it is too short" if short else "the source's keyframes are too far apart to begin at"


def _steps(pictures: Sequence[Tap], found: Sequence[Chunk], *, keyframes: Sequence[int]) -> list[Step]:
    steps = [_chunk_step(pictures, chunk, found, keyframes) for chunk in found]
    return [*steps, *(_join_step(tap, found, pictures[0]) for tap in pictures)]


def _chunk_step(
    pictures: Sequence[Tap], chunk: Chunk, found: Sequence[Chunk], keyframes: Sequence[int]
) -> Step:
    """One range, encoded to every tap's picture."""
    first = pictures[0]
    stream = _stream(first)
    around = any(chunking.looks_around(_part(tap)) for tap in pictures)
    opened = chunking.opened(first.media, stream, chunk, keyframes, around=around)
    shortest = min(other.length_us for other in found[:-1])
    cut = [_chunk_tap(tap, chunk, stream, shortest) for tap in pictures]
    step = encode_step((*cut, *_witness_taps(first, chunk)), opened=opened, length_us=chunk.length_us)
    return replace(
        step,
        key=f"{first.key}:chunk{chunk.number:03}",
        title=f"{_title(pictures)}, chunk {chunk.number} of {len(found)}",
    )


def _chunk_tap(tap: Tap, chunk: Chunk, stream: VideoStream, shortest_us: int) -> Tap:
    part = _part(tap)
    clock = Clock.of(part, stream)
    whole = tap.output.promise
    stem = tap.output.path.rpartition(".")[0]
    share = tap.estimate
    total = whole.duration_us or tap.media.duration_us
    promise = Promise(
        kind="media",
        # No length: a source may have a hole at a border. That no picture is missing, its neighbours show.
        width=whole.width,
        height=whole.height,
        video_codec=whole.video_codec,
        audio_codecs=(),
        hdr=whole.hdr,
    )
    return replace(
        tap,
        output=Output(
            id=_chunk_id(tap, chunk),
            path=f"{stem}-{chunk.number:03}.mp4",
            role=Role.INTERMEDIATE,
            promise=promise,
        ),
        video=chunking.cut_out(part, chunk, clock, shortest_us=shortest_us),
        audio=(),
        extra=(),
        mux=chunking.held(clock),
        estimate=Estimate(
            cpu_ms=share.cpu_ms * chunk.length_us // total,
            wall_ms=share.wall_ms * chunk.length_us // total,
            scratch_bytes=share.output_bytes * chunk.length_us // total,
        ),
    )


def _witness_taps(first: Tap, chunk: Chunk) -> list[Tap]:
    """What shows later that this chunk begins where the one before ends, and ends where the next begins."""
    part, taps = _part(first), []
    for name, seen in zip(
        _WITNESSES, chunking.witnesses(part, chunk, Clock.of(part, _stream(first))), strict=True
    ):
        if seen is None:
            continue
        output = Output(
            id=_witness_id(first, chunk, name),
            path=f"{name}-{chunk.number:03}.txt",
            role=Role.INTERMEDIATE,
            promise=Promise(kind="data"),
        )
        taps.append(
            replace(
                first,
                key=f"{first.key}:{name}",
                output=output,
                video=seen,
                audio=(),
                extra=(),
                mux=("-f", "framecrc"),
                estimate=Estimate(),
            )
        )
    return taps


def _chunk_id(tap: Tap, chunk: Chunk) -> str:
    return f"{tap.output.id}:chunk{chunk.number:03}"


def _witness_id(first: Tap, chunk: Chunk, name: str) -> str:
    return f"{_chunk_id(first, chunk)}:{name}"


def _join_step(tap: Tap, found: Sequence[Chunk], first: Tap) -> Step:
    """A tap's chunks as one, with what it takes from the source beside the picture.

    Chunks that do not fit together are left, and the whole is encoded in one.
    """
    names = [f"chunk{chunk.number:03}.mp4" for chunk in found]
    pieces = [
        StepInput(name=name, ref=_chunk_id(tap, chunk)) for name, chunk in zip(names, found, strict=True)
    ]
    seen = [
        StepInput(name=f"{name}{chunk.number:03}.txt", ref=_witness_id(first, chunk, name))
        for here, there in pairwise(found)
        for name, chunk in zip(reversed(_WITNESSES), (here, there), strict=True)
    ]
    beside = bool(tap.audio or tap.extra)
    opened = source.read("source", demuxer=tap.media.container) if beside else ()
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *opened,
        *chunking.joined(_SCRIPT),
        *chunking.copied(1 if beside else 0, _part(tap).args),
        *(word for number, part in enumerate(tap.audio) for word in audio_args(part, number)),
        *tap.extra,
        *tap.mux,
        f"file:out/{tap.output.path}",
    )
    (alone,) = fuse([tap])
    (whole,), recipe = alone.commands, alone.outputs[0].recipe
    meets = list(zip(seen[::2], seen[1::2], strict=True))
    wish = {"chunks": names, "meet": [(behind.name, begin.name) for behind, begin in meets]}
    return Step(
        key=f"{tap.key}:join",
        operation=tap.operation,
        title=f"join {len(found)} chunks of {tap.title}",
        commands=(
            Command(tool="builtin", argv=("chunks_fit", _APART, json.dumps(wish))),
            Command(tool="ffmpeg", argv=argv, duration_us=tap.media.duration_us, only_if_missing=_APART),
            replace(whole, only_if_missing=tap.output.path),
        ),
        inputs=(StepInput(name="source", ref=tap.source), *pieces, *seen),
        # Alone it would be made by the same recipe, so whoever looks for it need not know of chunks.
        outputs=(replace(tap.output, recipe=recipe),),
        texts=(TextFile(name=_SCRIPT, content=chunking.script(names, found)),),
        resource=Resource.CPU if tap.audio else Resource.IO,
        # No time: it would limit how long encoding the whole may take.
        estimate=replace(copying(tap.estimate.output_bytes), wall_ms=0),
    )


def _title(pictures: Sequence[Tap]) -> str:
    return f"{pictures[0].operation} {', '.join(tap.title for tap in pictures)}"


def _part(tap: Tap) -> VideoPart:
    assert tap.video is not None
    return tap.video


def _stream(tap: Tap) -> VideoStream:
    wanted = _part(tap).stream
    return next(v for v in tap.media.video if v.index == wanted)
