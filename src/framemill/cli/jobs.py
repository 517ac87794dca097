"""`framemill jobs`: what was submitted and what became of it. Changing it is `cli.job_control`'s."""

from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli import job_control, job_watch
from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK
from framemill.cli.job_desk import desk, ids
from framemill.cli.job_pages import STATES, as_document, chosen, record_document, row, told
from framemill.cli.opened import whole_batch_id
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.terminal import err, out, out_json
from framemill.cli.wording import columns

if TYPE_CHECKING:
    from framemill.services.records import JobPage


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "list",
            list_jobs,
            summary="List jobs, the newest first.",
            examples=(
                "framemill jobs list",
                "framemill jobs list --state failed,cancelled --limit 100",
                "framemill jobs list --kind publish --input interview",
            ),
        ),
        command(
            "show",
            show,
            summary="Show a job: its steps, commands, results, what it cost, and why it failed.",
            examples=("framemill jobs show 0199c0de",),
        ),
        *job_watch.commands(),
        *job_control.commands(),
        examples=(
            "framemill jobs list --state failed",
            "framemill jobs watch 0199c0de",
            "framemill jobs retry 0199c0de",
        ),
    )


def list_jobs(
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(STATES),
            help="Only jobs in this state; may be given again.",
            autocompletion=lambda incomplete: [s for s in STATES if s.startswith(incomplete)],
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this operation or pipeline, such as publish.")
    ] = None,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="Only jobs of this owner.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Only jobs of this batch.")] = None,
    input_name: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="TEXT",
            help="Only jobs with this in an input's file name; looks at ten thousand jobs at a time.",
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="JOB", help="Only jobs older than this one: where the last page ended."),
    ] = None,
    limit: Annotated[str, typer.Option(metavar="N", help="How many.")] = "20",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """One line each."""
    from framemill.store.listing import Wanted

    states = chosen(state)
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise typer.BadParameter(f"{limit!r} is not a number from 1 to 1000", param_hint="--limit")
    with desk() as found:
        wanted = Wanted(
            states=tuple(states),
            kind=kind.replace("-", "_") if kind else None,
            owner=owner,
            batch_id=whole_batch_id(found.app, batch) if batch and found.app else batch,
            name=input_name,
        )
        start = found.whole_id(before) if before else None
        page = found.jobs.page(wanted, before=start, limit=int(limit))
    if as_json:
        out_json([record_document(job) for job in page.jobs])
        return OK
    for line in columns([row(job) for job in page.jobs]):
        out(line)
    _say_what_follows(page, narrowed=wanted != Wanted())
    return OK


def show(
    job: Annotated[
        str,
        typer.Argument(metavar="JOB", help="Its id, or an end of it that fits one job.", autocompletion=ids),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every command in full.")] = False,
) -> int:
    """Everything about one."""
    with desk() as found:
        detail = found.jobs.show(found.whole_id(job))
    if as_json:
        out_json(as_document(detail))
        return OK
    for line in told(detail, verbose=verbose):
        out(line)
    return OK


def _say_what_follows(page: "JobPage", *, narrowed: bool) -> None:
    if page.next is not None:
        err(f"more: --before {page.next}")
    elif not page.jobs:
        err("no such jobs" if narrowed else "no jobs yet")
