"""`framemill serve`: API and workers in one command."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from framemill.cli.catalog import Entry
from framemill.cli.program import AnyCommand, command


def build(entry: Entry) -> AnyCommand:
    """The command."""
    return command(
        entry.name,
        serve,
        summary="Serve the API and run jobs, until told to stop (Ctrl-C: running tasks finish first).",
        examples=(
            "framemill serve",
            "framemill serve --port 9000 --workers 2",
            "framemill serve --no-workers",
            "framemill serve --openapi",
            "framemill serve --asyncapi",
        ),
    )


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 for all addresses.")
    ] = "127.0.0.1",
    port: Annotated[str, typer.Option(metavar="N", help="Which port; 0 takes a free one.")] = "8000",
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="How many worker processes; one per processor if unset.")
    ] = None,
    no_workers: Annotated[
        bool, typer.Option("--no-workers", help="The API only; jobs wait for workers elsewhere.")
    ] = False,
    openapi: Annotated[
        bool, typer.Option("--openapi", help="Print the API's OpenAPI description instead.")
    ] = False,
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="Print the job service's AsyncAPI description instead.")
    ] = False,
) -> NoReturn:
    """Become the server."""
    if not (port.isdecimal() and int(port) <= 65535):
        raise typer.BadParameter(f"{port!r} is not a number from 0 to 65535", param_hint="--port")
    if workers is not None and not (workers.isdecimal() and 1 <= int(workers) <= 512):
        raise typer.BadParameter(f"{workers!r} is not a number from 1 to 512", param_hint="--workers")
    if workers is not None and no_workers:
        raise typer.BadParameter("either --workers or --no-workers", param_hint="--workers")
    given = (
        *("--host", host, "--port", port),
        *(("--workers", workers) if workers else ()),
        *(("--no-workers",) if no_workers else ()),
        *(("--openapi",) if openapi else ()),
        *(("--asyncapi",) if asyncapi else ()),
    )
    os.execv(sys.executable, (sys.executable, "-m", "framemill.serving", *given))  # noqa: S606 - ourselves
