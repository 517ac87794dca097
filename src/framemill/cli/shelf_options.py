"""What the commands about stored videos share: naming a place, completion, asking before a loss."""

import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framemill.cli.opened import opened
from framemill.cli.terminal import err, harmless
from framemill.domain.videos import DEFAULT_WORKSPACE
from framemill.errors import InvalidSpec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from framemill.app import App

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def workspace_names(incomplete: str) -> list[str]:
    """What the shell offers where a workspace is to be named."""
    with opened() as app:
        return [place.name for place in app.workspaces.list() if place.name.startswith(incomplete)]


def collection_names(context: typer.Context, incomplete: str) -> list[str]:
    """What the shell offers where a collection is to be named: those of the workspace that was given."""
    given = context.params.get("workspace") or DEFAULT_WORKSPACE
    with opened() as app:
        return [shelf.name for shelf in app.collections.list(given) if shelf.name.startswith(incomplete)]


def video_ids(incomplete: str) -> list[str]:
    """What the shell offers where a video is to be named."""
    with opened() as app:
        return [video_id for video_id in app.videos.find(incomplete) if video_id.startswith(incomplete)]


Workspace = Annotated[
    str,
    typer.Option(
        "--workspace",
        "-w",
        metavar="NAME",
        help="Its name or id.",
        autocompletion=workspace_names,
    ),
]
TheWorkspace = Annotated[
    str, typer.Argument(metavar="NAME", help="Its name or id.", autocompletion=workspace_names)
]
TheCollection = Annotated[
    str, typer.Argument(metavar="NAME", help="Its name or id.", autocompletion=collection_names)
]
TheVideo = Annotated[
    str,
    typer.Argument(
        metavar="VIDEO", help="Its id, or an end of it that fits one video.", autocompletion=video_ids
    ),
]


def whole_video_id(app: "App", given: str) -> str:
    """The id of the video that `given` begins or ends."""
    if not given.strip():  # an unset variable of a script would fit every video
        raise typer.BadParameter("give a video's id", param_hint="VIDEO")
    near = app.videos.find(given)
    if len(near) > 1:
        raise typer.BadParameter(f"{given!r} fits several videos; write more of it", param_hint="VIDEO")
    return near[0] if near else given


def agreed(question: str, *, yes: bool) -> bool:
    """True where a person at this terminal, or `--yes`, agrees; a script that says nothing is refused."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InvalidSpec("nothing was changed: nobody is there to agree", hint=f"{question} --yes says so")
    err(f"{harmless(question)} [y/N] ")
    answer = sys.stdin.readline().strip().lower()
    if answer not in {"y", "yes"}:
        err("nothing was changed")
        return False
    return True


def moment(text: str, *, hint: str) -> datetime:
    """The time that `text` says, in this machine's time zone where it names none; typer.BadParameter."""
    with suppress(ValueError, OverflowError):
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    raise typer.BadParameter(f"{text!r} is not a time such as 2026-11-02T12:00", param_hint=hint)


def videos_in(count: int) -> str:
    """`1 video`, `3 videos`."""
    return f"{count} video" if count == 1 else f"{count} videos"


def fields_of(record: "DataclassInstance") -> dict[str, Any]:  # Any: JSON
    """A record as JSON data."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
    }


def day(at: datetime) -> str:
    """A time as lists show it."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
