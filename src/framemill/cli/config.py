"""`framemill config`: which settings hold, and where they come from."""

from typing import Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.terminal import harmless, out, out_json
from framemill.cli.wording import columns


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "show",
            show,
            summary="Show every setting and its value; secrets as stars.",
            examples=(
                "framemill config show",
                "framemill config show --origin",
                "framemill config show --json",
            ),
        ),
        examples=("framemill config show --origin",),
    )


def show(
    origin: Annotated[
        bool, typer.Option("--origin", help="Also where each comes from: default, file or environment.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """One line each."""
    from framemill.app import read_settings
    from framemill.settings import config_file, origins, shown

    settings = read_settings()
    values, sources = shown(settings), origins()
    if as_json:
        file = config_file()
        out_json(
            {
                "file": str(file),
                "file_exists": file.is_file(),
                "settings": {
                    name: {"value": value, "origin": sources[name]} for name, value in values.items()
                },
            }
        )
        return OK
    rows = [
        (name, "unset" if value is None else harmless(str(value)) or "empty", *([sources[name]] * origin))
        for name, value in values.items()
    ]
    for line in columns(rows):
        out(line)
    return OK
