"""Parts that are made one by one: all parts of a smart cut, and ranges in any mode. For cut."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from framemill.domain import clipping, cuts, left_behind, promises
from framemill.domain.containers import CONTAINERS, DEMUXERS, Container, container_kept
from framemill.domain.media import MediaInfo
from framemill.domain.plan import Command, Dropped, Estimate, Output, Promise, Resource, Role, Step, StepInput
from framemill.domain.units import format_time
from framemill.domain.work import Product, Work
from framemill.operations.building import boundaries, clips_copied, clips_encoded, fitness
from framemill.operations.building.clips_smart import joint
from framemill.operations.building.naming import in_folder
from framemill.operations.building.trim_smart import reasons
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

Range = tuple[int, int]


class Parted(boundaries.Ways, Protocol):
    """The fields of a request for parts."""

    @property
    def prefix(self) -> str:
        """What the parts' names begin with."""

    @property
    def strict(self) -> bool:
        """True where nothing may replace a smart cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One part: how it is made and what is reported of it."""

    commands: tuple[Command, ...]
    promise: Promise
    estimate: Estimate
    start_us: int
    end_us: int
    wanted: Range
    title: str | None = None
    frames: int | None = None
    encoded: int | None = None


def smart(spec: Spec, planning: Planning) -> Work | str:
    """The parts that `spec` asks for, cut smartly, or why that cannot be. Raises what planning raises."""
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    end = promises.end_of(product.media, stream)[0]
    wish = boundaries.exactly(_fields(spec), planning, product, end_us=end)
    wanted = list(zip((0, *wish.wanted), (*wish.wanted, product.media.duration_us), strict=True))
    return _smart(spec, planning, wanted, titles=wish.titles, every=True)


def ranges(
    spec: Spec, planning: Planning, wanted: Sequence[Range], *, mode: str, profile: str | None
) -> Work:
    """One part of each range, in their order."""
    product = planning.one(spec.source)
    inside = [clipping.checked(a, b, product.media.duration_us) for a, b in wanted]
    if mode == "smart":
        done = _smart(spec, planning, inside, titles=(), every=False)
        if not isinstance(done, str):
            return done
        work = ranges(spec, planning, wanted, mode="encode", profile=None)
        return replace(work, notes=(f"{planning.name}: encoded, not cut smartly: {done}", *work.notes))
    # A cover or a list of chapters belongs to the whole film, not to each part.
    bare = replace(product, media=replace(product.media, chapters=()))
    seen = replace(planning, products={**planning.products, spec.source: (bare,)})
    single = spec.model_copy(update={"output": None})
    works = []
    for number, one in enumerate(inside, 1):
        named = replace(seen, name=f"{planning.name}_{number:03d}")
        works.append(
            clips_copied.copied(single, named, [one])
            if mode == "copy"
            else clips_encoded.several(single, named, [one], profile=profile)
        )
    parts = []
    for range_, work in zip(inside, works, strict=True):
        start, end = range_
        step = work.steps[0]
        if mode == "copy":
            begins = clips_copied.keyframe(planning, product, start)
        else:
            begins, end = (
                t + cuts.EARLY_US if t else 0
                for t in clipping.on_frames(product.media, planning.video_of(product), start, end)
            )
        parts.append(
            _Part(
                commands=step.commands,
                promise=step.outputs[0].promise,
                estimate=step.estimate,
                start_us=begins,
                end_us=end,
                wanted=range_,
            )
        )
    first = works[0]
    container = next(
        c for c in CONTAINERS.values() if first.steps[0].outputs[0].path.endswith(f".{c.extension}")
    )
    notes = tuple(dict.fromkeys(_renamed(note, planning) for work in works for note in work.notes))
    return _work(
        spec,
        planning,
        parts,
        mode=mode,
        media=first.products[0].media,
        container=container,
        notes=notes,
        dropped=first.dropped or (),
    )


