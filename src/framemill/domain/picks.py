"""Which of many pictures looked at are worth showing: not black, white, plain or blurred, and sharp."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    left = list(good(looks))
    spare = [look for look in looks if look not in left]
    found: list[int] = []
    # Those that reach a good one best choose first, so that none loses its own to one that has none.
    waiting = list(wanted)
    while waiting and (pool := left or spare):
        time, taken = min(
            ((time, look) for time in waiting for look in pool), key=lambda pair: order(pair[1], pair[0])
        )
        pool.remove(taken)
        waiting.remove(time)
        found.append(taken.at_us)
    return tuple(sorted(found))
