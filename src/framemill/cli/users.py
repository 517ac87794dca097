"""`framemill users`: people. Passwords come from a prompt or stdin, never from the command's words."""

import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.opened import opened, operator
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.terminal import err, harmless, out, out_json
from framemill.cli.wording import columns

if TYPE_CHECKING:
    from framemill.services.users import UserChanges, UserRecord

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What they sign in with, or their id.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_MOST_TYPED = 4096


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "create",
            create,
            summary="Make a user, and ask for the password. They are a member of no workspace yet.",
            examples=(
                "framemill users create ann",
                "framemill users create bob --admin",
                "framemill users create ci --no-password",
            ),
        ),
        command("list", list_users, summary="List the users.", examples=("framemill users list --json",)),
        command(
            "passwd",
            passwd,
            summary="Give a user another password. All their sessions end.",
            examples=("framemill users passwd ann", "framemill users passwd ann < new-password.txt"),
        ),
        command(
            "disable",
            disable,
            summary="Let a user in no more: sessions end, and their keys do nothing.",
            examples=("framemill users disable ann",),
        ),
        command(
            "enable",
            enable,
            summary="Let a user in again. Their keys work again; sessions begin anew.",
            examples=("framemill users enable ann",),
        ),
        examples=("framemill users create ann", "framemill members add default ann --role operator"),
    )


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, and . _ @ + -")],
    admin: Annotated[
        bool, typer.Option("--admin", help="Sees everything, and steers the installation.")
    ] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Nobody can sign in as them until a password is set.")
    ] = False,
    as_json: _Json = False,
) -> int:
    """Make it."""
    password = None if no_password else _password()
    with opened() as app:
        user = app.users.create(name, password=password, admin=admin, actor=operator())
    if as_json:
        out_json(_document(user))
    else:
        out(f"{user.name} is there")
        if not admin:
            err(f"let them into a workspace: `framemill members add WORKSPACE {user.name} --role operator`")
    return OK


def list_users(as_json: _Json = False) -> int:
    """One line each."""
    with opened() as app:
        found = app.users.list()
    if as_json:
        out_json([_document(user) for user in found])
        return OK
    if not found:
        err("no users: `framemill users create NAME`")
        return OK
    for line in columns([("name", "what", "password", "signed in"), *(_row(user) for user in found)]):
        out(line)
    return OK


def passwd(name: _Name) -> int:
    """Set it."""
    with opened() as app:
        user = app.users.get(name)
        app.users.edit(user.id, {"password": _password()}, actor=operator())
    out(f"{user.name} has another password")
    return OK


def disable(name: _Name) -> int:
    """Let them in no more."""
    with opened() as app:
        user = app.users.edit(name, {"disabled": True}, actor=operator())
    out(f"{user.name} is disabled")
    return OK


def enable(
    name: _Name,
    admin: Annotated[bool, typer.Option("--admin", help="And make them an admin.")] = False,
) -> int:
    """Let them in again."""
    with opened() as app:
        changes: UserChanges = {"disabled": False, "admin": True} if admin else {"disabled": False}
        user = app.users.edit(name, changes, actor=operator())
    out(f"{user.name} may sign in")
    return OK


def _password() -> str:
    if sys.stdin.isatty():
        given: str = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
        return given
    return sys.stdin.readline(_MOST_TYPED).rstrip("\r\n")


def _row(user: "UserRecord") -> tuple[str, ...]:
    return (
        harmless(user.name),
        "disabled" if user.disabled else "admin" if user.admin else "user",
        "yes" if user.has_password else "no",
        f"{user.signed_in_at:%Y-%m-%d}" if user.signed_in_at else "never",
    )


def _document(user: "UserRecord") -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(user).items()
    }
