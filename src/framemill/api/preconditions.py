"""Conditional requests of RFC 9110, section 13: whether a client may have what it asks for, and needs it.

Pure: header values and what is stored in, a verdict out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

_TAG = re.compile(r'(?P<weak>W/)?"(?P<value>[\x21\x23-\x7e\x80-\xff]*)"')
_COMMAS = re.compile(r"[ \t,]*")
_BETWEEN = re.compile(r"[ \t]*(?:,|$)")
# A file can change twice within the second that its date names.
_SETTLED = timedelta(seconds=2)


class Verdict(Enum):
    """What the preconditions make of a GET or HEAD."""

    GO_ON = 200
    NOT_MODIFIED = 304
    FAILED = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which state of a file is stored: its tag without quotes, and when it was written."""

    etag: str
    modified: datetime

    @property
    def second(self) -> datetime:
        """When it was written, as exactly as HTTP can say it."""
        return self.modified.astimezone(UTC).replace(microsecond=0)


def verdict(headers: Mapping[str, str], stored: Version) -> Verdict:
    """What section 13.2.2 says, in its order: a tag outweighs the date beside it."""
    if (tags := headers.get("if-match")) is not None:
        if not listed(tags, stored.etag.__eq__, weakly=False):
            return Verdict.FAILED
    elif (date := _date(headers.get("if-unmodified-since"))) and stored.second > date:
        return Verdict.FAILED
    if (tags := headers.get("if-none-match")) is not None:
        if listed(tags, stored.etag.__eq__, weakly=True):
            return Verdict.NOT_MODIFIED
    elif (date := _date(headers.get("if-modified-since"))) and stored.second <= date:
        return Verdict.NOT_MODIFIED
    return Verdict.GO_ON


def range_counts(if_range: str | None, stored: Version, *, now: datetime) -> bool:
    """Whether a range of the stored file fits to what the client has; if not, it needs the whole.

    A weak tag never fits, nor a date that is not exactly the file's or still too fresh to trust.
    """
    if if_range is None:
        return True
    if found := _TAG.fullmatch(if_range.strip(" \t")):
        return not found["weak"] and found["value"] == stored.etag
    return _date(if_range) == stored.second and now - stored.second >= _SETTLED


def listed(tags: str, fits: Callable[[str], bool], *, weakly: bool) -> bool:
    """Whether the list names a tag that fits; a malformed list names nothing beyond its first fault."""
    if tags.strip(" \t") == "*":
        return True
    place = _after_commas(tags, 0)
    while found := _TAG.match(tags, place):
        if not _BETWEEN.match(tags, found.end()):
            return False
        if fits(found["value"]) and (weakly or not found["weak"]):
            return True
        place = _after_commas(tags, found.end())
    return False


def _after_commas(tags: str, place: int) -> int:
    found = _COMMAS.match(tags, place)
    return found.end() if found else place


def _date(text: str | None) -> datetime | None:
    """The moment an HTTP date names; None where there is none, or not one date."""
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # What names no zone is not an HTTP date, except asctime's form, which means UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
