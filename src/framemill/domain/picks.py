"""Which of many pictures looked at are worth showing: not black, white, plain or blurred, and sharp."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

# Of 8-bit limited-range brightness: what nearly all of a black, nearly none of a white picture exceeds.
_DARK = 48
_WHITE = 215
# Less between dark and bright is a plain surface.
_PLAIN = 16
# Edges so much wider than those of the sharper pictures of the same video were out of focus or moved.
# On real footage sharp pictures differ by up to 1.4, blurred ones (6 pixels of 854) begin at 1.7.
_BLURRED = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was measured of one picture."""

    at_us: int
    low: float  # a tenth of its pixels are darker
    high: float  # a tenth of its pixels are brighter
    edges: float  # mean strength of its edges
    softness: float | None = None  # mean width of its edges in pixels

    @property
    def plain(self) -> bool:
        """True for a picture of nothing: black, white or one colour."""
        return self.high < _DARK or self.low > _WHITE or self.high - self.low < _PLAIN

    @property
    def worth(self) -> float:
        """Strong and narrow edges make a picture worth showing."""
        return self.edges / (self.softness or 1)


def good(looks: Sequence[Look]) -> tuple[Look, ...]:
    """Those that are neither plain nor much more blurred than the sharper ones."""
    shown = [look for look in looks if not look.plain]
    if not shown:
        return ()
    widths = sorted(look.softness for look in shown if look.softness)
    most = _BLURRED * widths[len(widths) // 4] if widths else 0
    return tuple(look for look in shown if not look.softness or look.softness <= most)


def best(looks: Sequence[Look], *, count: int, end_us: int) -> tuple[int, ...]:
    """Times of `count` pictures, the best of each equal share of the video.

    A share without a good one gives way to the nearest good one that is left.
    Fewer where fewer were looked at.
    """
    middles = [end_us * (2 * n + 1) // (2 * count) for n in range(count)]
    share = end_us / count

    def order(look: Look, middle: int) -> tuple[float, float]:
        away = abs(look.at_us - middle)
        # In the middle of its share a picture stands for more of it than at its border.
        near_middle = 1 - away / share
        return (0.0, -look.worth * near_middle) if away <= share / 2 else (float(away), -look.worth)

    return _chosen(looks, middles, order=order)


def near(looks: Sequence[Look], *, wanted: Sequence[int]) -> tuple[int, ...]:
    """Times of the good pictures nearest to each wanted time, each taken once."""
    return _chosen(looks, wanted, order=lambda look, time: (float(abs(look.at_us - time)), 0.0))


def _chosen(
    looks: Sequence[Look], wanted: Sequence[int], *, order: Callable[[Look, int], tuple[float, float]]
) -> tuple[int, ...]:
    fine = good(looks)
    known = set(fine)
    spare = [look for look in looks if look not in known]
    found, waiting = _matched(fine, wanted, order=order)
    # Only where good ones are too few are others taken.
    more, _ = _matched(spare, waiting, order=order)
    return tuple(sorted(look.at_us for look in (*found, *more)))


def _matched(
    looks: Sequence[Look], wanted: Sequence[int], *, order: Callable[[Look, int], tuple[float, float]]
) -> tuple[set[Look], list[int]]:
    """One picture for each time, none taken twice, and the times for which none was left.

    Those that reach a good one best choose first, so that none loses its own to one that has none.
    """

    def ranked(time: int) -> list[int]:
        return sorted(range(len(looks)), key=lambda n: order(looks[n], time))

    ranks = [ranked(time) for time in wanted]
    choosing = [(order(looks[rank[0]], wanted[n]), n, 0) for n, rank in enumerate(ranks) if rank]
    heapify(choosing)
    taken: set[Look] = set()
    without = set(range(len(wanted)))
    while choosing:
        _, n, place = heappop(choosing)
        look = looks[ranks[n][place]]
        if look not in taken:
            taken.add(look)
            without.remove(n)
        elif place + 1 < len(looks):
            heappush(choosing, (order(looks[ranks[n][place + 1]], wanted[n]), n, place + 1))
    return taken, [wanted[n] for n in sorted(without)]
