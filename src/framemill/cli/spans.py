"""Lengths of time as people type them on this command line: `90m`, `24h`, `7d`."""

import re
from datetime import timedelta

import typer

_WORDS = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_LONGEST_DAYS = 36_500


def span(text: str, *, hint: str) -> timedelta:
    """The time that `text` says; typer.BadParameter about the option `hint`."""
    found = _WORDS.fullmatch(text.strip().lower())
    if found and text.strip():
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        if (24 * days + hours) * 3600 + 60 * minutes + seconds <= _LONGEST_DAYS * 86_400:
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    raise typer.BadParameter(f"{text!r} is not a time such as 90m, 24h or 7d", param_hint=hint)
