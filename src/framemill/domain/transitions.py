"""How joined pieces pass into each other: through black, or one over the other. In whole frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Literal

from framemill.domain.units import US

Kind = Literal["fade", "dissolve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The same between all pieces, each of which has a whole number of frames at `rate`."""

    kind: Kind
    frames: int  # as long as both sides of it take together
    rate: Fraction

    @property
    def overlap(self) -> int:
        """For how many frames two pieces are shown at once."""
        return self.frames if self.kind == "dissolve" else 0

    def needed(self, *, neighbours: int) -> int:
        """Frames that a piece with so many neighbours has to have."""
        return neighbours * (self.frames if self.kind == "dissolve" else -(-self.frames // 2))

    def span_us(self, frames: int) -> int:
        """How long so many frames last."""
        return round(frames * US / self.rate)

    def starts(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """The frame of the result at which each piece begins to be seen."""
        return tuple(accumulate((n - self.overlap for n in lengths[:-1]), initial=0))

    def total(self, lengths: Sequence[int]) -> int:
        """Frames of the result."""
        return sum(lengths) - (len(lengths) - 1) * self.overlap


def of_length(kind: Kind, duration_us: int, rate: Fraction) -> Transition:
    """A transition of about `duration_us`, two frames at least."""
    return Transition(kind=kind, frames=max(2, round(duration_us * rate / US)), rate=rate)
