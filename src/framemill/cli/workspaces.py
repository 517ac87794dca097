"""`framemill workspaces`: places for videos, each with its own limits and defaults."""

from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli import retention_options
from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.retention_options import Keep, KeepOriginals, KeepVideos, Newest
from framemill.cli.shelf_options import Json, TheWorkspace, Yes, agreed, day, fields_of, videos_in
from framemill.cli.terminal import err, harmless, out, out_json, painted
from framemill.cli.wording import columns, size

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.services.shelf_records import CollectionRecord, WorkspaceRecord
    from framemill.services.workspaces import WorkspaceChanges

_Quota = Annotated[
    str | None,
    typer.Option("--quota", metavar="SIZE", help="How much it may hold: 500G, 2TiB; none for no limit."),
]
_Pipeline = Annotated[
    str | None,
    typer.Option(
        "--pipeline", "-p", metavar="NAME", help="What every new video gets; none: it is only kept."
    ),
]
_Title = Annotated[str | None, typer.Option(metavar="TEXT", help="What people call it.")]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command("list", list_workspaces, summary="List workspaces and how much they hold."),
        command(
            "create",
            create,
            summary="Make a workspace.",
            examples=("framemill workspaces create team --quota 500G --pipeline publish",),
        ),
        command(
            "show",
            show,
            summary="Show a workspace: its limits, its rules, its collections.",
            examples=("framemill workspaces show default",),
        ),
        command(
            "edit",
            edit,
            summary="Change a workspace: its name, limits, defaults, and what is kept for how long.\n\n"
            "What is not given stays as it is.",
            examples=(
                "framemill workspaces edit team --quota none --title 'The team'",
                "framemill workspaces edit cameras --keep-newest 1000 --keep-originals 30d --keep proxy=7d",
            ),
        ),
        command(
            "delete",
            delete,
            summary="Delete a workspace with every video in it and everything made from them.",
            examples=("framemill workspaces delete team",),
        ),
        examples=(
            "framemill workspaces list",
            "framemill workspaces create cameras --quota 2TiB",
            "framemill workspaces edit cameras --keep-originals 30d",
        ),
    )


def list_workspaces(as_json: Json = False) -> int:
    """One line each."""
    with opened() as app:
        records = app.workspaces.list()
    if as_json:
        out_json([fields_of(record) for record in records])
        return OK
    for line in columns([_row(record) for record in records]):
        out(harmless(line))
    return OK


def create(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Lower-case letters, digits and dashes; it stands in addresses."),
    ],
    title: _Title = None,
    pipeline: _Pipeline = None,
    quota: _Quota = None,
    as_json: Json = False,
) -> int:
    """Make it."""
    with opened() as app:
        record = app.workspaces.create(
            name,
            title=title,
            pipeline=pipeline or "proxy",
            quota_bytes=_bytes(quota) if quota else None,
            actor=operator(),
        )
    if as_json:
        out_json(fields_of(record))
    else:
        out(f"{record.name}  {record.id}")
    return OK


def show(name: TheWorkspace, as_json: Json = False) -> int:
    """Everything about one."""
    with opened() as app:
        record = app.workspaces.get(name)
        shelves = app.collections.list(record.id)
    if as_json:
        out_json({**fields_of(record), "collections": [fields_of(shelf) for shelf in shelves]})
        return OK
    _tell(record, shelves)
    return OK


def edit(
    name: TheWorkspace,
    new_name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Another name; addresses with the old one end."),
    ] = None,
    title: _Title = None,
    pipeline: _Pipeline = None,
    quota: _Quota = None,
    newest: Newest = None,
    videos: KeepVideos = None,
    originals: KeepOriginals = None,
    roles: Keep = None,
    as_json: Json = False,
) -> int:
    """Change what is given."""
    changes: WorkspaceChanges = {}
    if new_name is not None:
        changes["name"] = new_name
    if title is not None:
        changes["title"] = title
    if pipeline is not None:
        changes["pipeline"] = pipeline
    if quota is not None:
        changes["quota_bytes"] = _bytes(quota)
    ruled = any(given for given in (newest, videos, originals, roles))
    if not changes and not ruled:
        raise typer.BadParameter("give something to change", param_hint="--title")
    with opened() as app:
        if ruled:
            changes["retention"] = retention_options.changed_rules(
                app.workspaces.get(name).retention,
                newest=newest,
                videos=videos,
                originals=originals,
                roles=roles,
            )
        record = app.workspaces.edit(name, changes, actor=operator())
        if as_json:
            out_json(fields_of(record))
            return OK
        _tell(record, app.collections.list(record.id))
        if ruled and record.retention:
            _warn(app, record)
    return OK


def delete(name: TheWorkspace, yes: Yes = False, as_json: Json = False) -> int:
    """Delete it."""
    with opened() as app:
        record = app.workspaces.get(name)
        held = f"{videos_in(record.videos)} ({size(record.stored_bytes)})"
        question = f"Delete the workspace {record.name!r} with {held}?"
        if not agreed(question, yes=yes):
            return OK
        app.workspaces.delete(record.id, actor=operator())
    if as_json:
        out_json({"workspace": record.id, "deleted": True})
    else:
        out(f"{record.name} deleted")
    return OK


def _row(record: "WorkspaceRecord") -> tuple[str, ...]:
    room = "" if record.quota_bytes is None else f" of {size(record.quota_bytes)}"
    return (record.name, videos_in(record.videos), f"{size(record.stored_bytes)}{room}", record.title)


def _tell(record: "WorkspaceRecord", shelves: "tuple[CollectionRecord, ...]") -> None:
    limit = "no limit" if record.quota_bytes is None else f"of {size(record.quota_bytes)}"
    out(f"{painted(record.name, 'bold')}  {harmless(record.title)}  {record.id}")
    out(f"  {'made':<10} {day(record.created_at)}")
    out(f"  {'holds':<10} {videos_in(record.videos)}, {size(record.stored_bytes)} ({limit})")
    out(f"  {'new videos':<10} {record.pipeline}")
    for number, line in enumerate(retention_options.rules_told(record.retention)):
        out(f"  {'' if number else 'keeps':<10} {line}")
    out("")
    out(painted("Collections", "bold"))
    rows = [(shelf.name, videos_in(shelf.videos), size(shelf.stored_bytes)) for shelf in shelves]
    for line in columns(rows):
        out(f"  {harmless(line)}")


def _warn(app: "App", record: "WorkspaceRecord") -> None:
    """What the new rules take at once."""
    gone = list(app.retention.plan(record.id))
    if gone:
        err(
            f"by these rules {len(gone)} things ({size(sum(one.bytes for one in gone))}) go within a day: "
            f"`framemill videos retention -w {record.name} --dry-run` lists them"
        )


def _bytes(text: str) -> int | None:
    from framemill.domain.units import parse_size

    return None if text.strip().lower() == "none" else parse_size(text)
