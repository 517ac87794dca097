"""One long file into numbered parts: by copy at keyframes, smartly, or encoded with exact boundaries."""

import json
import re
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from framemill.commands import segmenting, source
from framemill.domain import clipping, cuts, left_behind, promises
from framemill.domain.containers import CONTAINERS, DEMUXERS, Container, container_kept
from framemill.domain.estimates import copying
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Boundary, Command, Output, Promise, Resource, Role, Step, StepInput
from framemill.domain.units import US
from framemill.domain.work import Product, Work
from framemill.errors import NoAudioStream
from framemill.operations.building import boundaries, parts_apart, true_boundaries
from framemill.operations.building.boundaries import Boundaries
from framemill.operations.building.companions import Sound, companions, default_sound
from framemill.operations.building.exact import mode_of, profile_for, sound_for, steady
from framemill.operations.building.joins import pictures_copied
from framemill.operations.building.naming import in_folder
from framemill.operations.building.part_promises import of_copied_parts, of_encoded_parts
from framemill.operations.building.recoding import recode
from framemill.operations.planning import Planning
from framemill.operations.spec import Range, Size, Spec, Time


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[\w][\w .-]{0,99}", text) or text.endswith((" ", ".")):
        raise ValueError("may hold letters, digits, spaces, dots, dashes and underscores")
    return text


