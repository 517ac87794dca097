"""Submitting work and running it here, in the foreground, to its end."""

import gc
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from framemill.cli.asking import Asked
from framemill.cli.complaint import (
    complain,
    document_of,
    error_of_interruption,
    error_of_job,
    in_cli_words,
)
from framemill.cli.exit_codes import INTERRUPTED, OK, TERMINATED, exit_code
from framemill.cli.opened import NOBODY, nobody_works
from framemill.cli.results import as_document, told
from framemill.cli.server_choice import chosen
from framemill.cli.terminal import err, harmless, out, out_json, painted
from framemill.cli.wording import about
from framemill.domain.sources import Source
from framemill.domain.states import JobState
from framemill.interrupts import Terminated, heeded
from framemill.operations.binding import Find, bound, source_of
from framemill.operations.spec import Spec

if TYPE_CHECKING:
    from framemill.app import App
    from framemill.domain.plan import Plan
    from framemill.services.records import JobDetail, JobRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be done, where the results go, and what to call it."""

    specs: tuple[Spec, ...]
    inputs: Mapping[str, Source]
    destination: Path
    title: str

    @classmethod
    def of(
        cls,
        specs: Sequence[Spec],
        *,
        inputs: Sequence[Source],
        destination: Path,
        title: str,
        find: Find = source_of,
    ) -> "Request":
        """The request for these files, called `input`, `input_2` and so on, and for those that specs name."""
        named = {"input" if n == 1 else f"input_{n}": path for n, path in enumerate(inputs, 1)}
        specs, named = bound(specs, named, find=find)
        return cls(specs=specs, inputs=named, destination=destination, title=title)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a job ended: the exit code, and what `--json` says of it."""

    code: int
    document: Mapping[str, object]


def explain(requests: Sequence[Request], wish: Asked) -> int:
    """Show the plans; writes nothing anywhere."""
    from framemill.cli.explained import as_document, told

    app = _app(wish)
    documents = []
    for number, request in enumerate(requests):
        plan = _planned(app, request, wish)
        if wish.as_json:
            document = as_document(
                plan, inputs=request.inputs, destination=request.destination, prices=app.prices
            )
            documents.append(document)
            continue
        if number:
            out()
        for line in told(
            plan,
            title=request.title,
            inputs=request.inputs,
            destination=request.destination,
            verbose=wish.verbose,
            prices=app.prices,
        ):
            out(line)
    if wish.as_json:
        out_json(documents[0] if len(requests) == 1 else {"plans": documents})
    return OK


def submit(requests: Sequence[Request], wish: Asked) -> int:
    """Leave the work to the workers: print the jobs' ids and return."""
    app = _app(wish)
    try:
        ids = [_submit(app, request, wish, foreground=False) for request in requests]
        idle = nobody_works(app)
    finally:
        app.close()
    if wish.as_json:
        documents = [{"job": job_id, "state": str(JobState.QUEUED)} for job_id in ids]
        out_json(documents[0] if len(requests) == 1 else {"jobs": documents})
        return OK
    for job_id in ids:
        out(job_id)
    if idle and not wish.quiet:
        err(NOBODY)
    return OK


def _submit(app: "App", request: Request, wish: Asked, *, foreground: bool) -> str:
    return app.jobs.submit(
        request.specs,
        inputs=request.inputs,
        destination=request.destination,
        overwrite=wish.overwrite,
        reuse=wish.reuse,
        priority=wish.priority,
        kind=request.title,
        # The same command after a crash goes on where that one was.
        resume=foreground,
        foreground=foreground,
    )


def _planned(app: "App", request: Request, wish: Asked) -> "Plan":
    """The plan; what takes long to find out, such as encoding samples, is shown meanwhile."""
    from framemill.cli.progress import Watcher, planning, watcher

    with ExitStack() as stack:
        watching: list[Watcher] = []

        def report(share: float) -> None:
            if not watching:
                watching.append(stack.enter_context(watcher(quiet=wish.quiet, only_bars=wish.as_json)))
            watching[0](planning(share))

        return app.plans.plan(request.specs, inputs=request.inputs, report=report, reuse=wish.reuse)


