"""`framemill collections`: groups of videos in a workspace."""

from typing import Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.shelf_options import Json, TheCollection, Workspace, Yes, agreed, fields_of, videos_in
from framemill.cli.terminal import harmless, out, out_json
from framemill.cli.wording import columns, size
from framemill.domain.videos import DEFAULT_WORKSPACE

_NewName = Annotated[str, typer.Argument(metavar="NAME", help="Any text of at most 128 characters.")]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command("list", list_collections, summary="List a workspace's collections and how much they hold."),
        command(
            "create",
            create,
            summary="Make a collection.",
            examples=("framemill collections create 'Front door' -w cameras",),
        ),
        command(
            "rename",
            rename,
            summary="Give a collection another name.",
            examples=("framemill collections rename 'Front door' Entrance -w cameras",),
        ),
        command(
            "delete",
            delete,
            summary="Delete a collection with every video in it and everything made from them.",
            examples=("framemill collections delete 'Front door' -w cameras",),
        ),
        examples=("framemill collections list", "framemill collections create 'Front door'"),
    )


def list_collections(workspace: Workspace = DEFAULT_WORKSPACE, as_json: Json = False) -> int:
    """One line each."""
    with opened() as app:
        records = app.collections.list(workspace)
    if as_json:
        out_json([fields_of(record) for record in records])
        return OK
    for line in columns([(one.name, videos_in(one.videos), size(one.stored_bytes)) for one in records]):
        out(harmless(line))
    return OK


def create(name: _NewName, workspace: Workspace = DEFAULT_WORKSPACE, as_json: Json = False) -> int:
    """Make it."""
    with opened() as app:
        record = app.collections.create(workspace, name, actor=operator())
    if as_json:
        out_json(fields_of(record))
    else:
        out(f"{record.name}  {record.id}")
    return OK


def rename(
    name: TheCollection,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="Any text of at most 128 characters.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    as_json: Json = False,
) -> int:
    """Rename it."""
    with opened() as app:
        record = app.collections.rename(workspace, name, new_name, actor=operator())
    if as_json:
        out_json(fields_of(record))
    else:
        out(f"{record.name}  {record.id}")
    return OK


def delete(
    name: TheCollection, workspace: Workspace = DEFAULT_WORKSPACE, yes: Yes = False, as_json: Json = False
) -> int:
    """Delete it."""
    with opened() as app:
        record = app.collections.get(workspace, name)
        held = f"{videos_in(record.videos)} ({size(record.stored_bytes)})"
        question = f"Delete the collection {record.name!r} with {held}?"
        if not agreed(question, yes=yes):
            return OK
        app.collections.delete(workspace, record.id, actor=operator())
    if as_json:
        out_json({"collection": record.id, "deleted": True})
    else:
        out(f"{record.name} deleted")
    return OK
