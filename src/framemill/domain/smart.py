"""Which pictures of a range are copied and which are encoded anew, so that it begins and ends exactly.

Pure. Times are ticks of the stream's own clock, as its packets say. How
pictures are read is tools.pictures', how they are joined commands.smart's.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from framemill.domain.cuts import EARLY_US
from framemill.domain.units import US

# Codecs keep up to sixteen pictures back; so many shown behind a range prove that none inside is missing.
_MOST_REORDERED = 40


@dataclass(frozen=True, slots=True)
class Picture:
    """One stored picture: when it is shown and decoded, and what may begin with it."""

    pts: int
    dts: int | None
    key: bool  # decoding may begin here; pictures shown before it may then be missing
    clean: bool  # nothing decoded from here on looks at what stood before, even joined behind other pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Pictures of one stream in the order of decoding; those of a range where only that was read."""

    time_base: Fraction
    start_us: int  # of the file, in the stream's time
    listed: tuple[Picture, ...]

    def time_us(self, pts: int) -> int:
        """When a tick is, from the file's start."""
        return round(pts * self.time_base * US) - self.start_us

    def tick(self, time_us: int) -> Fraction:
        """The place of a time on the stream's clock."""
        return Fraction(time_us + self.start_us, US) / self.time_base


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A stretch that is copied: from a keyframe to the last picture shown, all of them there."""

    first: int
    last: int
    count: int
    dts: int | None  # of the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """One range: pictures shown before `copied` are encoded, then it is copied, then the rest is encoded."""

    first: int  # pts of the first picture
    end: int  # pts of the first picture behind the range, or where the last one ends
    head: tuple[int, ...]
    copied: Copied | None
    tail: tuple[int, ...]
    head_delay: int  # by how much the head is decoded before it is shown, in ticks
    tail_delay: int
    keyframe: int  # where a cut by copy would begin

    @property
    def count(self) -> int:
        """How many pictures the range has."""
        return len(self.head) + (self.copied.count if self.copied else 0) + len(self.tail)

    @property
    def encoded(self) -> int:
        """How many of them are encoded."""
        return len(self.head) + len(self.tail)


def spliced(
    pictures: Pictures, ranges: Sequence[tuple[int, int]], *, rate: Fraction, reorder: int
) -> tuple[Splice | None, ...]:
    """How each range (µs from the file's start) is made; None for one in which no picture is shown.

    `rate` says how long the last picture of the file lasts, `reorder` (ticks)
    how early keyframes are decoded where the container does not say.
    """
    shown = sorted(p.pts for p in pictures.listed)
    keys = sorted(p.pts for p in pictures.listed if p.key)
    begins = sorted((p.pts, place) for place, p in enumerate(pictures.listed) if p.clean)
    lasting = max(1, round(1 / (rate * pictures.time_base))) if rate else 1

    def one(start_us: int, end_us: int) -> Splice | None:
        from_ = bisect_left(shown, pictures.tick(start_us - EARLY_US)) if start_us else 0
        until = bisect_left(shown, pictures.tick(end_us - EARLY_US))
        if until <= from_:
            return None
        wanted = shown[from_:until]
        end = shown[until] if until < len(shown) else shown[-1] + lasting
        before = bisect_left(keys, wanted[0] + 1)
        begin = bisect_left(begins, (wanted[0], 0))
        copied, late = (
            _whole(pictures.listed, begins[begin][1], end)
            if begin < len(begins) and begins[begin][0] < end
            else (None, None)
        )
        if copied is None:
            head, tail, delay = tuple(wanted), tuple[int, ...](), 0
        else:
            head = tuple(t for t in wanted if t < copied.first)
            tail = tuple(t for t in wanted if t > copied.last)
            delay = reorder if copied.dts is None else copied.first - copied.dts
        return Splice(
            first=wanted[0],
            end=end,
            head=head,
            copied=copied,
            tail=tail,
            head_delay=delay,
            tail_delay=delay if late is None or not tail else tail[0] - late,
            keyframe=keys[before - 1] if before else wanted[0],
        )

    return tuple(one(*wanted) for wanted in ranges)


def _whole(listed: Sequence[Picture], place: int, end: int) -> tuple[Copied | None, int | None]:
    """The longest run from the keyframe at `place` that shows every picture up to its last.

    Also gives when the next picture is decoded. Pictures shown before the
    keyframe are not in the run: they look at what stands before it.
    """
    key = listed[place]
    run: list[Picture] = []
    enough = _MOST_REORDERED
    for n in range(place, len(listed)):
        if listed[n].pts >= key.pts:
            run.append(listed[n])
            enough -= listed[n].pts >= end
        if not enough:
            break
    soonest: list[float] = [float("inf")] * (len(run) + 1)  # shown first of all that is decoded later
    for n in range(len(run) - 1, -1, -1):
        soonest[n] = min(soonest[n + 1], run[n].pts)
    best, latest = 0, key.pts
    for n, picture in enumerate(run, 1):
        latest = max(latest, picture.pts)
        if latest >= end:
            break
        if latest < soonest[n]:
            best = n
    if not best:
        return None, None
    last = max(p.pts for p in run[:best])
    return (
        Copied(first=key.pts, last=last, count=best, dts=key.dts),
        run[best].dts if best < len(run) else None,
    )
