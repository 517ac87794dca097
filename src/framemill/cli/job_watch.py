"""The part of `framemill jobs` that looks on: live progress, and the log as it grows."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.exit_codes import OK
from framemill.cli.job_desk import Desk, desk, ids
from framemill.cli.job_pages import log_line
from framemill.cli.program import AnyCommand, command
from framemill.cli.terminal import out_json
from framemill.operations.binding import path_of

if TYPE_CHECKING:
    from framemill.services.records import LogRecord

_Id = Annotated[
    str, typer.Argument(metavar="JOB", help="Its id, or an end of it that fits one job.", autocompletion=ids)
]
_LOOK_S = 0.5


def commands() -> tuple[AnyCommand, ...]:
    """The commands of this part."""
    return (
        command(
            "watch",
            watch,
            summary="Follow a job until it has ended, with its exit code.\n\n"
            "Ctrl-C stops watching; the job goes on.",
            examples=(
                "framemill jobs watch 0199c0de",
                "framemill jobs watch 0199c0de --json --quiet",
                "framemill --server https://mill.example.com jobs watch 0199c0de -o parts",
            ),
        ),
        command(
            "logs",
            logs,
            summary="Show what happened to a job.",
            examples=("framemill jobs logs 0199c0de", "framemill jobs logs 0199c0de --follow"),
        ),
    )


def watch(
    job: _Id,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, at its end.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the results.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Whole commands of what fails.")] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Bring what a server's job made into it."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "-y", help="Replace files there that exist.")
    ] = False,
) -> int:
    """Wait for its end and show how far it is."""
    from framemill.cli.following import follow
    from framemill.cli.progress import watcher
    from framemill.cli.running import end_of

    with desk() as found:
        job_id = found.whole_id(job)
        if found.server is not None:
            from framemill.cli import remote

            detail = remote.watch(
                found.server,
                job_id,
                quiet=quiet,
                as_json=as_json,
                folder=None if output is None else path_of(output),
                overwrite=overwrite,
            )
        elif output is not None:
            raise typer.BadParameter(
                "results of a job here are where it was told to put them", param_hint="-o"
            )
        else:
            assert found.app is not None
            with watcher(quiet=quiet, only_bars=as_json) as watching:
                detail = follow(found.app.jobs, job_id, watching, wait=time.sleep)
    end = end_of(detail, quiet=quiet, as_json=as_json, verbose=verbose)
    if as_json:
        out_json(end.document)
    return end.code


def logs(
    job: _Id,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout; with --follow one for each line.")
    ] = False,
) -> int:
    """Its log, oldest first."""
    with desk() as found:
        job_id = found.whole_id(job)
        if as_json and not follow:
            out_json([asdict(record) for record in _records(found, job_id, follow=False)])
            return OK
        for record in _records(found, job_id, follow=follow):
            line = json.dumps(asdict(record), default=str) if as_json else log_line(record)
            # Typer's echo flushes: who follows wants each line now.
            typer.echo(line)
    return OK


def _records(found: Desk, job_id: str, *, follow: bool) -> "Iterator[LogRecord]":
    after = 0
    while True:
        # Asked first: what is logged before it ended is then on the pages that follow.
        over = not follow or found.jobs.get(job_id).state.ended
        while page := found.jobs.logs(job_id, after=after):
            yield from page
            after = page[-1].id
        if over:
            return
        time.sleep(_LOOK_S)
