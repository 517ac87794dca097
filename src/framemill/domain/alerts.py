"""When an alert is told, and when that it is over: once each, and not again for a while.

A value and its rules. What is wrong, `services.alerts` finds out.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

RETRY_FIRST: Final = timedelta(seconds=30)
RETRY_LONGEST: Final = timedelta(hours=1)


class Told(StrEnum):
    """What was said of an alert."""

    NOTHING = ""
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How patiently alerts are told."""

    steady: timedelta  # so long something is wrong before it is told, and well before it is over
    quiet: timedelta  # the same is told again no sooner


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One thing that may be wrong, and what was said of it."""

    since: datetime | None = None  # None: all is well
    clear_since: datetime | None = None  # it looks well again, and may yet come back
    told: Told = Told.NOTHING
    alarmed_at: datetime | None = None  # when FIRING was last told
    to_tell: Told | None = None

    def seen(self, *, wrong: bool, now: datetime, manner: Manner) -> "Standing":
        """How it stands after another look."""
        if wrong:
            since = self.since or now
            steady = now - since >= manner.steady
            quiet = self.alarmed_at is not None and now - self.alarmed_at < manner.quiet
            tell = steady and not quiet and self.told is not Told.FIRING
            return replace(self, since=since, clear_since=None, to_tell=Told.FIRING if tell else None)
        if self.since is None:
            return self
        clear_since = self.clear_since or now
        if now - clear_since < manner.steady:
            return replace(self, clear_since=clear_since)
        to_tell = Told.RESOLVED if self.told is Told.FIRING else None
        return replace(self, since=None, clear_since=None, to_tell=to_tell)

    def said(self, what: Told, *, now: datetime) -> "Standing":
        """The same after `what` was told."""
        done = replace(self, told=what, to_tell=None if self.to_tell is what else self.to_tell)
        return replace(done, alarmed_at=now) if what is Told.FIRING else done


def retry_after(tries: int) -> timedelta:
    """How long to wait after so many tries that nobody heard."""
    doublings = min(max(tries - 1, 0), 10)
    return min(RETRY_LONGEST, RETRY_FIRST * (1 << doublings))
