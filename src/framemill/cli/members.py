"""`framemill members`: who may come into a workspace, and as what."""

from typing import Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.shelf_options import Json, workspace_names
from framemill.cli.terminal import err, harmless, out, out_json
from framemill.cli.wording import columns

_ROLES = ("viewer", "operator", "manager")
_Workspace = Annotated[
    str, typer.Argument(metavar="WORKSPACE", help="Its name or id.", autocompletion=workspace_names)
]
_User = Annotated[str, typer.Argument(metavar="USER", help="Their name or id.")]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "add",
            add,
            summary="Let a user into a workspace, or give them another role there.",
            examples=(
                "framemill members add default ann",
                "framemill members add default bob --role manager",
            ),
        ),
        command(
            "list",
            list_members,
            summary="List a workspace's members.",
            examples=("framemill members list default",),
        ),
        command(
            "remove",
            remove,
            summary="Let a user into a workspace no more, at once.",
            examples=("framemill members remove default ann",),
        ),
        examples=("framemill members add default ann --role viewer",),
    )


def add(
    workspace: _Workspace,
    user: _User,
    role: Annotated[
        str,
        typer.Option(
            metavar="|".join(_ROLES),
            help="viewer watches, operator uploads and runs jobs, manager deletes and says who is a member.",
        ),
    ] = "viewer",
) -> int:
    """Let them in."""
    from framemill.domain.access import Role

    if role not in _ROLES:
        raise typer.BadParameter(f"{role!r} is none of {', '.join(_ROLES)}", param_hint="--role")
    with opened() as app:
        place = app.workspaces.get(workspace)
        member = app.members.put(place.id, user, Role(role), actor=operator())
    out(f"{member.name} is {member.role} of {harmless(place.name)}")
    return OK


def list_members(workspace: _Workspace, as_json: Json = False) -> int:
    """One line each."""
    with opened() as app:
        found = app.members.list(app.workspaces.get(workspace).id)
    if as_json:
        out_json(
            [
                {"user_id": one.user_id, "name": one.name, "role": one.role, "since": one.since.isoformat()}
                for one in found
            ]
        )
        return OK
    if not found:
        err("no members: admins only")
        return OK
    for line in columns([("name", "role"), *((harmless(one.name), str(one.role)) for one in found)]):
        out(line)
    return OK


def remove(workspace: _Workspace, user: _User) -> int:
    """Let them in no more."""
    with opened() as app:
        place = app.workspaces.get(workspace)
        app.members.remove(place.id, user, actor=operator())
    out(f"{harmless(user)} is no member of {harmless(place.name)}")
    return OK
