"""Which version of a file an answer is part of, and what proves that two answers are of the same.

RFC 9110: only a strong ETag, or a date that was old enough when it was given
(section 8.8.2.2), says that no byte differs.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime

_CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18})\s*", re.ASCII | re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes\s+\*/(\d{1,18})\s*", re.ASCII | re.IGNORECASE)
_STRONG = re.compile(r'"[\x21\x23-\x7e]*"')
_SETTLED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a file on its server."""

    length: int | None
    etag: str | None = None  # a strong one
    modified: str | None = None  # as the server wrote it

    @property
    def validator(self) -> str | None:
        """What If-Range takes; None where nothing proves that two parts belong together."""
        return self.etag or self.modified

    def is_same(self, other: "Version") -> bool:
        """True where parts of both may be glued together."""
        if self.validator is None or self.length is None:
            return False
        return (self.length, self.etag, self.modified if self.etag is None else None) == (
            other.length,
            other.etag,
            other.modified if self.etag is None else None,
        )

    def can_be_told_from(self, other: "Version") -> bool:
        """True where what differs shows another version, and not only that one answer tells less."""
        told = other.etag if self.etag else other.modified
        return told is not None or self.length != other.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Where the bytes of a 206 belong."""

    start: int
    stop: int
    total: int


def part_of(headers: Message) -> Part | None:
    """What Content-Range says; None where it says nothing usable."""
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if found is None:
        return None
    first, last, total = (int(text) for text in found.groups())
    return Part(start=first, stop=last + 1, total=total) if first <= last < total else None


def total_of_unsatisfied(headers: Message) -> int | None:
    """The length that a 416 tells."""
    found = _UNSATISFIED.fullmatch(headers.get("Content-Range", "").strip())
    return int(found[1]) if found else None


def version_of(headers: Message, *, length: int | None) -> Version:
    """The version that these headers are of."""
    etag = (headers.get("ETag") or "").strip()
    return Version(
        length=length,
        etag=etag if _STRONG.fullmatch(etag) else None,
        modified=_strong_date(headers),
    )


def _strong_date(headers: Message) -> str | None:
    modified = (headers.get("Last-Modified") or "").strip()
    last, now = _date(modified), _date(headers.get("Date") or "")
    if last is None or now is None or now - last < _SETTLED:
        return None
    return modified


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else None
