"""Where a cut falls: what the request asks for, and the keyframes that a copy must use for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from framemill.domain import cuts
from framemill.domain.media import MediaInfo
from framemill.domain.profiles import Profile
from framemill.domain.units import US, format_size, format_time
from framemill.domain.work import Product
from framemill.errors import InvalidSpec
from framemill.operations.planning import Planning

# Without a known distance of keyframes: encoders' defaults are ten seconds at most.
_USUAL_INTERVAL_US = 10 * US


class Ways(Protocol):
    """The fields of a request that choose boundaries; one of them is set."""

    @property
    def every(self) -> int | None:
        """Length of each part."""

    @property
    def parts(self) -> int | None:
        """Number of parts."""

    @property
    def max_size(self) -> int | None:
        """Largest size of a part in bytes."""

    @property
    def at(self) -> tuple[int, ...] | None:
        """The boundaries themselves."""

    @property
    def scenes(self) -> bool:
        """Whether new scenes are the boundaries."""

    @property
    def scene_threshold(self) -> float:
        """How much of 100 a new scene differs from the one before."""

    @property
    def min_part(self) -> int:
        """Shortest part between scenes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundaries:
    """Where to cut: the times asked for, and the keyframes for them where those are known."""

    wanted: tuple[int, ...]
    keyframes: tuple[int, ...] | None = None  # None: found while cutting
    first_us: int | None = None  # the first keyframe, where those are known
    titles: tuple[str | None, ...] = ()  # of the parts, where chapters make them
    max_size: int | None = None  # what every part keeps to
    warnings: tuple[str, ...] = ()

    @property
    def cut_at(self) -> tuple[int, ...]:
        """What the segmenter is told."""
        return self.wanted if self.keyframes is None else self.keyframes

    @property
    def files(self) -> int | None:
        """How many parts there will be, where that is certain."""
        return None if self.keyframes is None else len(self.keyframes) + 1


def for_copy(ways: Ways, planning: Planning, product: Product) -> Boundaries:
    """Boundaries at keyframes, which are read first only where guessing could harm. Raises FactNeeded."""
    duration = product.media.duration_us
    if ways.max_size is not None:
        return _by_weight(ways.max_size, planning, product)
    wish = _times(ways, planning, product, duration)
    if not wish.wanted or not _close(wish.wanted, product.media):
        return wish
    if product.ref not in planning.facts.media or product.media.main_video is None:
        return wish
    return _at_keyframes(wish, planning.keyframes(product.ref))


