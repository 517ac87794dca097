"""What keeping bytes from day to day amounts to, in GB-months of 30 days."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from framemill.domain.costs import Cost, Prices

GB: Final = 1_000_000_000
MONTH: Final = timedelta(days=30)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def whole_days(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The days that the range touches, in UTC: from the beginning of its first to the end of its last."""
    first, last = _midnight(since.astimezone(UTC)), _midnight(until.astimezone(UTC))
    return first, last if last == until else last + _DAY


def days_of(since: datetime, until: datetime) -> Iterable[tuple[date, int]]:
    """Each day that begins in the range, and how many seconds of it are in there."""
    day = _midnight(since.astimezone(UTC))
    while day < until:
        yield day.date(), (min(day + _DAY, until) - max(day, since)) // _SECOND
        day += _DAY


def byte_seconds(before: int, measured: Mapping[date, int], *, since: datetime, until: datetime) -> int:
    """Bytes times the seconds that they were kept; a day that was not measured is as the one before it."""
    total, kept = 0, before
    for day, seconds in days_of(since, until):
        kept = measured.get(day, kept)
        total += kept * seconds
    return total


def gb_months(kept: int) -> Decimal:
    """Byte-seconds as GB-months."""
    return Decimal(kept) / GB / (MONTH // _SECOND)


def used(*, compute: int, stored: int, served: int, prices: Prices) -> Cost:
    """What was computed (millionths), kept (byte-seconds) and sent out (bytes) costs at these prices."""
    return Cost(
        compute=compute,
        storage=round(gb_months(stored) * prices.gb_month * 1_000_000),
        bandwidth=round(Decimal(served) / GB * prices.gb_egress * 1_000_000),
    )


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