class Cut(Spec):
    """Cut one long file into numbered parts; name one way to choose the boundaries."""

    op: Literal["cut"] = "cut"
    version: Literal[1] = 1
    every: Time | None = Field(None, ge=US // 10, description="Length of each part.")
    parts: int | None = Field(None, ge=1, le=cuts.MOST_PARTS, description="Number of equal parts.")
    max_size: Size | None = Field(None, description="Largest size of a part.")
    at: tuple[Time, ...] | None = Field(None, min_length=1, description="Times to cut at, in rising order.")
    chapters: bool = Field(False, description="Cut where chapters begin.")
    scenes: bool = Field(False, description="Cut where new scenes begin.")
    scene_threshold: float = Field(
        cuts.SCENE_THRESHOLD,
        ge=1,
        le=100,
        description="By how much of 100 a frame must differ from the one before to begin a scene.",
    )
    min_part: Time = Field(2 * US, description="Shortest part that scenes make: nearer ones stay together.")
    ranges: tuple[Range, ...] | None = Field(
        None,
        min_length=1,
        max_length=cuts.MOST_PARTS,
        description="Ranges to take out, one part each: 10s-25s 1m-1m30s.",
    )
    mode: Literal["copy", "smart", "encode"] | None = Field(
        None,
        description="`copy` cuts at keyframes: fast, nothing lost, boundaries move to the next keyframe "
        "(ranges begin at the one before). `smart` is exact and encodes only what lies next to the cuts. "
        "`encode` is exact. Copy by default, encode where a profile is given.",
    )
    strict: bool = Field(
        False, description="Fail where a smart cut is not possible, instead of encoding everything."
    )
    profile: str | None = Field(
        None, description="How to encode; without one the source's codec and size are kept."
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        "part", description="Names begin with it: part_001.mp4, part_002.mp4 ..."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Cut":
        lists = (self.at, self.ranges)
        ways = (self.every, self.parts, self.max_size, self.chapters or None, self.scenes or None, *lists)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give one of every, parts, max_size, at, chapters, scenes or ranges")
        if self.mode == "smart" and self.max_size is not None:
            raise ValueError("parts of a size end at keyframes, so there is nothing to encode: use mode=copy")
        return self


def plan(spec: Cut, planning: Planning) -> Work:
    """One step that makes all parts; InvalidSpec, TimeOutOfRange where boundaries are impossible."""
    return replace(_planned(spec, planning), boundaries=_boundaries(spec, planning))


def _boundaries(spec: Cut, planning: Planning) -> tuple[Boundary, ...]:
    product = planning.one(spec.source)
    if spec.ranges is not None:
        inside = [clipping.checked(a, b, product.media.duration_us) for a, b in spec.ranges]
        return true_boundaries.of_ranges(planning, product, inside)
    if spec.max_size is not None:
        return ()
    wish = boundaries.exactly(spec, planning, product, end_us=product.media.duration_us)
    return true_boundaries.of_parts(planning, product, wish.wanted)


def _planned(spec: Cut, planning: Planning) -> Work:
    mode = mode_of(spec.mode, spec.profile)
    if spec.ranges is not None:
        return parts_apart.ranges(spec, planning, spec.ranges, mode=mode, profile=spec.profile)
    if mode == "smart":
        done = parts_apart.smart(spec, planning)
        return _instead(spec, planning, done) if isinstance(done, str) else done
    return _encoded(spec, planning) if mode == "encode" else _copied(spec, planning)


def _instead(spec: Cut, planning: Planning, reason: str) -> Work:
    work = _encoded(spec, planning)
    return replace(work, notes=(f"{planning.name}: encoded, not cut smartly: {reason}", *work.notes))


def _copied(spec: Cut, planning: Planning) -> Work:
    product = planning.one(spec.source)
    media = product.media
    container = _bare(container_kept(media))
    videos = pictures_copied(media, container)
    if not videos and not media.playable_audio:
        raise NoAudioStream(f"{product.label!r} has neither picture nor sound to cut")
    beside = companions(
        media,
        container,
        # What the container does not hold is encoded, and the notes say so.
        Sound(codec=default_sound(container), bitrate=192_000, copied=container.audio),
        capabilities=planning.capabilities,
        pictures=len(videos),
    )
    wish = boundaries.for_copy(spec, planning, product)
    maps: list[str] = []
    for number, stream in enumerate(videos):
        maps += ("-map", f"0:{stream.index}", f"-c:v:{number}", "copy")
        # Hidden by an edit list, they would show once the first part begins at zero.
        maps += segmenting.without_hidden(number) if _hides(media, stream) else ()
    for number, part in enumerate(beside.audio):
        maps += ("-map", f"0:{part.stream}", *(arg.replace("{n}", str(number)) for arg in part.args))
    output = _parts(
        spec, planning, container, of_copied_parts(media, videos, wish, subtitled=bool(beside.subtitles))
    )
    argv = (
        *("-nostdin", "-hide_banner", "-y"),
        *source.read("source", demuxer=media.container, before=_timed(media)),
        *maps,
        *beside.extra,
        *segmenting.into_parts(
            container,
            wish.cut_at,
            listing=_listing(planning),
            reorder_us=max((v.reorder_us for v in videos), default=0),
            # The index first would mean writing every part twice, and a copy is to be as fast as the disk.
            finished=False,
            first_us=_first_us(media, wish),
        ),
        f"file:out/{output.path}",
    )
    step = Step(
        key=planning.name,
        operation=spec.op,
        title=boundaries.summary(wish, "by copy"),
        commands=(
            Command(tool="ffmpeg", argv=argv, duration_us=media.duration_us),
            _report(spec, planning, wish, "copy"),
        ),
        inputs=(StepInput(name="source", ref=product.ref),),
        outputs=(output, _report_output(spec, planning)),
        resource=Resource.IO,
        estimate=copying(media.size),
    )
    return Work(
        steps=(step,),
        products=_products(planning, media, container),
        notes=tuple(f"{planning.name}: {note}" for note in (boundaries.told(wish), *beside.notes)),
        warnings=tuple(f"{planning.name}: {text}" for text in wish.warnings),
        dropped=left_behind.from_source(
            product.label,
            media,
            kept=beside.kept | {v.index for v in videos},
            # Cut at chapters, their titles are in the report.
            chapters_kept=spec.chapters,
            reasons=dict(beside.reasons),
        ),
    )


def _encoded(spec: Cut, planning: Planning) -> Work:
    product = planning.one(spec.source)
    stream = planning.video_of(product)
    profile = profile_for(spec.profile, planning, product.media, stream)
    container = _bare(CONTAINERS[profile.container])
    done = recode(
        spec,
        planning,
        profile=profile,
        container=container,
        publish=spec.prefix,
        role=Role.CLIP,
        wish=sound_for(profile, container),
    )
    end = promises.end_of(product.media, stream)[0]
    wish = boundaries.for_encode(spec, planning, product, end_us=end, profile=profile)
    rate = planning.video_of(done.product).frame_rate
    assert done.tap.video is not None
    tap = replace(
        done.tap,
        title=f"{boundaries.summary(wish, 'exactly')} ({done.tap.title})",
        output=_parts(
            spec, planning, container, of_encoded_parts(done.tap.output.promise, product.media, wish, end)
        ),
        video=replace(
            done.tap.video,
            args=(
                *done.tap.video.args,
                *segmenting.exact(profile.codec, wish.wanted),
                *(segmenting.fine_clock(rate) if steady(done) else segmenting.unordered()),
            ),
        ),
        mux=segmenting.into_parts(
            container,
            wish.wanted,
            listing=_listing(planning),
            reorder_us=segmenting.encoder_reorder_us(profile, rate) if steady(done) else 0,
            finished=True,
        ),
        after=(_report(spec, planning, wish, "encode"),),
        reports=(_report_output(spec, planning),),
    )
    return Work(
        taps=(tap,),
        products=_products(planning, done.product.media, container),
        notes=done.notes,
        warnings=tuple(f"{planning.name}: {text}" for text in wish.warnings),
        dropped=tuple(d for d in done.dropped if not (spec.chapters and d.stream.endswith(" chapters"))),
    )


def _hides(media: MediaInfo, stream: VideoStream) -> bool:
    # Asked only where there is something: a test on every packet costs two thirds more CPU than the copy.
    return media.container == "mov" and stream.hidden_us > 0 and not stream.opens_hidden


def _first_us(media: MediaInfo, wish: Boundaries) -> int:
    main = media.main_video or media.main_audio
    if wish.first_us is not None or main is None:
        return wish.first_us or 0
    return max(0, main.start_us - media.start_us)


def _bare(container: Container) -> Container:
    # A cover or a list of chapters belongs to the whole film, not to each part.
    return replace(container, cover=False, chapters=False)


def _timed(media: MediaInfo) -> tuple[str, ...]:
    # AVI and program streams leave out times, without which nothing can be cut at a time.
    return ("-fflags", "+genpts") if media.container in {"avi", "mpeg"} else ()


def _listing(planning: Planning) -> str:
    return f"{planning.name}.csv"


def _parts(spec: Cut, planning: Planning, container: Container, promise: Promise) -> Output:
    return Output(
        id=f"{planning.name}/parts",
        path=f"{planning.name}_%03d.{container.extension}",
        publish=in_folder(spec, f"{spec.prefix}_%03d.{container.extension}"),
        role=Role.CLIP,
        promise=promise,
    )


def _products(planning: Planning, media: MediaInfo, container: Container) -> tuple[Product, ...]:
    """The parts as a set, and the report that tells them apart."""
    reading = replace(media, container=DEMUXERS[container.name])
    return (
        Product(ref=f"{planning.name}/parts", label="parts", media=reading, container=container.name),
        Product(ref=f"{planning.name}/parts.json", label="report", media=reading),
    )


def _report_output(spec: Cut, planning: Planning) -> Output:
    return Output(
        id=f"{planning.name}/parts.json",
        path=f"{planning.name}-parts.json",
        publish=in_folder(spec, "parts.json"),
        role=Role.REPORT,
        promise=Promise(kind="data"),
    )


def _report(spec: Cut, planning: Planning, wish: Boundaries, mode: str) -> Command:
    asked = {"mode": mode, "wanted_us": wish.wanted, "titles": wish.titles, "prefix": spec.prefix}
    wish_text = json.dumps(asked, ensure_ascii=False)
    target = f"{planning.name}-parts.json"
    return Command(tool="builtin", argv=("parts_report", _listing(planning), target, wish_text))
