"""Whether a source can be cut smartly at given ranges, and why not where it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from framemill.commands import edges
from framemill.commands.smart import PIECES
from framemill.domain import smart
from framemill.domain.containers import Container
from framemill.domain.media import VideoStream
from framemill.domain.smart import Pictures, Splice
from framemill.domain.units import US, format_time
from framemill.domain.work import Product
from framemill.errors import NotSupported, TimeOutOfRange
from framemill.operations.building.smart_wishes import Source
from framemill.operations.planning import Planning

Range = tuple[int, int]

# Containers that say of every picture when it is decoded and when it is shown.
_CONTAINERS = frozenset({"mp4", "mov", "mkv", "webm", "ts", "flv"})
# Places in scripts are whole microseconds.
_FINEST_TICK = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A source that can be cut smartly, and how each range is made."""

    source: Source
    splices: tuple[Splice, ...]


def looked_at(
    planning: Planning,
    product: Product,
    container: Container,
    ranges: Sequence[Range],
    *,
    every: bool = False,
) -> Fit | str:
    """How each range is made, or what keeps the source from it.

    `every` reads all pictures at once. Raises FactNeeded, TimeOutOfRange for a
    range without a picture.
    """
    stream = planning.video_of(product)
    if reason := _before_reading(planning, product, container, stream):
        return reason
    pictures = planning.pictures(product.ref, None if every else tuple(ranges))
    if not pictures.listed:
        return f"{product.media.container} does not say when each picture is shown"
    if len({p.pts for p in pictures.listed}) != len(pictures.listed) or _fields(pictures, stream):
        return "its packets are not one picture each"
    found = smart.spliced(
        pictures, ranges, rate=stream.frame_rate, reorder=round(stream.reorder_us / US / stream.time_base)
    )
    splices: list[Splice] = []
    for (start, end), splice in zip(ranges, found, strict=True):
        if splice is None:
            raise TimeOutOfRange(
                f"no picture is shown between {format_time(start)} and {format_time(end)}",
                hint="choose a longer range, or mode=copy for the sound",
            )
        splices.append(splice)
    if not any(s.copied for s in splices) and _has_keyframe(pictures, splices):
        return "its groups of pictures are open: behind other pictures none of its keyframes may stand"
    if any(s.encoded for s in splices) and (reason := edges.why_not(stream, planning.capabilities)):
        return reason
    return Fit(
        source=Source(
            label=product.label, ref=product.ref, media=product.media, stream=stream, pictures=pictures
        ),
        splices=tuple(splices),
    )


def refused(reason: str) -> NotSupported:
    """The error where only a smart cut was wanted."""
    return NotSupported(f"this cannot be cut smartly: {reason}", hint="leave out strict, or use mode=encode")


def said(fits: Fit) -> str:
    """What the plan says of the picture."""
    total = sum(s.count for s in fits.splices)
    encoded = sum(s.encoded for s in fits.splices)
    if not encoded:
        return f"all {total} pictures copied: a copy can begin and end there"
    if encoded == total:
        return f"all {total} pictures encoded like the source: no keyframe lies between the cuts"
    return f"{encoded} of {total} pictures encoded, next to the cuts, and {total - encoded} copied"


def _before_reading(
    planning: Planning, product: Product, container: Container, stream: VideoStream
) -> str | None:
    media = product.media
    if product.ref not in planning.facts.media:
        return "it is not there yet when the work is planned"
    if container.name not in _CONTAINERS:
        return f"{container.name} does not say when each picture is shown"
    if stream.codec not in container.video:
        return f"{container.name} cannot hold {stream.codec}"
    if stream.codec not in PIECES:
        return f"pieces of {stream.codec} cannot be joined here"
    if stream.time_base.denominator > _FINEST_TICK or stream.time_base.numerator != 1:
        return f"its clock of {stream.time_base} s is not one that a join can keep"
    if media.truncated:
        return "the file is cut short"
    if len(media.warnings) and any("rotation" in text or "mirror" in text for text in media.warnings):
        return "its picture is turned in a way that a copy cannot say"
    return None


def _fields(pictures: Pictures, stream: VideoStream) -> bool:
    """True where fields are stored one by one, as interlaced broadcasts do."""
    if not stream.interlaced or not stream.frame_rate or len(pictures.listed) < 3:
        return False
    shown = sorted(p.pts for p in pictures.listed)
    nearest = min(b - a for a, b in pairwise(shown))
    return nearest * pictures.time_base * stream.frame_rate < 3 / 4


def _has_keyframe(pictures: Pictures, splices: Sequence[Splice]) -> bool:
    return any(p.key and any(s.first <= p.pts < s.end for s in splices) for p in pictures.listed)
