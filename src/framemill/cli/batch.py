"""`framemill batch`: many files as one; submitting, seeing how far they are, ending, trying again."""

import sys
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.catalog import Entry
from framemill.cli.exit_codes import OK, exit_code
from framemill.cli.job_control import parse_priority
from framemill.cli.job_pages import chosen
from framemill.cli.opened import NOBODY, nobody_works, opened, operator, whole_batch_id
from framemill.cli.program import AnyCommand, command, group
from framemill.cli.terminal import err, harmless, out, out_json, painted, shown_path
from framemill.cli.wording import columns
from framemill.domain.states import JobState

if TYPE_CHECKING:
    from framemill.services.batch_work import Item
    from framemill.services.records import BatchRecord, JobRecord

Pipeline = Annotated[
    str | None, typer.Option("--pipeline", "-p", metavar="NAME|FILE", help="The pipeline for each file.")
]
Operation = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|YAML|FILE",
        help="One operation instead, with its options as YAML: '{op: thumbnails, count: 3}'.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="[STEP.]FIELD=VALUE", help="Change a field of the pipeline or operation."),
]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="DIR", help="Where results go: a folder in it for each file."),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Only names like this, such as '*.mp4', in any case; may be given again. "
        "Default: everything with a usual ending of films and sound.",
    ),
]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Folders below, too.")]
Follow = Annotated[bool, typer.Option("--follow-links", help="Links too, wherever they lead.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", "-y", help="Replace results that exist.")]
Priority = Annotated[
    str | None,
    typer.Option(metavar="1-10", help="How urgent it is in the queue; 10 is the most urgent. Default: 5."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the results.")]
_Id = Annotated[str, typer.Argument(metavar="BATCH", help="Its id, or an end of it that fits one.")]


def build(entry: Entry) -> AnyCommand:
    """The command and those below it."""
    return group(
        entry.name,
        entry.summary,
        command(
            "run",
            run,
            summary="Work on many files, each a job of its own, as one batch.\n\n"
            "The same command again goes on where it was: what is done stays done, what failed is tried "
            "again, and files that are new are added.",
            examples=(
                "framemill batch run footage --pipeline publish -o published --recursive",
                "framemill batch run 'cam1/*.MTS' 'cam2/*.MTS' --operation proxy -o proxies --jobs 2",
                "framemill batch run footage --operation '{op: thumbnails, count: 3}' -o stills --async",
            ),
        ),
        command(
            "list",
            list_batches,
            summary="List batches, the newest first.",
            examples=("framemill batch list", "framemill batch list --state failed"),
        ),
        command(
            "show",
            show,
            summary="Show how far a batch is, and what failed.",
            examples=("framemill batch show 3f2a",),
        ),
        command("cancel", cancel, summary="Cancel everything in a batch that has not ended."),
        command(
            "retry",
            retry,
            summary="Queue again what failed in a batch; what is done stays done.",
            examples=("framemill batch retry 3f2a", "framemill batch retry 3f2a --cancelled"),
        ),
        examples=(
            "framemill batch run footage --pipeline publish -o published --async",
            "framemill batch show 3f2a",
            "framemill batch retry 3f2a",
        ),
    )


def run(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="Files, folders, or patterns in quotes.")
    ],
    pipeline: Pipeline = None,
    operation: Operation = None,
    settings: Settings = None,
    output: Output = None,
    include: Include = None,
    recursive: Recursive = False,
    follow: Follow = False,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to call it; another name is another batch.")
    ] = None,
    side_by_side: Annotated[
        str | None, typer.Option("--jobs", metavar="N", help="How many jobs run at once here. Default: 1.")
    ] = None,
    queued: Annotated[bool, typer.Option("--async", help="Leave the work to `framemill worker`.")] = False,
    priority: Priority = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Find the files and do the work, or leave it to the queue."""
    from framemill.cli import batch_run
    from framemill.cli.chosen_work import work
    from framemill.services.intake import Sieve, found

    what = work(
        pipeline=pipeline,
        operation=operation,
        settings=settings,
        output=output,
        purpose="batch",
        name=name or "",
        overwrite=overwrite,
        priority=parse_priority(priority, hint="--priority") if priority else 5,
    )
    if queued and side_by_side:
        raise typer.BadParameter("with --async the workers decide how many run at once", param_hint="--jobs")
    hands = count(side_by_side, hint="--jobs", most=64) if side_by_side else 1
    sieve = Sieve(include=tuple(include or ()), recursive=recursive, follow=follow, avoid=(what.destination,))
    coming = _some(found(files, sieve), files)
    telling = batch_run.Telling(quiet=quiet, as_json=as_json)
    if queued:
        return batch_run.submit(what, coming, telling)
    return batch_run.run(what, coming, telling, side_by_side=hands)


def list_batches(
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(JobState), help="Only batches with a job in this state; may be given again."
        ),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="BATCH", help="Only batches older than this one: where the last page ended."),
    ] = None,
    limit: Annotated[str, typer.Option(metavar="N", help="How many. Default: 20.")] = "20",
    as_json: Json = False,
) -> int:
    """One line each."""
    from framemill.store.batch_listing import Wanted

    most, states = count(limit, hint="--limit", most=1000), chosen(state)
    with opened() as app:
        start = app.batch_listing.position(whole_batch_id(app, before)) if before else None
        page = app.batch_listing.page(Wanted(states=tuple(states)), after=start, limit=most)
    if as_json:
        out_json([_document(record) for record in page.batches])
        return OK
    for line in columns([(r.id, _when(r), harmless(r.title), _counts(r)) for r in page.batches]):
        out(line)
    if page.next is not None:
        err(f"more: --before {page.next.id}")
    elif not page.batches:
        err("no such batches" if states or before else "no batches yet")
    return OK


def show(batch: _Id, as_json: Json = False) -> int:
    """How far it is."""
    from framemill.store.listing import Wanted

    with opened() as app:
        record = app.batches.get(whole_batch_id(app, batch))
        failed = app.jobs.page(Wanted(batch_id=record.id, states=(JobState.FAILED,)), limit=100)
        running = app.jobs.page(Wanted(batch_id=record.id, states=(JobState.RUNNING,)), limit=100)
    if as_json:
        out_json({**_document(record), "failed": [_failure(job) for job in failed.jobs]})
        return OK
    out(f"{painted(harmless(record.title), 'bold')}  {record.id}")
    out(f"  {record.progress:5.1f} %  {_counts(record)}")
    for job in running.jobs:
        out(f"  {job.progress:5.1f} %  {_input(job)}: {harmless(job.step or '')}")
    rows = [(_input(job), *_why(job)) for job in failed.jobs]
    for line in columns(rows):
        out(f"  {painted('failed', 'red')}  {line}")
    if failed.next:
        err(f"more: `framemill jobs list --batch {record.id} --state failed`")
    return OK


def cancel(batch: _Id, as_json: Json = False) -> int:
    """End all of it."""
    with opened() as app:
        batch_id = whole_batch_id(app, batch)
        ended = app.batches.cancel(batch_id, actor=operator())
    if as_json:
        out_json({"batch": batch_id, "cancelled": ended})
    else:
        out(f"{batch_id} cancelled: {ended} jobs")
    return OK


def retry(
    batch: _Id,
    cancelled: Annotated[bool, typer.Option("--cancelled", help="Also what was cancelled.")] = False,
    as_json: Json = False,
) -> int:
    """Another try for what failed."""
    states = (JobState.FAILED, *((JobState.CANCELLED,) if cancelled else ()))
    with opened() as app:
        batch_id = whole_batch_id(app, batch)
        tried = list(app.batches.retry(batch_id, states=states, actor=operator()))
        idle = nobody_works(app)
    refused = [(job_id, error) for job_id, error in tried if error is not None]
    if as_json:
        faults = [{"job": job, "error": {"code": e.code, "message": e.message}} for job, e in refused]
        out_json({"batch": batch_id, "queued": len(tried) - len(refused), "refused": faults})
    else:
        out(f"{batch_id} queued again: {len(tried) - len(refused)} jobs")
        for job_id, error in refused:
            err(f"{painted('refused:', 'red', sys.stderr)} {job_id}: {harmless(error.message)}")
        if idle and len(tried) > len(refused):
            err(NOBODY)
    return exit_code(refused[0][1].code) if refused else OK


def count(text: str, *, hint: str, most: int) -> int:
    """The number that `text` says; typer.BadParameter."""
    if text.isdecimal() and 1 <= int(text) <= most:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a number from 1 to {most}", param_hint=hint)


def _some(coming: "Iterator[Item]", given: list[str]) -> "Iterator[Item]":
    """All of them; InputNotFound where there is none."""
    from framemill.errors import InputNotFound

    first = next(coming, None)
    if first is None:
        missing = InputNotFound(", ".join(given))
        missing.hint = (
            "no file there has a usual ending of films and sound: --include '*.xyz', or --recursive"
        )
        raise missing
    return chain((first,), coming)


def _counts(record: "BatchRecord") -> str:
    told = [f"{record.counts[state]} {state}" for state in JobState if record.counts.get(state)]
    return f"{record.ended} of {record.total} ended: {', '.join(told)}" if told else "no jobs left"


def _when(record: "BatchRecord") -> str:
    return record.created_at.astimezone().strftime("%Y-%m-%d %H:%M")


def _input(job: "JobRecord") -> str:
    facts = job.inputs["input"]
    return harmless(str(facts.get("url") or shown_path(str(facts["path"]))))


def _why(job: "JobRecord") -> tuple[str, str]:
    error = job.error or {}
    return str(error.get("code", "")), harmless(str(error.get("message", "")))


def _failure(job: "JobRecord") -> dict[str, object]:
    error = {name: (job.error or {}).get(name) for name in ("code", "message", "hint")}
    return {"job": job.id, "input": _input(job), "error": error}


def _document(record: "BatchRecord") -> dict[str, object]:
    return {
        "batch": record.id,
        "title": record.title,
        "owner": record.owner,
        "created_at": record.created_at,
        "progress": record.progress,
        "total": record.total,
        "ended": record.ended,
        "counts": {str(state): number for state, number in record.counts.items()},
    }
