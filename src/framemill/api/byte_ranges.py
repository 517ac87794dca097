"""The Range header of RFC 9110, section 14: which bytes of a file a request is about.

Pure: text and a length in, spans out. Whether the header counts at all
(If-Range) is `preconditions`' question, moving the bytes is `sending`'s.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_RANGES: Final = 16
_LONGEST_HEADER = 1024
_UNIT = "bytes="
_RANGE = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The bytes from `start` up to, without, `stop`; never empty."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.stop - self.start


def asked_spans(header: str, length: int) -> tuple[Span, ...] | None:
    """What the header asks of a file of `length` bytes, in the order of asking.

    None: the whole file, for the header is malformed, in another unit or of
    too many ranges, and counts as absent. (): nothing of it is in the file.
    Ranges that overlap or touch become one, so no byte is sent twice.
    """
    if len(header) > _LONGEST_HEADER or not header.lower().startswith(_UNIT):
        return None
    listed = [stripped for one in header[len(_UNIT) :].split(",") if (stripped := one.strip(" \t"))]
    if not 0 < len(listed) <= MAX_RANGES:
        return None
    bounds = []
    for one in listed:
        found = _RANGE.fullmatch(one)
        if found is None or found.group() == "-":
            return None
        first, last = (int(digits) if digits else None for digits in found.groups())
        if first is not None and last is not None and last < first:
            return None
        bounds.append(_bounds(first, last, length))
    inside = [Span(start=start, stop=stop) for start, stop in bounds if start < stop]
    # The end of an empty file is in it, though it cannot be counted: all of nothing is sent.
    if not inside and length == 0 and all(one.startswith("-") and one.strip("-0") for one in listed):
        return None
    return _joined(inside)


def _bounds(first: int | None, last: int | None, length: int) -> tuple[int, int]:
    if first is None:
        assert last is not None
        return max(length - last, 0), length
    return first, length if last is None else min(last + 1, length)


def _joined(asked: Sequence[Span]) -> tuple[Span, ...]:
    """The same bytes once each; a joined one stands where the first of its parts was asked."""
    groups: list[tuple[int, Span]] = []
    for place, span in sorted(enumerate(asked), key=lambda item: (item[1].start, item[0])):
        if groups and span.start <= groups[-1][1].stop:
            earlier, left = groups[-1]
            joined = Span(start=left.start, stop=max(left.stop, span.stop))
            groups[-1] = (min(earlier, place), joined)
        else:
            groups.append((place, span))
    return tuple(span for _, span in sorted(groups, key=lambda item: item[0]))
