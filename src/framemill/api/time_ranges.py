"""The time that a question is about: `since` and `until`, or the `last` so many hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import TypeAdapter, ValidationError

from framemill.api.moments import Moment
from framemill.errors import InvalidSpec
from framemill.settings.kinds import Duration

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
_DAY = timedelta(days=1)
_EVER = "ever"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """From when to when; a span counts from now."""

    since: datetime | timedelta | None  # None: ever
    until: datetime | None  # None: now

    def begin(self, now: datetime) -> datetime | None:
        """When it begins."""
        return now - self.since if isinstance(self.since, timedelta) else self.since


async def _time_range(
    since: Annotated[Moment | None, Query(description="After this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Not after this one; now if left away.")] = None,
    last: Annotated[
        str | None,
        Query(
            max_length=40,
            description="Instead: this long back from now, `90m`, `24h`, `7d`, or `ever`. Left away: 24h.",
        ),
    ] = None,
) -> TimeRange:
    if last is not None and (since or until):
        raise InvalidSpec("`last` and `since` or `until` exclude each other", hint="give one of them")
    if last == _EVER or (last is None and since is None and until is not None):
        return TimeRange(since=None, until=until)
    if last is None:
        return TimeRange(since=since or _DAY, until=until)
    return TimeRange(since=duration(last, name="last"), until=None)


def duration(text: str, *, name: str) -> timedelta:
    """The time that `text` says; InvalidSpec about the field `name`."""
    try:
        return _DURATION.validate_python(text)
    except ValidationError:
        raise InvalidSpec(f"{name}: {text!r} is no length of time", hint="90m, 24h or 7d, say") from None


TheTime = Annotated[TimeRange, Depends(_time_range)]
