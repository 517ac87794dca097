"""The rules of retention as options: read from them, laid over those that hold, told to people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framemill.cli.terminal import harmless, painted
from framemill.cli.wording import columns, size
from framemill.domain.retention import ROLES

if TYPE_CHECKING:
    from framemill.services.retention import Removal

_PANEL = "What is kept"

Newest = Annotated[
    str | None,
    typer.Option(
        "--keep-newest",
        metavar="N",
        help="Keep so many videos of each collection and delete the older ones; all: every one.",
        rich_help_panel=_PANEL,
    ),
]
KeepVideos = Annotated[
    str | None,
    typer.Option(
        "--keep-videos",
        metavar="DAYS",
        help="Delete videos with everything made from them after so many days: 365, 365d; ever: never.",
        rich_help_panel=_PANEL,
    ),
]
KeepOriginals = Annotated[
    str | None,
    typer.Option(
        "--keep-originals",
        metavar="DAYS",
        help="Delete originals after so many days, where there are renditions; ever: never.",
        rich_help_panel=_PANEL,
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="ROLE=DAYS",
        help=f"Delete what was made after so many days, by its role: {', '.join(ROLES)}. May be given again.",
        rich_help_panel=_PANEL,
    ),
]


def changed_rules(
    now: Mapping[str, Any] | None,  # Any: as the workspace's record has them
    *,
    newest: str | None,
    videos: str | None,
    originals: str | None,
    roles: Sequence[str] | None,
) -> dict[str, Any] | None:
    """The rules that hold `now` with what was given laid over them, None where nothing is left of them."""
    rules: dict[str, Any] = dict(now or {})
    if newest is not None:
        rules["keep_newest"] = None if newest == "all" else _count(newest, "--keep-newest")
    if videos is not None:
        rules["videos_days"] = _days(videos, "--keep-videos")
    if originals is not None:
        rules["originals_days"] = _days(originals, "--keep-originals")
    by_role = dict(rules.get("artifacts_days") or {})
    for given in roles or ():
        role, sign, days = given.partition("=")
        if not sign or role not in ROLES:
            raise typer.BadParameter(
                f"{given!r} is not a role and days, such as proxy=14; the roles are {', '.join(ROLES)}",
                param_hint="--keep",
            )
        by_role[role] = _days(days, "--keep")
    rules["artifacts_days"] = {role: days for role, days in by_role.items() if days is not None} or None
    return {name: value for name, value in rules.items() if value is not None} or None


def rules_told(rules: Mapping[str, Any] | None) -> Iterator[str]:  # Any: as above
    """The rules as sentences."""
    if not rules:
        yield "everything is kept"
        return
    if (newest := rules.get("keep_newest")) is not None:
        yield f"the newest {newest} videos of each collection"
    for name, words in (("videos_days", "videos"), ("originals_days", "originals with renditions")):
        if (days := rules.get(name)) is not None:
            yield f"{words} for {days} days"
    for role, days in (rules.get("artifacts_days") or {}).items():
        yield f"{role} for {days} days"


def removals_told(removals: Sequence["Removal"]) -> list[str]:
    """A line for each thing that goes, or that was to go and was kept."""
    return columns(
        [
            (
                one.video_id,
                one.what,
                size(one.bytes),
                harmless(one.title if one.what == "video" else one.name),
                f"{painted('kept', 'yellow')}: {one.kept}" if one.kept else one.reason,
            )
            for one in removals
        ]
    )


def _days(text: str, option: str) -> int | None:
    word = text.strip().lower()
    return (
        None
        if word == "ever"
        else _count(word.removesuffix("d"), option, what=f"{text!r} is no number of days")
    )


def _count(text: str, option: str, *, what: str | None = None) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise typer.BadParameter(what or f"{text!r} is not a number", param_hint=option)
    return int(text)
