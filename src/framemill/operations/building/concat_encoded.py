"""Joining inputs that differ: size, rate and sound of the first for all, silence where there is none."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from framemill.commands import crossfading, muxing, picture, source
from framemill.commands.joining import Piece
from framemill.domain import left_behind
from framemill.domain.clipping import lasting
from framemill.domain.hdr import tone_mapped
from framemill.domain.media import AudioStream, Chapter, MediaInfo, VideoStream
from framemill.domain.plan import Role, StepInput, TextFile
from framemill.domain.profiles import Fit
from framemill.domain.promises import end_of
from framemill.domain.transitions import Kind, Transition, of_length
from framemill.domain.units import US, seconds
from framemill.domain.work import Product, Work
from framemill.errors import TimeOutOfRange
from framemill.operations.building.exact import container_for, profile_for, sound_for
from framemill.operations.building.joins import encoded_step
from framemill.operations.building.naming import file_name
from framemill.operations.building.recoding import Recoding, keeps_hdr, recode
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
    transition: tuple[Kind, int] | None = None,
) -> Work:
    """One step that decodes all inputs and encodes them as one; a transition has a kind and a length in µs.

    Raises NoVideoStream, and TimeOutOfRange where an input is too short for the transition.
    """
    streams = [planning.video_of(p) for p in products]
    first = products[0]
    chosen = profile_for(profile, planning, first.media, streams[0])
    hdr_kept = len({s.hdr for s in streams}) == 1 and keeps_hdr(streams[0], chosen)
    tracks = _tracks(products)
    container = replace(container_for(spec, chosen), cover=False)
    common = _common_rate(streams)
    if transition is not None:
        # Frames are counted and laid over each other.
        common = common or streams[0].frame_rate
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
    passing = of_length(*transition, rate) if transition is not None else None
    if passing is not None:
        pieces = _passing(pieces, passing, names=[planning.stem(p.ref) for p in products])
        done, chapters = _shortened(done, pieces, passing), _moved(chapters, pieces, passing)
    elif constant is not None:
        done = _rounded(done, len(pieces))
    titles = TextFile(name="chapters.txt", content=muxing.chapter_text(chapters))
    step = encoded_step(
        spec,
        planning,
        done,
        pieces,
        inputs=tuple(StepInput(name=f"part{n}", ref=p.ref) for n, p in enumerate(products)),
        chapters=titles if container.chapters else None,
        dissolve=passing if passing is not None and passing.overlap else None,
    )
    silent = [p.label for p, piece in zip(products, pieces, strict=True) if None in piece.sounds]
    told = (
        *why,
        f"all inputs encoded to {chosen.codec}, {size[0]}x{size[1]}, {float(rate):.4g} frames a second",
        *(_told(passing) if passing is not None else ()),
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


def _passing(pieces: Sequence[Piece], transition: Transition, *, names: Sequence[str]) -> list[Piece]:
    """The pieces with whole numbers of frames, faded where that is wanted."""
    found = []
    for n, (piece, name) in enumerate(zip(pieces, names, strict=True)):
        length = max(1, round(piece.length_us * transition.rate / US))
        first, last = n == 0, n == len(pieces) - 1
        needed = transition.needed(neighbours=2 - first - last)
        if length < needed:
            raise TimeOutOfRange(
                f"{name!r} lasts {seconds(piece.length_us)} s, too short for its transitions:"
                f" they take {seconds(transition.span_us(needed))} s",
                hint="choose a shorter transition, or transition=none",
            )
        ends = {"first": first, "last": last}
        fades = transition.kind == "fade"
        found.append(
            replace(
                piece,
                frames=length,
                length_us=transition.span_us(length),
                filters=(
                    *piece.filters,
                    *crossfading.exact(transition, length),
                    *(crossfading.through_black(transition, length, **ends) if fades else ()),
                ),
                sound_filters=crossfading.through_silence(transition, length, **ends) if fades else (),
            )
        )
    return found


def _shortened(done: Recoding, pieces: Sequence[Piece], transition: Transition) -> Recoding:
    """What is promised where pieces overlap, and frames are counted."""
    frames = transition.total([piece.frames for piece in pieces])
    total = transition.span_us(frames)
    output = done.tap.output
    promise = replace(output.promise, duration_us=total, picture_us=total, frames=frames)
    tap = replace(done.tap, output=replace(output, promise=promise))
    return replace(done, tap=tap, product=replace(done.product, media=lasting(done.product.media, total)))


def _rounded(done: Recoding, pieces: int) -> Recoding:
    """A tolerance for inputs whose rate changes: each may become longer or shorter by a frame."""
    output = done.tap.output
    promise = replace(
        output.promise, tolerance_us=output.promise.tolerance_us + pieces * output.promise.frame_us
    )
    return replace(done, tap=replace(done.tap, output=replace(output, promise=promise)))


def _moved(
    chapters: tuple[Chapter, ...], pieces: Sequence[Piece], transition: Transition
) -> tuple[Chapter, ...]:
    """A chapter begins in the middle of the transition into it."""
    lengths = [piece.frames for piece in pieces]
    begins = [n + (transition.overlap // 2 if n else 0) for n in transition.starts(lengths)]
    edges = [transition.span_us(n) for n in (*begins, transition.total(lengths))]
    return tuple(
        replace(chapter, start_us=start, end_us=end)
        for chapter, start, end in zip(chapters, edges, edges[1:], strict=False)
    )


def _told(transition: Transition) -> tuple[str, ...]:
    span = float(transition.frames / transition.rate)
    if transition.kind == "fade":
        return (f"each input fades to black and the next comes out of it, {span:.4g} s together",)
    return (f"each input dissolves into the next for {span:.4g} s, by which the result is shorter",)


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
