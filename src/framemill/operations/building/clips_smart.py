"""One file of ranges cut exactly by copying all but their edges, proved at run time. For trim and cut."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from framemill.commands import edges, muxing, opening, smart, source
from framemill.commands.clipping import cues_within, window_of_sound
from framemill.commands.crossfading import Voice
from framemill.commands.joining import Piece, heard
from framemill.commands.smart import Stretch
from framemill.commands.sound import layout_of, rate_for
from framemill.domain import clipping, finished
from framemill.domain.containers import Container
from framemill.domain.estimates import copying, decoding, encoding
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command, Estimate, Promise
from framemill.domain.promises import frame_us
from framemill.domain.smart import Splice
from framemill.domain.units import US, seconds
from framemill.operations.building.companions import Companions, Sound, companions, default_sound
from framemill.operations.building.smart_wishes import Source, pieces_wish, proof_wish, scrap
from framemill.operations.planning import Planning

_HEAD = ("-nostdin", "-hide_banner", "-y")
_AUDIO_BITRATE = 192_000
_SOUNDS = frozenset({"aac", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "pcm_s16le", "pcm_s24le"})
# The last packet of sound may reach over the end.
_SOUND_US = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """One file: how it is made, and what it must be."""

    commands: tuple[Command, ...]
    promise: Promise
    beside: Companions
    result: MediaInfo  # the ranges as if they were a file
    estimate: Estimate


def joint(
    found: Source,
    planning: Planning,
    splices: Sequence[Splice],
    *,
    container: Container,
    file: str,
    label: str,
    strict: bool,
    wanted: tuple[int, int],
) -> Joint:
    """The commands that make `out/<file>` of the ranges.

    `label` is what messages call it; `wanted` was asked for, from the first range's start to the last's end.
    """
    stem = file.rpartition(".")[0]
    early = smart.reorder_of(found.stream, found.pictures.time_base, splices)
    stretches = [
        Stretch(
            media=found.media,
            stream=found.stream,
            pictures=found.pictures,
            splice=s,
            name=f"{stem}_{n}",
            in_band=container.name == "ts",
            reorder=early,
        )
        for n, s in enumerate(splices)
    ]
    alone = len(stretches) == 1
    begins, ends = stretches[0].start_us, stretches[-1].end_us
    # Sound before the first picture of a film, or behind its last one, is a part of it.
    if alone and wanted[0] == 0:
        begins = 0
    if alone and wanted[1] >= found.media.duration_us:
        ends = max(ends, wanted[1])
    total = (ends - begins) if alone else sum(s.end_us - s.start_us for s in stretches)
    clip = clipping.clipped(found.media, begins, ends) if alone else clipping.lasting(found.media, total)
    enter = opening.entry(found.media, begins)
    if alone and enter != begins:
        # What is read before the start would shift subtitles and chapters, which no filter can cut.
        clip = replace(clip, subtitles=(), chapters=())
    clip = replace(clip, others=tuple(o for o in clip.others if o.kind == "attachment"))
    beside = companions(
        clip, container, sound_wish(found.media, container), capabilities=planning.capabilities
    )
    main = next(v for v in clip.video if v.index == found.stream.index)
    promise = finished.promised(clip, stream=main, sounds=beside.tracks)
    promise = replace(
        promise,
        duration_us=total,
        tolerance_us=promise.tolerance_us + _SOUND_US + frame_us(found.stream.frame_rate),
        frames=sum(s.count for s in splices),
        subtitles=None,
    )
    script = f"{stem}.ffconcat"
    join = (
        _alone(
            found, beside, clip, begins=begins, ends=ends, enter=enter, lead=stretches[0].start_us - begins
        )
        if alone
        else _several(found, beside, stretches)
    )
    place = 1 if alone else len(stretches)

    def written(*, encoded: bool) -> tuple[str, ...]:
        return (
            *_HEAD,
            *join[0],
            *smart.joined(script, found.stream),
            *smart.picture(place, found.stream, found.pictures.time_base, container, encoded=encoded),
            *join[1],
            *muxing.finished(container.name),
            f"file:out/{file}",
        )

    recoded = any(s.encoded for s in splices)
    mend = not strict and edges.why_not(found.stream, planning.capabilities) is None
    again = Command(tool="builtin", argv=("discard",), only_if_missing=file)
    commands = [
        *(
            Command(tool="ffmpeg", argv=argv, forgiven=mend, duration_us=s.end_us - s.start_us)
            for s in stretches
            for argv in (
                *smart.seen(s),
                *((smart.middle(s),) if s.splice.copied is not None else ()),
                smart.listed(s),
            )
        ),
        Command(
            tool="builtin",
            argv=("smart_splice", script, pieces_wish(found, stretches, whole=False)),
            forgiven=mend,
        ),
        Command(tool="ffmpeg", argv=written(encoded=recoded), forgiven=mend, duration_us=total),
        Command(
            tool="builtin",
            argv=(
                "smart_proof",
                proof_wish(found, stretches, container, file=file, label=label, strict=not mend),
            ),
        ),
    ]
    if mend:
        commands += [
            *(
                replace(again, tool="ffmpeg", argv=smart.whole(s), duration_us=s.end_us - s.start_us)
                for s in stretches
            ),
            replace(again, argv=("smart_splice", script, pieces_wish(found, stretches, whole=True))),
            replace(again, tool="ffmpeg", argv=written(encoded=True), duration_us=total),
        ]
    commands.append(Command(tool="builtin", argv=("discard", *scrap(stretches, script))))
    return Joint(
        commands=tuple(commands),
        promise=promise,
        beside=beside,
        result=clip,
        estimate=_estimate(found, stretches, clip.size),
    )


def sound_wish(media: MediaInfo, container: Container) -> Sound:
    """Sound is encoded anew in its own codec: a copy could only begin with a packet."""
    main = media.main_audio
    kept = main is not None and main.codec in _SOUNDS & container.audio
    rate = (main.bit_rate or 0) if main is not None else 0
    if main is not None and main.channels == 1:
        rate = rate * 8 // 5  # what a single channel gets of it
    return Sound(
        codec=main.codec if kept and main is not None else default_sound(container),
        bitrate=max(_AUDIO_BITRATE, rate),
    )


def _alone(
    found: Source,
    beside: Companions,
    clip: MediaInfo,
    *,
    begins: int,
    ends: int,
    enter: int,
    lead: int,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs before the pictures and everything beside them, for one range."""
    opened = source.read("source", demuxer=found.media.container, start_us=enter, length_us=ends - enter)
    length = ends - begins
    sounds: list[str] = []
    for number, part in enumerate(beside.audio):
        filters = (*window_of_sound(begins - enter, length), *part.filters)
        sounds += ("-map", f"0:{part.stream}", f"-filter:a:{number}", ",".join(filters))
        sounds += (arg.replace("{n}", str(number)) for arg in part.args)
    return (
        # A picture that begins after the sound does so here as well.
        (*opened, *(("-itsoffset", seconds(lead)) if lead > 0 else ())),
        (
            *sounds,
            *beside.extra,
            *(cues_within(length) if beside.subtitles else ()),
            *(("-t", seconds(length)) if clip.chapters else ()),
        ),
    )


