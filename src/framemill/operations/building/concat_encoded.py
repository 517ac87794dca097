"""Joining inputs that differ: size, rate and sound of the first for all, silence where there is none."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from framemill.commands import muxing, picture, source
from framemill.commands.joining import Piece
from framemill.domain import left_behind
from framemill.domain.clipping import lasting
from framemill.domain.hdr import tone_mapped
from framemill.domain.media import AudioStream, Chapter, MediaInfo, VideoStream
from framemill.domain.plan import Role, StepInput, TextFile
from framemill.domain.profiles import Fit
from framemill.domain.promises import end_of
from framemill.domain.work import Product, Work
from framemill.operations.building.exact import container_for, profile_for, sound_for
from framemill.operations.building.joins import encoded_step
from framemill.operations.building.naming import file_name
from framemill.operations.building.recoding import keeps_hdr, recode
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


def encoded(
    spec: Spec,
    planning: Planning,
    products: Sequence[Product],
    *,
    profile: str | None,
    chapters: tuple[Chapter, ...],
    why: tuple[str, ...],
) -> Work:
    """One step that decodes all inputs and encodes them as one. Raises NoVideoStream."""
    streams = [planning.video_of(p) for p in products]
    first = products[0]
    chosen = profile_for(profile, planning, first.media, streams[0])
    hdr_kept = len({s.hdr for s in streams}) == 1 and keeps_hdr(streams[0], chosen)
    tracks = _tracks(products)
    container = replace(container_for(spec, chosen), cover=False)
    common = _common_rate(streams)
    done = recode(
        spec,
        replace(planning, products={spec.source: (_whole(products, tracks, hdr_kept=hdr_kept),)}),
        profile=chosen,
        container=container,
        publish=file_name(spec, planning, container.extension),
        role=Role.RENDITION,
        wish=sound_for(chosen, container, to_the_sample=True),
        rate=common,
    )
    rate = planning.video_of(done.product).frame_rate
    constant = rate if common is not None or rate != streams[0].frame_rate else None
    promise = done.tap.output.promise
    assert promise.width is not None
    assert promise.height is not None
    size = (promise.width, promise.height)
    pieces = [
        Piece(
            opened=source.read(f"part{n}", demuxer=product.media.container),
            picture=stream.index,
            filters=picture.filters_for(
                stream,
                size=size,
                capabilities=planning.capabilities,
                # Pictures of another shape get bars: nothing is cropped or squeezed.
                fit=Fit.PAD if chosen.fit is Fit.CONTAIN else chosen.fit,
                bit_depth=chosen.bit_depth,
                keep_hdr=hdr_kept,
                rate=constant,
            ),
            sounds=tuple(_heard(product.media, number) for number in range(len(tracks))),
            length_us=end_of(product.media, stream)[0],
        )
        for n, (product, stream) in enumerate(zip(products, streams, strict=True))
    ]
    titles = TextFile(name="chapters.txt", content=muxing.chapter_text(chapters))
    step = encoded_step(
        spec,
        planning,
        done,
        pieces,
        inputs=tuple(StepInput(name=f"part{n}", ref=p.ref) for n, p in enumerate(products)),
        chapters=titles if container.chapters else None,
    )
    silent = [p.label for p, piece in zip(products, pieces, strict=True) if None in piece.sounds]
    told = (
        *why,
        f"all inputs encoded to {chosen.codec}, {size[0]}x{size[1]}, {float(rate):.4g} frames a second",
        *((f"silence where there is no sound: {', '.join(silent)}",) if silent else ()),
    )
    return Work(
        steps=(replace(step, title=f"{len(products)} files joined, {done.tap.title}"),),
        products=(done.product,),
        notes=tuple(f"{planning.name}: {text}" for text in told),
        dropped=tuple(
            lost
            for product, piece in zip(products, pieces, strict=True)
            for lost in left_behind.from_source(
                product.label,
                product.media,
                kept=[piece.picture, *(n for n in piece.sounds if n is not None)],
                reasons={s.index: "only picture and sound are joined" for s in product.media.subtitles},
            )
        ),
    )


def _common_rate(streams: Sequence[VideoStream]) -> Fraction | None:
    """The constant rate to bring all to; None where all have the same steady one."""
    rate = streams[0].frame_rate
    alike = all(s.frame_rate == rate and not s.is_vfr for s in streams)
    return None if alike else rate


def _tracks(products: Sequence[Product]) -> tuple[AudioStream, ...]:
    """The sound tracks of the result: the first input's, or one where only others have sound."""
    first = products[0].media.playable_audio
    if first:
        return first
    others = [p.media.main_audio for p in products if p.media.main_audio is not None]
    return tuple(replace(track, title=None) for track in others[:1])


def _heard(media: MediaInfo, number: int) -> int | None:
    tracks = media.playable_audio
    if number == 0 and media.main_audio is not None and len(tracks) == 1:
        return tracks[0].index
    return tracks[number].index if number < len(tracks) else None


def _whole(products: Sequence[Product], tracks: Sequence[AudioStream], *, hdr_kept: bool) -> Product:
    """All inputs as if they were one file like the first."""
    first = products[0]
    lengths = [end_of(p.media, v)[0] for p in products if (v := p.media.main_video) is not None]
    total = sum(lengths)
    media = lasting(first.media, total)
    main = media.main_video
    assert main is not None
    # Once one input is SDR all are, so the result must not say HDR.
    shown = main if hdr_kept else tone_mapped(main)
    heard = tuple(replace(t, start_us=0, duration_us=total) for t in tracks)
    return replace(first, media=replace(media, video=(shown,), audio=heard, others=()))