def _smart(
    spec: Spec, planning: Planning, wanted: Sequence[Range], *, titles: Sequence[str | None], every: bool
) -> Work | str:
    product = planning.one(spec.source)
    media = product.media
    container = replace(container_kept(media), cover=False, chapters=False)
    fits = fitness.looked_at(planning, product, container, wanted, every=every)
    strict = _fields(spec).strict
    if isinstance(fits, str):
        if strict:
            raise fitness.refused(fits)
        return fits
    joints = [
        joint(
            fits.source,
            planning,
            (splice,),
            container=container,
            file=f"{planning.name}_{number:03d}.{container.extension}",
            label=f"{planning.name}: part {number}",
            strict=strict,
            wanted=one,
        )
        for number, (splice, one) in enumerate(zip(fits.splices, wanted, strict=True), 1)
    ]
    pictures = fits.source.pictures
    parts = [
        _Part(
            commands=done.commands,
            promise=done.promise,
            estimate=done.estimate,
            start_us=pictures.time_us(splice.first),
            end_us=pictures.time_us(splice.end),
            wanted=range_,
            title=titles[n] if n < len(titles) else None,
            frames=splice.count,
            encoded=splice.encoded,
        )
        for n, (done, splice, range_) in enumerate(zip(joints, fits.splices, wanted, strict=True))
    ]
    first = joints[0]
    return _work(
        spec,
        planning,
        parts,
        mode="smart",
        media=media,
        container=container,
        notes=tuple(f"{planning.name}: {text}" for text in (fitness.said(fits), *first.beside.notes)),
        dropped=left_behind.from_source(
            product.label,
            media,
            kept=first.beside.kept | {fits.source.stream.index},
            # Cut at chapters, their titles are in the report.
            chapters_kept=bool(titles),
            reasons={**reasons(media, first.result), **first.beside.reasons},
        ),
    )


def _work(
    spec: Spec,
    planning: Planning,
    parts: Sequence[_Part],
    *,
    mode: str,
    media: MediaInfo,
    container: Container,
    notes: tuple[str, ...],
    dropped: tuple[Dropped, ...],
) -> Work:
    product = planning.one(spec.source)
    prefix = _fields(spec).prefix
    files = Output(
        id=f"{planning.name}/parts",
        path=f"{planning.name}_%03d.{container.extension}",
        publish=in_folder(spec, f"{prefix}_%03d.{container.extension}"),
        role=Role.CLIP,
        promise=_together([part.promise for part in parts]),
    )
    listed = Output(
        id=f"{planning.name}/parts.json",
        path=f"{planning.name}-parts.json",
        publish=in_folder(spec, "parts.json"),
        role=Role.REPORT,
        promise=Promise(kind="data"),
    )
    rows = [
        {
            "file": files.path % number,
            "name": f"{prefix}_{number:03d}.{container.extension}",
            "start_us": part.start_us,
            "end_us": part.end_us,
            "wanted_us": part.wanted[0],
            "wanted_end_us": part.wanted[1],
            "title": part.title,
            **({"frames": part.frames, "encoded_frames": part.encoded} if part.frames else {}),
        }
        for number, part in enumerate(parts, 1)
    ]
    wish = json.dumps({"mode": mode, "parts": rows}, ensure_ascii=False)
    how = {"copy": "by copy", "smart": "exactly, mostly by copy", "encode": "exactly"}[mode]
    count = f"{len(parts)} parts" if len(parts) > 1 else "one part"
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{count} {how}, the first from {format_time(parts[0].start_us)}",
        commands=(
            *(command for part in parts for command in part.commands),
            Command(tool="builtin", argv=("ranges_report", listed.path, wish)),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(files, listed),
        resource=Resource.IO if mode == "copy" else Resource.CPU,
        estimate=sum((part.estimate for part in parts), Estimate()),
    )
    reading = replace(
        media,
        container=DEMUXERS[container.name],
        duration_us=sum(part.end_us - part.start_us for part in parts),
    )
    return Work(
        steps=(step,),
        products=(
            Product(ref=files.id, label="parts", media=reading, container=container.name),
            Product(ref=listed.id, label="report", media=reading),
        ),
        notes=notes,
        dropped=dropped,
    )


def _together(each: Sequence[Promise]) -> Promise:
    """The promise of a set: lengths and pictures are sums, the rest holds for each where it is the same."""
    first = each[0]
    same = all(one.audio_codecs == first.audio_codecs for one in each)
    counted = [one.frames for one in each if one.frames is not None]
    return replace(
        first,
        duration_us=sum(one.duration_us or 0 for one in each),
        tolerance_us=sum(one.tolerance_us for one in each),
        frames=sum(counted) if len(counted) == len(each) else None,
        audio_codecs=first.audio_codecs if same else None,
        channels=first.channels if same else None,
        subtitles=None,
        files=len(each),
    )


def _renamed(note: str, planning: Planning) -> str:
    """A part's own note: which part stays said by its times."""
    _, _, text = note.partition(": ")
    return f"{planning.name}: {text}"


def _fields(spec: Spec) -> Parted:
    # The spec of cut, which this module's caller owns.
    return spec  # type: ignore[return-value]