def _several(
    found: Source, beside: Companions, stretches: Sequence[Stretch]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same for several ranges."""
    pieces = []
    for s in stretches:
        enter = opening.entry(found.media, s.start_us)
        opened = source.read(
            "source", demuxer=found.media.container, start_us=enter, length_us=s.end_us - enter
        )
        pieces.append(
            Piece(
                opened=opened,
                picture=found.stream.index,
                filters=(),
                sounds=tuple(part.stream for part in beside.audio),
                length_us=s.end_us - s.start_us,
                cut=True,
                skip_us=s.start_us - enter,
            )
        )
    voices = [
        Voice(part=part, sample_rate=rate_for(codec, track.sample_rate), layout=layout_of(channels))
        for part, (track, codec, channels) in zip(beside.audio, beside.tracks, strict=True)
    ]
    inputs = tuple(arg for piece in pieces for arg in piece.opened)
    return inputs, (*heard(pieces, voices), *beside.extra, "-map_chapters", "-1")


def _estimate(found: Source, stretches: Sequence[Stretch], size: int) -> Estimate:
    stream = found.stream
    encoded = sum(s.splice.encoded for s in stretches)
    edge_us = round(encoded * US / stream.frame_rate) if stream.frame_rate else 0
    picture = (stream.width, stream.height)
    cost = (
        encoding(
            codec=stream.codec if stream.codec in {"h264", "hevc", "av1", "vp9"} else "h264",
            size=picture,
            rate=stream.frame_rate,
            duration_us=edge_us,
            preset="veryfast",
        )
        + decoding(size=picture, rate=stream.frame_rate, duration_us=2 * edge_us)
        + copying(2 * size)
    )
    return replace(cost, output_bytes=size, scratch_bytes=size)