def for_encode(
    ways: Ways, planning: Planning, product: Product, *, end_us: int, profile: Profile
) -> Boundaries:
    """Exact boundaries before `end_us`, where the picture ends."""
    if ways.max_size is None:
        return exactly(ways, planning, product, end_us=end_us)
    rate = profile.bitrate * 3 // 2 if profile.bitrate is not None else profile.max_bitrate
    if rate is None:
        raise InvalidSpec(
            "max_size: a profile of constant quality without max_bitrate gives files of any size",
            hint="choose a profile with bitrate or max_bitrate, or cut by copy",
        )
    sound = sum(profile.audio_bitrate * max(2, a.channels) // 2 for a in product.media.playable_audio)
    length = cuts.bit_rate_length(ways.max_size, rate + sound)
    return Boundaries(wanted=cuts.by_length(end_us, length), max_size=ways.max_size)


def exactly(ways: Ways, planning: Planning, product: Product, *, end_us: int) -> Boundaries:
    """The boundaries asked for, before `end_us`."""
    wish = _times(ways, planning, product, end_us)
    inside = tuple(t for t in wish.wanted if t < end_us)
    return replace(wish, wanted=inside, titles=wish.titles[: len(inside) + 1])


def told(boundaries: Boundaries) -> str:
    """What the plan says about a cut by copy."""
    if boundaries.keyframes is None:
        return "each part begins at the first keyframe after its boundary; parts.json says where"
    moves = [at - want for want, at in zip(boundaries.wanted, boundaries.keyframes, strict=True)]
    if not moves:
        return "one part: there is nothing to cut at"
    if max(moves) < cuts.EARLY_US:
        return "every boundary is a keyframe: nothing moves"
    return f"boundaries move to the next keyframe, by up to {max(moves) / US:.2f} s"


def _times(ways: Ways, planning: Planning, product: Product, duration: int) -> Boundaries:
    if ways.every is not None:
        return Boundaries(wanted=cuts.by_length(duration, ways.every))
    if ways.parts is not None:
        return Boundaries(wanted=cuts.by_count(duration, ways.parts))
    if ways.at is not None:
        return Boundaries(wanted=cuts.at_times(duration, ways.at))
    if ways.scenes:
        found = planning.scenes(product.ref, ways.scene_threshold)
        return _by_scenes(cuts.by_scenes(duration, found, least_us=ways.min_part))
    return _by_chapters(product)


def _by_scenes(wanted: tuple[int, ...]) -> Boundaries:
    said = "no scene changes found: one part; a lower scene_threshold finds more"
    return Boundaries(wanted=wanted, warnings=() if wanted else (said,))


def _by_chapters(product: Product) -> Boundaries:
    media = product.media
    if not media.chapters:
        raise InvalidSpec(f"{product.label!r} has no chapters", hint="cut by time or size instead")
    titles: dict[int, str | None] = {0: None}
    for chapter in sorted(media.chapters, key=lambda c: c.start_us):
        start = chapter.start_us - media.start_us
        if start < media.duration_us - cuts.SLIVER_US:
            titles[0 if start < cuts.SLIVER_US else start] = chapter.title
    starts = sorted(titles)
    return Boundaries(wanted=tuple(starts[1:]), titles=tuple(titles[s] for s in starts))


def _close(wanted: tuple[int, ...], media: MediaInfo) -> bool:
    """True where boundaries may be too near to each other for the keyframes there are."""
    interval = media.keyframe_interval_us or _USUAL_INTERVAL_US
    nearest = min(b - a for a, b in zip((0, *wanted), wanted, strict=False))
    return nearest < 4 * interval


def _at_keyframes(wish: Boundaries, keyframes: tuple[int, ...]) -> Boundaries:
    pairs = cuts.keyframes_for(wish.wanted, keyframes)
    titles: Mapping[int, str | None] = dict(zip((0, *wish.wanted), wish.titles, strict=False))
    missing = len(wish.wanted) - len(pairs)
    said = (
        f"{missing} of {len(wish.wanted)} boundaries have no keyframe of their own: fewer parts; "
        "mode=encode cuts exactly"
    )
    return Boundaries(
        wanted=tuple(want for want, _ in pairs),
        keyframes=tuple(at for _, at in pairs),
        first_us=keyframes[0] if keyframes else None,
        titles=tuple(titles.get(t) for t in (0, *(want for want, _ in pairs))) if wish.titles else (),
        warnings=(said,) if missing else (),
    )


def _by_weight(limit: int, planning: Planning, product: Product) -> Boundaries:
    weights = planning.weights(product.ref)
    at = cuts.by_size(weights, limit=limit)
    largest = cuts.heaviest(weights)
    first = weights.marks[0].time_us if weights.marks else None
    if largest <= limit:
        return Boundaries(wanted=at, keyframes=at, first_us=first, max_size=limit)
    exceeded = (
        f"a stretch between two keyframes takes up to {format_size(largest)}: that part exceeds "
        f"{format_size(limit)}; mode=encode with a capped profile can keep to it"
    )
    return Boundaries(wanted=at, keyframes=at, first_us=first, warnings=(exceeded,))


def summary(boundaries: Boundaries, how: str) -> str:
    """A step's title: `11 parts by copy`."""
    count = len(boundaries.cut_at) + 1
    if count == 1:
        return f"one part {how}"
    first = format_time(boundaries.cut_at[0])
    return f"{count} parts {how}, the first cut at {first}"