def run(requests: Sequence[Request], wish: Asked) -> int:
    """Do the work, one job after the other; returns the exit code of the first that failed."""
    if (choice := chosen(wish.there)) is not None:
        from framemill.cli import remote

        return remote.run(requests, wish, choice)
    if wish.explain:
        return explain(requests, wish)
    if wish.queued:
        return submit(requests, wish)
    app = _app(wish)
    ends: list[End] = []
    try:
        for request in requests:
            job_id = _submit(app, request, wish, foreground=True)
            ends.append(run_job(app, job_id, quiet=wish.quiet, as_json=wish.as_json, verbose=wish.verbose))
            if ends[-1].code in {INTERRUPTED, TERMINATED}:
                break
    finally:
        app.close()
    if wish.as_json:
        documents = [end.document for end in ends]
        out_json(documents[0] if len(requests) == 1 else {"jobs": documents})
    return next((end.code for end in ends if end.code != OK), OK)


def run_job(app: "App", job_id: str, *, quiet: bool, as_json: bool, verbose: bool) -> End:
    """Run a submitted job here and tell what happens; `as_json` leaves the result to the caller."""
    from framemill.cli.progress import watcher
    from framemill.engine.events import Callback

    gc.freeze()
    gc.enable()
    try:
        with heeded(signal.SIGHUP), watcher(quiet=quiet, only_bars=as_json) as watching:
            detail = app.run_job(job_id, Callback(watching))
    except KeyboardInterrupt as interrupt:
        end = error_of_interruption(job_id)
        if not as_json:
            with suppress(OSError):  # the terminal may be gone
                complain(**end)
        code = TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
        return End(code=code, document=document_of(**end))
    return end_of(detail, quiet=quiet, as_json=as_json, verbose=verbose)


def end_of(detail: "JobDetail", *, quiet: bool, as_json: bool, verbose: bool) -> End:
    """Tell how a job ended; `as_json` leaves the result to the caller."""
    if detail.job.state is not JobState.COMPLETED:
        return _failed(detail.job, as_json=as_json, verbose=verbose)
    if not as_json:
        _tell(detail, quiet=quiet)
    return End(code=OK, document=as_document(detail))


def _failed(job: "JobRecord", *, as_json: bool, verbose: bool) -> End:
    error = job.error or {"code": str(job.state), "message": f"the job is {job.state}"}
    if verbose and not as_json:
        _say_last_words(error)
    said = error_of_job(error, job_id=job.id)
    if not as_json:
        complain(**said)
    return End(code=exit_code(said["code"]), document={"job": job.id, **document_of(**said)})


def _tell(detail: "JobDetail", *, quiet: bool) -> None:
    if not quiet:
        _say_what_to_know(detail)
    for line in told(detail):
        out(line)


def _app(wish: Asked) -> "App":
    from framemill.app import open_app, read_settings

    settings = read_settings()
    if wish.verify is not None:
        settings = settings.model_copy(update={"verify": wish.verify})
    return open_app(settings)


def _say_what_to_know(detail: "JobDetail") -> None:
    job = detail.job
    for note in job.notes:
        err(painted(in_cli_words(harmless(note)), "dim", sys.stderr))
    for warning in job.warnings:
        err(f"{painted('warning:', 'yellow', sys.stderr)} {in_cli_words(harmless(warning))}")
    for lost in job.dropped:
        what = f"{lost.get('source')}: {lost.get('stream')}: {lost.get('reason')}"
        err(f"{painted('left behind:', 'yellow', sys.stderr)} {harmless(what)}")
    if job.started_at and job.finished_at:
        spent = about(round((job.finished_at - job.started_at).total_seconds() * 1000))
        err(f"{painted('done', 'green', sys.stderr)} in {spent}")


def _say_last_words(error: Mapping[str, object]) -> None:
    if command := error.get("command"):
        err(f"command: {harmless(str(command))}")
    tail = error.get("tail")
    for line in tail if isinstance(tail, list) else ():
        err(f"  | {harmless(str(line))}")
