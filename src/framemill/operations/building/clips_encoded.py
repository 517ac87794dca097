"""Ranges of one source encoded exactly into one file, for trim."""

from collections.abc import Sequence
from dataclasses import replace

from framemill.commands import opening, source
from framemill.commands.clipping import cues_within, window, window_of_sound
from framemill.commands.joining import Piece
from framemill.domain import clipping, left_behind
from framemill.domain.cuts import EARLY_US
from framemill.domain.media import MediaInfo, VideoStream
from framemill.domain.plan import Dropped, Role, StepInput
from framemill.domain.promises import end_of
from framemill.domain.units import format_time, seconds
from framemill.domain.work import Product, Work
from framemill.errors import TimeOutOfRange
from framemill.operations.building.exact import container_for, frames_kept, profile_for, sound_for
from framemill.operations.building.joins import encoded_step
from framemill.operations.building.naming import file_name
from framemill.operations.building.recoding import Recoding, recode
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec


def one(spec: Spec, planning: Planning, wanted: tuple[int, int], *, profile: str | None) -> Work:
    """A tap of exactly the frames from the first at or after the start to the last before the end."""
    product = planning.one(spec.source)
    media = product.media
    start, end = clipping.on_frames(media, _shown(planning, product, wanted), *wanted)
    enter = opening.entry(media, start)
    # What is read before the start would shift subtitles and chapters, which no filter can cut.
    aligned = enter == start
    clip = clipping.clipped(media, start, end)
    if not aligned:
        clip = replace(clip, subtitles=(), chapters=())
    done = _recoded(spec, planning, clip, profile, chapters=aligned)
    tap = done.tap
    assert tap.video is not None
    tap = replace(
        tap,
        title=f"{format_time(wanted[0])} to {format_time(wanted[1])}, {tap.title}",
        media=media,
        # A cue may begin before the range, or none be in it.
        output=replace(tap.output, promise=replace(tap.output.promise, subtitles=None)),
        video=replace(
            tap.video,
            filters=(*window(start - enter, end - start, early_us=_early(start)), *tap.video.filters),
            args=frames_kept(done),
        ),
        audio=tuple(
            replace(part, filters=(*window_of_sound(start - enter, end - start), *part.filters))
            for part in tap.audio
        ),
        # Chapters are cut to the output's length, not the input's.
        extra=(
            *tap.extra,
            *(cues_within(end - start) if done.beside.subtitles else ()),
            *(("-t", seconds(end - start)) if clip.chapters else ()),
        ),
        start_us=enter,
        end_us=end,
    )
    return replace(done, tap=tap, dropped=(*_lost(product, clip), *done.dropped)).work()


def several(
    spec: Spec, planning: Planning, wanted: Sequence[tuple[int, int]], *, profile: str | None
) -> Work:
    """One step that seeks to each range, decodes it, joins and encodes them."""
    product = planning.one(spec.source)
    media, stream = product.media, planning.video_of(product)
    ranges = [clipping.on_frames(media, _shown(planning, product, r), *r) for r in wanted]
    clip = clipping.lasting(media, sum(end - start for start, end in ranges))
    done = _recoded(spec, planning, clip, profile, chapters=False)
    assert done.tap.video is not None
    pieces = []
    for start, end in ranges:
        enter = opening.entry(media, start)
        pieces.append(
            Piece(
                opened=source.read("source", demuxer=media.container, start_us=enter, length_us=end - enter),
                picture=stream.index,
                filters=done.tap.video.filters,
                sounds=tuple(part.stream for part in done.tap.audio),
                length_us=end - start,
                cut=True,
                skip_us=start - enter,
                early_us=_early(start),
            )
        )
    inputs = (StepInput(name="source", ref=product.ref),)
    step = encoded_step(spec, planning, done, pieces, inputs=inputs)
    return Work(
        steps=(step,),
        products=(done.product,),
        notes=done.notes,
        dropped=(*_lost(product, clip), *done.dropped),
    )


def _shown(planning: Planning, product: Product, wanted: tuple[int, int]) -> VideoStream:
    """The picture; TimeOutOfRange where it is over before the range begins."""
    stream = planning.video_of(product)
    end = end_of(product.media, stream)[0]
    if wanted[0] >= end:
        raise TimeOutOfRange(
            f"there is no picture from {format_time(wanted[0])} on: it ends at {format_time(end)}",
            hint="choose an earlier start, or mode=copy for the sound",
        )
    return stream


def _early(start: int) -> int:
    """How much before its first frame a range begins: nothing before the file's first."""
    return EARLY_US if start else 0


def _recoded(
    spec: Spec, planning: Planning, clip: MediaInfo, profile_name: str | None, *, chapters: bool
) -> Recoding:
    product = planning.one(spec.source)
    profile = profile_for(profile_name, planning, product.media, planning.video_of(product))
    container = container_for(spec, profile)
    # Planned on the range as if it were the file: what it promises is then right.
    seen = replace(planning, products={**planning.products, spec.source: (replace(product, media=clip),)})
    return recode(
        spec,
        seen,
        profile=profile,
        container=replace(container, cover=False, chapters=container.chapters and chapters),
        publish=file_name(spec, planning, container.extension),
        role=Role.CLIP,
        wish=sound_for(profile, container, to_the_sample=True),
    )


def _lost(product: Product, clip: MediaInfo) -> tuple[Dropped, ...]:
    """What of the source is not in the range at all, or cannot be cut with it."""
    media = product.media
    beside = (*media.subtitles, *(o for o in media.others if o.kind == "attachment"))
    reasons = {s.index: "it cannot be cut where pieces are joined or decoded early" for s in beside}
    reasons |= {a.index: "it has nothing in this range" for a in media.audio}
    return left_behind.from_source(
        product.label,
        media,
        kept=[s.index for s in clip.streams()],
        chapters_kept=bool(clip.chapters) or clip.subtitles != () or not media.chapters,
        reasons=reasons,
    )
