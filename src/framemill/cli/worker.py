"""`framemill worker`: processes that run queued jobs; starting, seeing and ending them."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from framemill.cli.catalog import Entry
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.worker_control import commands


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "start",
            start,
            summary="Run queued jobs until told to stop (Ctrl-C: running tasks finish first).",
            examples=("framemill worker start --workers 2",),
        ),
        *commands(),
        examples=("framemill worker start", "framemill worker status", "framemill worker stop"),
    )


def start(
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="How many processes; one per processor if unset.")
    ] = None,
) -> NoReturn:
    """Become the pool."""
    if workers is not None and not (workers.isdecimal() and 1 <= int(workers) <= 512):
        raise typer.BadParameter(f"{workers!r} is not a number from 1 to 512", param_hint="--workers")
    given = ("--workers", workers) if workers else ()
    os.execv(sys.executable, (sys.executable, "-m", "framemill.worker", *given))  # noqa: S606 - ourselves
