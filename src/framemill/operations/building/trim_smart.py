"""Ranges of one source cut smartly into one file, for trim; encoded where that cannot be."""

from collections.abc import Sequence
from dataclasses import replace

from framemill.domain import finished, left_behind
from framemill.domain.containers import container_kept
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Output, Role, Step, StepInput
from framemill.domain.units import format_time
from framemill.domain.work import Product, Work
from framemill.operations.building import clips_encoded
from framemill.operations.building.clips_smart import joint
from framemill.operations.building.fitness import looked_at, refused, said
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

Range = tuple[int, int]


def trimmed(spec: Spec, planning: Planning, wanted: Sequence[Range], *, strict: bool) -> Work:
    """One step; NotSupported where `strict` and the source cannot be cut so."""
    product = planning.one(spec.source)
    media = product.media
    container = replace(container_wanted(spec, container_kept(media)), cover=False)
    if len(wanted) > 1:
        container = replace(container, chapters=False)
    fits = looked_at(planning, product, container, wanted)
    if isinstance(fits, str):
        if strict:
            raise refused(fits)
        return instead(spec, planning, wanted, reason=fits)
    done = joint(
        fits.source,
        planning,
        fits.splices,
        container=container,
        file=f"{planning.name}.{container.extension}",
        label=planning.name,
        strict=strict,
        wanted=(wanted[0][0], wanted[-1][1]),
    )
    output = Output(
        id=f"{planning.name}/file",
        path=f"{planning.name}.{container.extension}",
        publish=file_name(spec, planning, container.extension),
        role=Role.CLIP,
        promise=done.promise,
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{format_time(wanted[0][0])} to {format_time(wanted[-1][1])}, exactly, mostly by copy",
        commands=done.commands,
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output,),
        estimate=done.estimate,
    )
    made = finished.predicted(
        output.promise,
        demuxer=container.demuxer,
        size=done.result.size,
        picture=fits.source.stream,
        tracks=[track for track, _, _ in done.beside.tracks],
        subtitles=done.beside.subtitles,
        chapters=done.result.chapters if container.chapters else (),
    )
    return Work(
        steps=(step,),
        products=(Product(ref=output.id, label=planning.name, media=made, container=container.name),),
        notes=tuple(f"{planning.name}: {text}" for text in (said(fits), *done.beside.notes)),
        dropped=left_behind.from_source(
            product.label,
            media,
            kept=done.beside.kept | {fits.source.stream.index},
            chapters_kept=bool(done.result.chapters) and container.chapters,
            reasons={**reasons(fits.source.media, done.result), **done.beside.reasons},
        ),
    )


def instead(spec: Spec, planning: Planning, wanted: Sequence[Range], *, reason: str) -> Work:
    """The same ranges encoded, and why."""
    work = (
        clips_encoded.one(spec, planning, wanted[0], profile=None)
        if len(wanted) == 1
        else clips_encoded.several(spec, planning, wanted, profile=None)
    )
    return replace(work, notes=(f"{planning.name}: encoded, not cut smartly: {reason}", *work.notes))


def reasons(media: MediaInfo, result: MediaInfo) -> dict[int, str]:
    """Why streams of the source are not in its ranges at all."""
    there = {s.index for s in result.streams()}
    beside = (*media.subtitles, *(o for o in media.others if o.kind == "attachment"))
    return {
        **{a.index: "it has nothing in this range" for a in media.audio if a.index not in there},
        **{s.index: "it cannot be cut where pieces are joined" for s in beside if s.index not in there},
    }
