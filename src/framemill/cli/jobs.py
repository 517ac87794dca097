"""`framemill jobs`: what was submitted, what became of it, and another try."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.job_pages import as_document, log_line, record_document, row, told
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.terminal import err, out, out_json
from framemill.cli.wording import columns
from framemill.domain.states import JobState

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.services.records import LogRecord

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the results.")]
_STATES = [str(state) for state in JobState]


def _ids(incomplete: str) -> list[str]:
    with _app() as app:
        return [job.id for job in app.jobs.list(limit=50) if job.id.startswith(incomplete)]


_Id = Annotated[
    str, typer.Argument(metavar="JOB", help="Its id, or an end of it that fits one job.", autocompletion=_ids)
]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command("list", list_jobs, summary="List jobs, the newest first.", examples=("framemill jobs list",)),
        command(
            "show",
            show,
            summary="Show a job: its steps, commands, results, and why it failed.",
            examples=("framemill jobs show 0199c0de",),
        ),
        command(
            "logs", logs, summary="Show what happened to a job.", examples=("framemill jobs logs 0199c0de",)
        ),
        command(
            "retry",
            retry,
            summary="Run a failed or cancelled job again; what is done stays done.",
            examples=("framemill jobs retry 0199c0de",),
        ),
        command("cancel", cancel, summary="Cancel a job.", examples=("framemill jobs cancel 0199c0de",)),
        examples=("framemill jobs list --state failed", "framemill jobs retry 0199c0de"),
    )


def list_jobs(
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(_STATES),
            help="Only jobs in this state; may be given again.",
            autocompletion=lambda incomplete: [s for s in _STATES if s.startswith(incomplete)],
        ),
    ] = None,
    limit: Annotated[str, typer.Option(metavar="N", help="How many.")] = "20",
    as_json: _Json = False,
) -> int:
    """One line each."""
    wanted = [word for words in state or () for word in words.split(",")]
    if wrong := [word for word in wanted if word not in _STATES]:
        raise typer.BadParameter(f"{wrong[0]!r} is none of {', '.join(_STATES)}", param_hint="--state")
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise typer.BadParameter(f"{limit!r} is not a number from 1 to 1000", param_hint="--limit")
    with _app() as app:
        found = app.jobs.list(states=[JobState(word) for word in wanted], limit=int(limit))
    if as_json:
        out_json([record_document(job) for job in found])
        return OK
    if not found:
        err("no jobs" + (f" that are {' or '.join(wanted)}" if wanted else " yet"))
    for line in columns([row(job) for job in found]):
        out(line)
    return OK


def show(
    job: _Id,
    as_json: _Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every command in full.")] = False,
) -> int:
    """Everything about one."""
    with _app() as app:
        detail = app.jobs.show(_whole_id(app, job))
    if as_json:
        out_json(as_document(detail))
        return OK
    for line in told(detail, verbose=verbose):
        out(line)
    return OK


def logs(job: _Id, as_json: _Json = False) -> int:
    """Its log, oldest first."""
    with _app() as app:
        job_id, after = _whole_id(app, job), 0
        found: list[LogRecord] = []
        while page := app.jobs.logs(job_id, after=after):
            found += page
            after = page[-1].id
    if as_json:
        out_json([asdict(record) for record in found])
        return OK
    for record in found:
        out(log_line(record))
    return OK


def retry(
    job: _Id,
    as_json: _Json = False,
    quiet: _Quiet = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Whole commands of what fails.")] = False,
) -> int:
    """Queue it again and run it here."""
    from framemill.cli.running import run_job

    with _app() as app:
        job_id = _whole_id(app, job)
        app.jobs.retry(job_id, foreground=True)
        end = run_job(app, job_id, quiet=quiet, as_json=as_json, verbose=verbose)
    if as_json:
        out_json(end.document)
    return end.code


def cancel(job: _Id, as_json: _Json = False) -> int:
    """Cancel it."""
    with _app() as app:
        job_id = _whole_id(app, job)
        app.jobs.cancel(job_id)
    if as_json:
        out_json({"job": job_id, "state": str(JobState.CANCELLED)})
    else:
        out(f"{job_id} cancelled")
    return OK


@contextmanager
def _app() -> "Iterator[App]":
    from framemill.app import open_app

    app = open_app()
    try:
        yield app
    finally:
        app.close()


def _whole_id(app: "App", given: str) -> str:
    """The id that `given` begins or ends; short ones are looked for among the newest jobs."""
    word = given.strip().lower()
    if not word:  # an unset variable of a script would fit every job
        raise typer.BadParameter("give a job's id", param_hint="JOB")
    if len(word) >= 32:
        return word
    near = [job.id for job in app.jobs.list(limit=1000) if job.id.startswith(word) or job.id.endswith(word)]
    if len(near) > 1:
        raise typer.BadParameter(f"{given!r} fits {len(near)} jobs; write more of it", param_hint="JOB")
    return near[0] if near else given
