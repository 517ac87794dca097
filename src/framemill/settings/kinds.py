"""Kinds of values that a setting may have, and how they are written."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_WORDS = re.compile(
    r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII
)


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


# In a file no shell replaces `~`.
HomePath = Annotated[Path, AfterValidator(_at_home)]
MOST_BYTES = 1 << 60
HTTP = r"^https?://[^/?#@\s]+/?$"


def _duration(value: object) -> object:
    """`90s`, `5m`, `1h30m`, `30d` as a timedelta; the rest is pydantic's: `PT90S`, `00:01:30`, seconds."""
    if isinstance(value, str) and (found := _WORDS.fullmatch(value.strip().lower())) and value.strip():
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        try:
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError as error:
            raise ValueError("no time is that long") from error
    return value


# A limit of nothing would end every program at once.
Duration = Annotated[
    timedelta, BeforeValidator(_duration), Field(ge=timedelta(milliseconds=100), le=timedelta(days=36_500))
]


def written(span: timedelta) -> str:
    """`1h30m`: a duration as it may be set."""
    whole, rest = divmod(span, timedelta(seconds=1))
    parts, left = [], whole
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
        count, left = divmod(left, seconds)
        parts += [f"{count}{unit}"] if count else []
    last = left + rest.total_seconds()
    return "".join([*parts, *([f"{last:g}s"] if last or not parts else [])])
