"""Ranges of one source copied into one file, each from the keyframe before its start, for trim."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from framemill.commands import clipping as commands
from framemill.commands import muxing
from framemill.commands.clipping import Clip
from framemill.commands.joining import script, scripted
from framemill.domain import clipping, cuts, finished, left_behind, promises
from framemill.domain.containers import Container, container_kept
from framemill.domain.estimates import copying
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Command, Output, Resource, Role, Step, StepInput, TextFile
from framemill.domain.units import US, format_time
from framemill.domain.work import Product, Work
from framemill.errors import NoAudioStream
from framemill.operations.building.companions import Sound, companions, default_sound
from framemill.operations.building.joins import pictures_copied
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

Range = tuple[int, int]

# The last frames are decoded before they are shown, and the last packet of sound lasts a while.
_TOLERANCE_US = 400_000
_HEAD = ("-nostdin", "-hide_banner", "-y")


def copied(spec: Spec, planning: Planning, wanted: Sequence[Range]) -> Work:
    """One step: each range from its keyframe on; several are joined by copy afterwards."""
    product = planning.one(spec.source)
    media = product.media
    container = _container(spec, media)
    videos = pictures_copied(media, container)
    if not videos and not media.playable_audio:
        raise NoAudioStream(f"{product.label!r} has neither picture nor sound to trim")
    ranges = [(keyframe(planning, product, a), b) for a, b in wanted]
    several = len(ranges) > 1
    total = sum(end - start for start, end in ranges)
    result = clipping.lasting(media, total) if several else clipping.clipped(media, *ranges[0])
    beside = companions(
        result,
        container,
        Sound(codec=default_sound(container), bitrate=192_000, copied=container.audio),
        capabilities=planning.capabilities,
        pictures=len(videos),
    )
    main = result.main_video if videos else None
    promise = finished.promised(result, stream=main, sounds=beside.tracks)
    output = Output(
        id=f"{planning.name}/file",
        path=f"{planning.name}.{container.extension}",
        publish=file_name(spec, planning, container.extension),
        role=Role.CLIP if videos else Role.AUDIO,
        promise=replace(
            promise,
            tolerance_us=promise.tolerance_us + (_TOLERANCE_US + _late(main)) * len(ranges),
            subtitles=None,
        ),
    )
    clips = [
        Clip(
            media=media,
            videos=videos,
            audio=beside.audio,
            extra=beside.extra,
            start_us=a,
            end_us=b,
            subtitled=bool(beside.subtitles),
            joined=several,
        )
        for a, b in ranges
    ]
    chapters = result.chapters if container.chapters else ()
    texts = [TextFile(name="chapters.txt", content=muxing.chapter_text(chapters))] if chapters else []
    if several:
        pieces = [f"piece{n}.{container.extension}" for n in range(len(clips))]
        texts.append(TextFile(name="pieces.txt", content=script(pieces)))
        commands_ = _joined(clips, pieces, container, output)
    else:
        commands_ = (_alone(clips[0], container, output, chapters=bool(chapters)),)
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{format_time(wanted[0][0])} to {format_time(wanted[-1][1])} by copy",
        commands=commands_,
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        texts=tuple(texts),
        resource=Resource.IO,
        estimate=copying(result.size * (2 if several else 1)),
    )
    made = finished.predicted(
        output.promise,
        demuxer=container.demuxer,
        size=result.size,
        picture=main,
        tracks=[track for track, _, _ in beside.tracks],
        subtitles=beside.subtitles,
        chapters=chapters,
    )
    told = [_moved(want, at) for (want, _), (at, _) in zip(wanted, ranges, strict=True)] if videos else []
    return Work(
        steps=(step,),
        products=(Product(ref=output.id, label=planning.name, media=made, container=container.name),),
        notes=tuple(f"{planning.name}: {text}" for text in (*told, *beside.notes)),
        dropped=left_behind.from_source(
            product.label,
            media,
            kept=beside.kept | {v.index for v in videos},
            chapters_kept=container.chapters and not several,
            reasons=_reasons(media, result, beside.reasons),
        ),
    )


def _container(spec: Spec, media: MediaInfo) -> Container:
    return replace(container_wanted(spec, container_kept(media)), cover=False)


def keyframe(planning: Planning, product: Product, start: int) -> int:
    """The keyframe at or before `start`. Raises FactNeeded, and InvalidSpec for what does not exist yet."""
    if start == 0 or product.media.main_video is None:
        return start
    return cuts.keyframe_before(start, planning.keyframes(product.ref))


def _moved(wanted: int, keyframe: int) -> str:
    if wanted - keyframe < cuts.EARLY_US:
        return f"begins at {format_time(wanted)}, which is a keyframe: nothing moves"
    return (
        f"begins at {format_time(keyframe)}, {(wanted - keyframe) / US:.2f} s before {format_time(wanted)}, "
        "where the keyframe is; mode=encode is exact"
    )


def _alone(clip: Clip, container: Container, output: Output, *, chapters: bool) -> Command:
    listed = (*muxing.chapter_input(),) if chapters else ()
    return Command(
        tool="ffmpeg",
        argv=(
            *_HEAD,
            *commands.opened(clip),
            *listed,
            *commands.copied(clip, container),
            *(("-map_chapters", "1") if chapters else ("-map_chapters", "-1")),
            *muxing.finished(container.name),
            f"file:out/{output.path}",
        ),
        duration_us=clip.end_us - clip.start_us,
    )


def _joined(
    clips: Sequence[Clip], pieces: Sequence[str], container: Container, output: Output
) -> tuple[Command, ...]:
    cut = (
        Command(
            tool="ffmpeg",
            argv=(
                *_HEAD,
                *commands.opened(clip),
                *commands.copied(clip, container),
                *muxing.intermediate(container.name),
                f"file:out/{piece}",
            ),
            duration_us=clip.end_us - clip.start_us,
        )
        for clip, piece in zip(clips, pieces, strict=True)
    )
    join = (
        *_HEAD,
        *scripted("out/pieces.txt", demuxer=container.demuxer),
        # Not all streams: muxers add time code and text tracks of their own to each piece.
        *("-map", "0:v?", "-map", "0:a?", "-c", "copy", "-map_chapters", "-1"),
        *commands.from_zero(container),
        *muxing.finished(container.name),
        f"file:out/{output.path}",
    )
    return (
        *cut,
        # The script must lie beside the files that it names.
        Command(tool="builtin", argv=("copy", "in/pieces.txt", "out/pieces.txt")),
        Command(tool="ffmpeg", argv=join),
        *(Command(tool="builtin", argv=("remove", piece)) for piece in (*pieces, "pieces.txt")),
    )


def _late(main: VideoStream | None) -> int:
    """How much later a copied range may end: pictures are copied in the order they are decoded."""
    return main.reorder_us + 2 * promises.frame_us(main.frame_rate) if main else 0


def _reasons(media: MediaInfo, result: MediaInfo, known: Mapping[int, str]) -> dict[int, str]:
    there = {s.index for s in result.streams()}
    gone = {a.index: "it has nothing in this range" for a in media.audio if a.index not in there}
    beside = (*media.subtitles, *(o for o in media.others if o.kind == "attachment"))
    texts = {s.index: "joined ranges carry none" for s in beside if s.index not in there}
    return {**gone, **texts, **known}
