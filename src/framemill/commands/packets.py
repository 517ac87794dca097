"""What the first and last packets of a file prove: frame timing, keyframe spacing, the real end.

Headers lie; packets are the evidence. Asking ffprobe for them and reading
everything else it says is commands.ffprobe's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from statistics import median

from framemill.domain.units import US

# Rates that cameras and encoders really use; a measured rate within 0.1 % is one of them.
KNOWN_RATES = (
    *(Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)),
    *(Fraction(n) for n in (1, 2, 5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    Fraction(25, 2),
)
_SNAP = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet's place in time, in the file's own microseconds."""

    stream: int
    pts_us: int | None
    dts_us: int | None
    duration_us: int
    key: bool
    discard: bool  # demuxed for decoding only, outside an edit list: never shown
    position: str = ""  # where it stands in the file; tells packets without times apart


@dataclass(frozen=True, slots=True)
class Run:
    """Packets of one stream that follow each other without a gap; `cut` where more would have followed."""

    packets: tuple[Packet, ...]
    cut: bool

    def shown(self) -> list[int]:
        """The shown timestamps that are complete, in order.

        Where the run was cut, a picture later than the last decode time may
        still miss neighbours that come after it in the file.
        """
        known = sorted({p.pts_us for p in self.packets if p.pts_us is not None and not p.discard})
        if not known:  # AVI with old codecs has decode times only
            return sorted({p.dts_us for p in self.packets if p.dts_us is not None and not p.discard})
        if not self.cut:
            return known
        decoded = [p.dts_us for p in self.packets if p.dts_us is not None]
        return [t for t in known if t <= max(decoded)] if decoded else known[:-4]

    def keys(self) -> list[int]:
        """The shown times of its keyframes, in order."""
        return sorted({p.pts_us for p in self.packets if p.key and not p.discard and p.pts_us is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The first and the last packets of a file."""

    head: tuple[Packet, ...]
    tail: tuple[Packet, ...]
    whole: bool  # `head` is every packet there is
    tail_cut: bool  # more packets follow `tail`

    def runs(self, stream: int) -> tuple[Run, ...]:
        """The stream's packets: one run where start and end meet, else two."""
        first = tuple(p for p in self.head if p.stream == stream)
        last = tuple(p for p in self.tail if p.stream == stream)
        if self.whole:
            return (Run(first, cut=False),)
        if set(first) & set(last):
            return (Run(tuple(dict.fromkeys((*first, *last))), self.tail_cut),)
        return (Run(first, cut=True), Run(last, self.tail_cut))

    def packets(self) -> tuple[Packet, ...]:
        """All of them, each once."""
        # Matroska has no decode times; the ones that readers make up depend on where reading began.
        known = {(p.stream, p.position, p.pts_us): p for p in (*self.head, *self.tail)}
        return tuple(known.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How the frames of one stream follow each other."""

    is_vfr: bool
    rate: Fraction  # of the regular frames where nearly all are regular, else the mean
    slack: Fraction  # relative error that timestamp rounding may cause


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnd:
    """How many packets a stream has and where the last one ends."""

    packets: int
    end_us: int | None


def read_packets(items: Iterable[Mapping[str, object]], *, head: int, tail: int) -> Evidence:
    """The packets of two intervals: `head` from the start, then up to `tail` from the end.

    A file of fewer than `head` packets is read to its end by the first
    interval, and the second repeats some of them.
    """
    packets = [
        Packet(
            stream=int(str(item.get("stream_index", -1))),
            pts_us=micros(item.get("pts_time")),
            dts_us=micros(item.get("dts_time")),
            duration_us=micros(item.get("duration_time")) or 0,
            key="K" in str(item.get("flags", "")),
            discard="D" in str(item.get("flags", "")),
            position=str(item.get("pos", "")),
        )
        for item in items
    ]
    first, last = packets[:head], packets[head:]
    whole = len(first) < head or len(set(first)) < len(first)
    return Evidence(
        head=tuple(dict.fromkeys(packets if whole else first)),
        tail=() if whole else tuple(last),
        whole=whole,
        tail_cut=len(last) >= tail,
    )


def timing(runs: Sequence[Run], *, tick_us: Fraction) -> Timing | None:
    """How frames follow each other; None where fewer than three are known.

    A frame is irregular when it lasts a quarter more or less than the median:
    rounding to a 1 ms or 10 ms clock (matroska, gif) is no irregularity.
    """
    deltas = [b - a for run in runs for a, b in pairwise(run.shown())]
    if len(deltas) < 2:
        return None
    middle = median(deltas)
    allowed = max(middle / 4, float(tick_us) * 1.5)
    regular = [d for d in deltas if abs(d - middle) <= allowed]
    mostly = len(regular) * 10 >= len(deltas) * 8
    counted = regular if mostly else deltas
    span = max(1, sum(counted))
    return Timing(
        is_vfr=len(regular) < len(deltas),
        rate=Fraction(len(counted) * US, span),
        slack=min(Fraction(1, 10), 2 * tick_us / span),
    )


def snapped(rate: Fraction) -> Fraction:
    """The well-known rate within 0.1 % of `rate`, else `rate` itself."""
    nearest = min(KNOWN_RATES, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= nearest * _SNAP else rate


def keyframe_interval(runs: Sequence[Run]) -> int | None:
    """The longest distance between keyframes seen, in microseconds; None where two in a row were not seen.

    The longest, not the usual: a scene change puts keyframes close together,
    and who cuts by copying wants to know how far a cut may move.
    """
    gaps = [b - a for run in runs for a, b in pairwise(run.keys())]
    # From its last keyframe to a run's end there was none: the distance is at least that.
    opened = [run.shown()[-1] - run.keys()[-1] for run in runs if run.keys() and run.shown()]
    return max(*gaps, *opened) if gaps else None


def reorder_us(runs: Sequence[Run]) -> int:
    """The longest that a keyframe is decoded before it is shown, in microseconds."""
    waits = [
        p.pts_us - p.dts_us
        for run in runs
        for p in run.packets
        if p.key and p.pts_us is not None and p.dts_us is not None
    ]
    return min(US, max(waits, default=0))


def hidden_us(runs: Sequence[Run]) -> int:
    """How much is stored before the first shown picture and after the last, for decoding only."""
    shown = [t for run in runs for t in run.shown()]
    hidden = [p.pts_us for run in runs for p in run.packets if p.discard and p.pts_us is not None]
    if not shown or not hidden:
        return 0
    return max(0, min(shown) - min(hidden)) + max(0, max(hidden) - max(shown))


def opens_hidden(runs: Sequence[Run]) -> bool:
    """True where the first picture shown needs packets before it that an edit list hides."""
    first = runs[0].packets if runs else ()
    shown = [p for p in first if not p.discard and p.pts_us is not None]
    if not shown or len(shown) == len(first):
        return False
    return not min(shown, key=lambda p: p.pts_us or 0).key


def ends(packets: Iterable[Packet]) -> dict[int, StreamEnd]:
    """Packets and end of each stream."""
    counts: dict[int, int] = {}
    last: dict[int, int] = {}
    lengths: dict[int, int] = {}  # raw streams have durations but no timestamps
    for p in packets:
        counts[p.stream] = counts.get(p.stream, 0) + 1
        lengths[p.stream] = lengths.get(p.stream, 0) + p.duration_us
        at = p.pts_us if p.pts_us is not None else p.dts_us
        if at is not None and not p.discard:
            last[p.stream] = max(last.get(p.stream, at), at + p.duration_us)
    return {
        s: StreamEnd(packets=n, end_us=last.get(s, lengths[s] or None)) for s, n in sorted(counts.items())
    }


def parse_packet_line(line: str) -> Packet | None:
    """One line of `-of csv=p=0` with the fields of `ffprobe.PACKET_FIELDS`; None for anything else."""
    fields = line.strip().split(",")
    if len(fields) < 6 or not fields[0].isdigit():
        return None
    return Packet(
        stream=int(fields[0]),
        pts_us=micros(fields[1]),
        dts_us=micros(fields[2]),
        duration_us=micros(fields[3]) or 0,
        key="K" in fields[5],
        discard="D" in fields[5],
        position=fields[4],
    )


def micros(text: object) -> int | None:
    """Microseconds of ffprobe's decimal seconds; None for `N/A`, nothing, or nonsense."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return round(value * US) if value.is_finite() and abs(value) < 10**12 else None
