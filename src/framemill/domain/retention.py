"""How long things are kept: rules of a workspace, and what they say of one video at one time.

Pure. What is there, and the removal itself, are `services.retention`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from framemill.domain.plan import Role
from framemill.errors import InvalidSpec

STREAM: Final = "stream"
# HLS and DASH may share segments, so they are kept and go together.
_STREAMS: Final = frozenset({Role.HLS, Role.DASH})
# What shows a whole video: the last such form of it is never taken by a rule about parts.
_WATCHABLE: Final = _STREAMS | {Role.RENDITION}
_KINDS = (role for role in Role if role not in _STREAMS and role is not Role.INTERMEDIATE)
ROLES: Final = (*map(str, _KINDS), STREAM)
_RULES = ("keep_newest", "videos_days", "originals_days", "artifacts_days")
MOST_DAYS: Final = 36_500
MOST_VIDEOS: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """What a workspace keeps; what is not said is kept for ever."""

    keep_newest: int | None = None  # videos of each collection; the others are deleted
    videos_days: int | None = None  # then a video is deleted with everything made from it
    originals_days: int | None = None  # then an original is, if there are renditions
    artifacts_days: Mapping[str, int] = field(default_factory=dict)  # the same of what was made, by role


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An artifact of a video."""

    id: str
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A video at one time. `newer`: how many videos of its collection came after it."""

    created_at: datetime
    newer: int
    has_original: bool
    artifacts: Sequence[Made] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What the rules take of a video, and why."""

    video: str | None = None  # the reason, where all of it goes
    original: str | None = None
    artifacts: Mapping[str, str] = field(default_factory=dict)  # id -> reason

    def __bool__(self) -> bool:
        return bool(self.video or self.original or self.artifacts)


def expired(rules: RetentionRules, video: Standing, *, now: datetime) -> Expired:
    """What `rules` take of `video`.

    A rule about parts leaves a way to watch the video: renditions go only
    while the original stays, and the original only while renditions do.
    """
    if rules.keep_newest is not None and video.newer >= rules.keep_newest:
        return Expired(video=f"{video.newer} newer ones are in its collection")
    if _is_over(rules.videos_days, video.created_at, now):
        return Expired(video=f"older than {_days(rules.videos_days)}")
    shown = [made for made in video.artifacts if made.role in _WATCHABLE]
    original = (
        f"older than {_days(rules.originals_days)}, and there are renditions"
        if video.has_original and shown and _is_over(rules.originals_days, video.created_at, now)
        else None
    )
    keeps_original = video.has_original and original is None
    return Expired(
        original=original,
        artifacts={
            made.id: f"{_kind(made.role)} older than {_days(rules.artifacts_days[_kind(made.role)])}"
            for made in video.artifacts
            if (made.role not in _WATCHABLE or keeps_original)
            and all(
                _is_over(rules.artifacts_days.get(_kind(made.role)), other.created_at, now)
                for other in ([m for m in shown if m.role in _STREAMS] if made.role in _STREAMS else [made])
            )
        },
    )


def parse_rules(data: Mapping[str, Any]) -> RetentionRules:  # Any: as somebody wrote it
    """The rules that `data` says; InvalidSpec names what is wrong."""
    if unknown := sorted(set(data) - set(_RULES)):
        raise InvalidSpec(
            f"there is no rule {str(unknown[0])[:80]!r} about what is kept",
            hint=f"one of {', '.join(_RULES)}",
        )
    roles = data.get("artifacts_days") or {}
    if not isinstance(roles, Mapping):
        raise InvalidSpec("artifacts_days names roles and days", hint='such as {"proxy": 14}')
    if unknown := sorted(str(role) for role in roles if role not in ROLES):
        raise InvalidSpec(f"nothing has the role {unknown[0][:80]!r}", hint=f"one of {', '.join(ROLES)}")
    return RetentionRules(
        keep_newest=_number(data.get("keep_newest"), "keep_newest", least=1, most=MOST_VIDEOS),
        videos_days=_number(data.get("videos_days"), "videos_days"),
        originals_days=_number(data.get("originals_days"), "originals_days", least=0),
        artifacts_days={
            role: days
            for role, value in roles.items()
            if (days := _number(value, f"artifacts_days of {role}")) is not None
        },
    )


def as_json(rules: RetentionRules) -> dict[str, Any]:  # Any: what `parse_rules` reads
    """The rules as they are stored: only those that are set."""
    data = asdict(rules)
    return {name: value for name, value in data.items() if value is not None and value != {}}


def _number(value: object, name: str, *, least: int = 1, most: int = MOST_DAYS) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidSpec(f"{name} is a whole number from {least} to {most}, not {str(value)[:40]!r}")
    return value


def _is_over(days: int | None, since: datetime, now: datetime) -> bool:
    return days is not None and now - since >= timedelta(days=days)


def _days(days: int | None) -> str:
    return f"{days} {'day' if days == 1 else 'days'}"


def _kind(role: str) -> str:
    return STREAM if role in _STREAMS else role
