"""Several inputs into one file: by copy where they are alike, else brought to one form and encoded."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from framemill.commands import muxing
from framemill.commands.clipping import from_zero
from framemill.commands.joining import closed, script, scripted
from framemill.domain import alike, finished, left_behind
from framemill.domain.containers import Container, container_kept
from framemill.domain.estimates import copying
from framemill.domain.media import Chapter, MediaInfo
from framemill.domain.plan import Command, Output, Resource, Role, Step, StepInput, TextFile
from framemill.domain.units import US
from framemill.domain.work import Product, Work
from framemill.errors import CodecNotInContainer, IncompatibleInputs, InvalidSpec, NoVideoStream
from framemill.operations.building.concat_encoded import encoded
from framemill.operations.building.exact import mode_of
from framemill.operations.building.joins import pictures_copied
from framemill.operations.building.naming import container_wanted, file_name
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec, Time

# Each file may end a packet of sound later than its picture.
_JOIN_US = 60_000


class Concat(Spec):
    """Join several inputs into one file, one after the other."""

    op: Literal["concat"] = "concat"
    version: Literal[1] = 1
    sources: tuple[str, ...] = Field(
        (), description="What to join, in this order. All inputs in the order they were given by default."
    )
    mode: Literal["auto", "copy", "encode"] = Field(
        "auto",
        description="`auto` copies where the inputs are alike and encodes where they are not; `copy` refuses "
        "then and names the difference; `encode` brings all to the size, rate and sound of the first.",
    )
    profile: str | None = Field(
        None, description="How to encode; without one the first input's codec and size are kept."
    )
    transition: Literal["none", "fade", "dissolve"] = Field(
        "none",
        description="Between the inputs: a cut, a fade through black, or a dissolve of one into the next, "
        "for which they overlap. Sound goes along. With one, everything is encoded.",
    )
    transition_duration: Time = Field(
        US, gt=0, le=60 * US, description="How long a fade or a dissolve lasts in all."
    )


def plan(spec: Concat, planning: Planning) -> Work:
    """One step; IncompatibleInputs where a copy was asked for and the inputs differ."""
    products = [p for name in spec.sources or tuple(planning.facts.media) for p in planning.group(name)]
    if len(products) < 2:
        raise InvalidSpec("there is only one thing to join", hint="give at least two inputs")
    mode = mode_of(None if spec.mode == "auto" else spec.mode, spec.profile) if spec.profile else spec.mode
    chapters = _chapters(planning, products)
    if spec.transition != "none":
        if mode == "copy":
            raise InvalidSpec(
                f"a {spec.transition} needs mode=encode: a copy keeps the pictures as they are",
                hint="leave out mode, or the transition",
            )
        passing = (spec.transition, int(spec.transition_duration))
        told = (f"encoded because of the {spec.transition} between the inputs",)
        return encoded(
            spec, planning, products, profile=spec.profile, chapters=chapters, why=told, transition=passing
        )
    if mode == "encode":
        return encoded(spec, planning, products, profile=spec.profile, chapters=chapters, why=())
    found = _incomplete(products) or alike.difference([p.media for p in products])
    if found is None and mode == "auto":
        found = _unheld(spec, products[0].media)
    if found is None:
        return _copied(spec, planning, products, chapters)
    name, values = found
    if mode == "copy":
        raise IncompatibleInputs(property_name=name, values=values)
    if any(p.media.main_video is None for p in products):
        raise NoVideoStream(
            f"the inputs differ in {name} ({', '.join(values)}), and sound alone is not joined by encoding",
            hint="convert them to one format first",
        )
    why = (f"encoded because the inputs differ in {name}: {', '.join(dict.fromkeys(values))}",)
    return encoded(spec, planning, products, profile=spec.profile, chapters=chapters, why=why)


def _copied(
    spec: Concat, planning: Planning, products: Sequence[Product], chapters: tuple[Chapter, ...]
) -> Work:
    first = products[0].media
    container = _container(spec, first)
    videos = pictures_copied(first, container)
    tracks = first.playable_audio
    for track in tracks:
        if track.codec not in container.audio:
            raise CodecNotInContainer(codec=track.codec, container=container.name, holds=container.audio)
    kept = (*(v.index for v in videos), *(t.index for t in tracks))
    total = sum(p.media.duration_us for p in products)
    size = sum(p.media.size for p in products)
    whole = replace(first, start_us=0, duration_us=total, declared_duration_us=None)
    sounds = [(replace(t, start_us=0, duration_us=None), t.codec, t.channels) for t in tracks]
    main = replace(videos[0], start_us=0, duration_us=None) if videos else None
    promise = finished.promised(whole, stream=main, sounds=sounds)
    output = Output(
        id=f"{planning.name}/file",
        path=f"{planning.name}.{container.extension}",
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION if videos else Role.AUDIO,
        promise=replace(promise, tolerance_us=promise.tolerance_us + _JOIN_US * len(products)),
    )
    lengths = [p.media.duration_us for p in products]
    names = [f"part{n}" for n in range(len(products))]
    titles = container.chapters
    texts = [TextFile(name="parts.txt", content=script(names, lengths))]
    if titles:
        texts.append(TextFile(name="chapters.txt", content=muxing.chapter_text(chapters)))
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *scripted("in/parts.txt", demuxer=first.container),
        *(muxing.chapter_input() if titles else ()),
        *(arg for index in kept for arg in ("-map", f"0:{index}")),
        *closed(lengths),
        *("-map_chapters", "1" if titles else "-1"),
        *from_zero(container),
        *muxing.finished(container.name),
        f"file:out/{output.path}",
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=f"{len(products)} files joined by copy",
        commands=(Command(tool="ffmpeg", argv=argv, duration_us=total),),
        inputs=tuple(StepInput(name=n, ref=p.ref) for n, p in zip(names, products, strict=True)),
        outputs=(output,),
        texts=tuple(texts),
        resource=Resource.IO,
        estimate=copying(size),
    )
    made = finished.predicted(
        output.promise,
        demuxer=container.demuxer,
        size=size,
        picture=main,
        tracks=[t for t, _, _ in sounds],
        chapters=chapters if titles else (),
    )
    return Work(
        steps=(step,),
        products=(Product(ref=output.id, label=planning.name, media=made, container=container.name),),
        notes=(f"{planning.name}: all streams copied, nothing encoded",),
        dropped=tuple(
            lost
            for p in products
            for lost in left_behind.from_source(p.label, p.media, kept=kept, reasons=_unjoined(p.media, kept))
        ),
    )


def _incomplete(products: Sequence[Product]) -> tuple[str, tuple[str, ...]] | None:
    """Reading stops where data ends too early, so what follows such a file would be lost."""
    if not any(p.media.truncated for p in products):
        return None
    return "completeness", tuple("incomplete" if p.media.truncated else "complete" for p in products)


def _container(spec: Concat, first: MediaInfo) -> Container:
    return container_wanted(spec, container_kept(first))


def _unheld(spec: Concat, first: MediaInfo) -> tuple[str, tuple[str, ...]] | None:
    """What the wanted container cannot hold by copy."""
    container = _container(spec, first)
    main = first.main_video
    if main is not None and main.codec not in container.video:
        return "what the container holds", (f"{container.name} cannot hold {main.codec}",)
    for track in first.playable_audio:
        if track.codec not in container.audio:
            return "what the container holds", (f"{container.name} cannot hold {track.codec}",)
    return None


def _unjoined(media: MediaInfo, kept: Sequence[int]) -> dict[int, str]:
    reason = "only picture and sound are joined"
    return {s.index: reason for s in (*media.subtitles, *media.others) if s.index not in kept}


def _chapters(planning: Planning, products: Sequence[Product]) -> tuple[Chapter, ...]:
    """One chapter for each input, called after it."""
    found: list[Chapter] = []
    at = 0
    for product in products:
        length = max(product.media.duration_us, 1000)
        found.append(Chapter(start_us=at, end_us=at + length, title=planning.stem(product.ref)))
        at += length
    return tuple(found)
