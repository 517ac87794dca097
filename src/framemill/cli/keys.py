"""`framemill keys`: how programs and people come in."""

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
    from framemill.services.access import KeyRecord

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_SCOPES = ("read", "write", "admin")


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "create",
            create,
            summary="Make a key for a program. It is shown this once and kept nowhere.",
            examples=(
                "framemill keys create backup --scope read --expires 90d",
                "framemill keys create uploader --scope write --workspace main",
            ),
        ),
        command("list", list_keys, summary="List the keys.", examples=("framemill keys list --all",)),
        command("revoke", revoke, summary="End a key at once.", examples=("framemill keys revoke backup",)),
        command(
            "login",
            login,
            summary="Print a new login link for a browser on this machine; it works once.",
            examples=("framemill keys login --port 9000",),
        ),
        examples=("framemill keys create ci --scope write", "framemill keys list"),
    )


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called in lists and records.")],
    scope: Annotated[
        str,
        typer.Option(metavar="|".join(_SCOPES), help="What it may do; each includes those before it."),
    ] = "write",
    workspace: Annotated[
        str | None, typer.Option(metavar="NAME", help="The only workspace that exists for it.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long it works, such as 90d; for ever if unset.")
    ] = None,
    as_json: _Json = False,
) -> int:
    """Make it."""
    from pydantic import TypeAdapter, ValidationError

    from framemill.domain.access import Scope
    from framemill.settings.kinds import Duration

    if scope not in _SCOPES:
        raise typer.BadParameter(f"{scope!r} is none of {', '.join(_SCOPES)}", param_hint="--scope")
    try:
        lifetime = None if expires is None else TypeAdapter(Duration).validate_python(expires)
    except ValidationError:
        raise typer.BadParameter(
            f"{expires!r} is not a time such as 90d or 12h", param_hint="--expires"
        ) from None
    with opened() as app:
        new = app.access.create_key(
            name, scope=Scope(scope), workspace=workspace, lifetime=lifetime, actor=operator()
        )
    if as_json:
        out_json(_document(new.key) | {"secret": new.secret})
    else:
        out(new.secret)
        err("keep it: it is not shown again")
    return OK


def list_keys(
    everything: Annotated[bool, typer.Option("--all", help="Also keys that were revoked.")] = False,
    as_json: _Json = False,
) -> int:
    """One line each."""
    with opened() as app:
        found = app.access.list_keys(revoked=everything)
    if as_json:
        out_json([_document(key) for key in found])
        return OK
    if not found:
        err("no keys: `framemill keys create NAME`")
        return OK
    head = ("name", "key", "scope", "workspace", "expires", "last used")
    for line in columns([head, *(_row(key) for key in found)]):
        out(line)
    return OK


def revoke(
    name: Annotated[str, typer.Argument(metavar="KEY", help="Its name, its id, or how it begins.")],
) -> int:
    """End it."""
    with opened() as app:
        app.access.revoke_key(name, actor=operator())
    out(f"{harmless(name)} is revoked")
    return OK


def login(
    port: Annotated[str, typer.Option(metavar="N", help="Where the server listens.")] = "8000",
) -> int:
    """Print it."""
    with opened() as app:
        token = app.access.login_token(actor=operator())
        out(f"http://127.0.0.1:{port}/login?token={token}")
    return OK


def _row(key: "KeyRecord") -> tuple[str, ...]:
    expires = "revoked" if key.revoked_at else _day(key.expires_at) or "never"
    return (
        harmless(key.name),
        f"{key.prefix}...",
        key.scope,
        key.workspace or "all",
        expires,
        _day(key.used_at) or "never",
    )


def _day(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d}"


def _document(key: "KeyRecord") -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(key).items()
    }
