"""The time that a question is about: `since` and `until`, or the `last` so many hours."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query
from pydantic import TypeAdapter

from framemill.api.moments import Moment
from framemill.api.texts import SPAN, SPAN_OR_EVER
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
            description="Instead: this long back from now, `90m`, `24h`, `7d`, or `ever`. Left away: 24h. "
            "Beside `since` and `until`: what all of them say.",
            json_schema_extra={"pattern": SPAN_OR_EVER},
        ),
    ] = None,
) -> TimeRange:
    if last is None:
        return TimeRange(since=since if since or until else _DAY, until=until)
    if last == _EVER:
        return TimeRange(since=since, until=until)
    back = duration(last, name="last")
    if since is None and until is None:
        return TimeRange(since=back, until=None)
    begin = datetime.now(UTC) - back
    return TimeRange(since=begin if since is None else max(since, begin), until=until)


def duration(text: str, *, name: str, written: str = SPAN) -> timedelta:
    """The time that `text` says; InvalidSpec about the field `name` where it is not `written` like this."""
    if not re.fullmatch(written, text):
        raise InvalidSpec(f"{name}: {text!r} is no length of time", hint="90m, 24h or 7d, say")
    return _DURATION.validate_python(text)


TheTime = Annotated[TimeRange, Depends(_time_range)]
