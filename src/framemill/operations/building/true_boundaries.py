"""Where each mode would really cut, for a plan that is only shown: read from the pictures themselves."""

from bisect import bisect_left
from collections.abc import Sequence

from framemill.domain import cuts, smart
from framemill.domain.plan import Boundary
from framemill.domain.smart import Pictures, Splice
from framemill.domain.units import US
from framemill.domain.work import Product
from framemill.operations.planning import Planning

Range = tuple[int, int]


def of_ranges(planning: Planning, product: Product, wanted: Sequence[Range]) -> tuple[Boundary, ...]:
    """Ranges that a copy begins at the keyframe before; nothing where no plan is to be shown."""
    found = _spliced(planning, product, wanted, every=False)
    if found is None:
        return ()
    pictures, splices = found
    return tuple(
        _boundary(planning, pictures, splice, number, one, copied=(pictures.time_us(splice.keyframe), one[1]))
        for number, (splice, one) in enumerate(zip(splices, wanted, strict=True), 1)
        if splice is not None
    )


def of_parts(planning: Planning, product: Product, at_us: Sequence[int]) -> tuple[Boundary, ...]:
    """Parts whose boundaries `at_us` a copy moves to the next keyframe."""
    end = product.media.duration_us
    wanted = list(zip((0, *at_us), (*at_us, end), strict=True))
    found = _spliced(planning, product, wanted, every=True)
    if found is None:
        return ()
    pictures, splices = found
    keys = sorted(pictures.time_us(p.pts) for p in pictures.listed if p.key)

    def moved(time: int) -> int:
        place = bisect_left(keys, time - cuts.EARLY_US)
        return keys[place] if place < len(keys) else end

    return tuple(
        _boundary(
            planning,
            pictures,
            splice,
            number,
            one,
            copied=(moved(one[0]) if one[0] else 0, moved(one[1]) if one[1] < end else end),
        )
        for number, (splice, one) in enumerate(zip(splices, wanted, strict=True), 1)
        if splice is not None
    )


def _spliced(
    planning: Planning, product: Product, wanted: Sequence[Range], *, every: bool
) -> tuple[Pictures, tuple[Splice | None, ...]] | None:
    stream = product.media.main_video
    if not planning.facts.explaining or stream is None or product.ref not in planning.facts.media:
        return None
    pictures = planning.pictures(product.ref, None if every else tuple(wanted))
    if not pictures.listed:
        return None
    reorder = round(stream.reorder_us / US / stream.time_base)
    return pictures, smart.spliced(pictures, wanted, rate=stream.frame_rate, reorder=reorder)


def _boundary(
    planning: Planning, pictures: Pictures, splice: Splice, number: int, wanted: Range, *, copied: Range
) -> Boundary:
    return Boundary(
        operation=planning.name,
        part=number,
        wanted_us=wanted,
        copy_us=copied,
        exact_us=(pictures.time_us(splice.first), pictures.time_us(splice.end)),
        frames=splice.count,
        smart_encodes=splice.encoded,
    )
