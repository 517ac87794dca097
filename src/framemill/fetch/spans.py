"""Which bytes of a file are here: arithmetic on half-open spans."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]


@dataclass(slots=True)
class Spans:
    """A set of bytes, as few spans as it takes, in order."""

    _spans: list[Span] = field(default_factory=list)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Spans":
        """All of these together."""
        made = cls()
        for start, stop in spans:
            made.add(start, stop)
        return made

    def add(self, start: int, stop: int) -> None:
        """These bytes are here too."""
        if start >= stop:
            return
        kept = []
        for a, b in self._spans:
            if b < start or stop < a:
                kept.append((a, b))
            else:
                start, stop = min(a, start), max(b, stop)
        self._spans = sorted([*kept, (start, stop)])

    def missing(self, total: int) -> "Spans":
        """What of a file of `total` bytes is not here."""
        gaps, at = [], 0
        for start, stop in self._spans:
            if start > at:
                gaps.append((at, min(start, total)))
            at = max(at, stop)
        if at < total:
            gaps.append((at, total))
        return Spans.of(gaps)

    @property
    def bytes(self) -> int:
        """How many they are."""
        return sum(stop - start for start, stop in self._spans)

    def copy(self) -> "Spans":
        """The same, apart."""
        return Spans(list(self._spans))

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def __bool__(self) -> bool:
        return bool(self._spans)
