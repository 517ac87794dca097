"""The part of `framemill jobs` that changes something: another try, a pause, a priority, an end."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from framemill.cli.exit_codes import OK
from framemill.cli.job_desk import desk, ids
from framemill.cli.opened import NOBODY, opened, operator
from framemill.cli.program import AnyCommand, command
from framemill.cli.spans import span
from framemill.cli.terminal import err, out, out_json
from framemill.domain.states import JobState

if TYPE_CHECKING:
    from framemill.cli.job_desk import Jobs

_Id = Annotated[
    str, typer.Argument(metavar="JOB", help="Its id, or an end of it that fits one job.", autocompletion=ids)
]
_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_ENDS = [str(state) for state in JobState if state.ended]


def commands() -> tuple[AnyCommand, ...]:
    """The commands of this part."""
    return (
        command(
            "retry",
            retry,
            summary="Run a failed or cancelled job again; what is done stays done.\n\n"
            "It runs here, or with --async in the queue.",
            examples=("framemill jobs retry 0199c0de", "framemill jobs retry 0199c0de --async"),
        ),
        command(
            "cancel",
            cancel,
            summary="Cancel a job: its programs end within two seconds and its files go.",
            examples=("framemill jobs cancel 0199c0de",),
        ),
        command(
            "pause",
            pause,
            summary="Pause a queued or running job.\n\nIts programs stand still and stay in "
            "memory; the worker that has them waits with them.",
            examples=("framemill jobs pause 0199c0de",),
        ),
        command(
            "resume",
            resume,
            summary="Let a paused job go on where it was.",
            examples=("framemill jobs resume 0199c0de",),
        ),
        command(
            "priority",
            priority,
            summary="Make a job more or less urgent.\n\nIt acts on what is claimed next; what runs is not "
            "interrupted.",
            examples=("framemill jobs priority 0199c0de 9",),
        ),
        command(
            "clean",
            clean,
            summary="Forget jobs that ended long ago.\n\nOnly records go, and what was kept for a "
            "retry. What the jobs made stays.",
            examples=(
                "framemill jobs clean --dry-run",
                "framemill jobs clean --older-than 7d --state failed",
            ),
        ),
    )


def retry(
    job: _Id,
    queued: Annotated[bool, typer.Option("--async", help="Leave it to the workers and return.")] = False,
    as_json: _Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, and the results.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Whole commands of what fails.")] = False,
) -> int:
    """Queue it again and run it here."""
    from framemill.cli.running import end_of, run_job

    if queued:
        return _steer(
            job, lambda jobs, job_id: jobs.retry(job_id, actor=operator()), as_json=as_json, quiet=quiet
        )
    with desk() as found:
        job_id = found.whole_id(job)
        if found.server is not None:
            from framemill.cli import remote

            found.jobs.retry(job_id)
            detail = remote.watch(
                found.server, job_id, quiet=quiet, as_json=as_json, folder=None, overwrite=False
            )
            end = end_of(detail, quiet=quiet, as_json=as_json, verbose=verbose)
        else:
            assert found.app is not None
            found.app.jobs.retry(job_id, foreground=True, actor=operator())
            end = run_job(found.app, job_id, quiet=quiet, as_json=as_json, verbose=verbose)
    if as_json:
        out_json(end.document)
    return end.code


def cancel(job: _Id, as_json: _Json = False) -> int:
    """Cancel it."""
    return _steer(
        job, lambda jobs, job_id: jobs.cancel(job_id, actor=operator()), as_json=as_json, said="cancelled"
    )


def pause(job: _Id, as_json: _Json = False) -> int:
    """Pause it."""
    return _steer(job, lambda jobs, job_id: jobs.pause(job_id, actor=operator()), as_json=as_json)


def resume(job: _Id, as_json: _Json = False) -> int:
    """Resume it."""
    return _steer(job, lambda jobs, job_id: jobs.resume(job_id, actor=operator()), as_json=as_json)


def priority(
    job: _Id,
    number: Annotated[str, typer.Argument(metavar="PRIORITY", help="1 to 10; 10 is the most urgent.")],
    as_json: _Json = False,
) -> int:
    """Change it."""
    wanted = parse_priority(number, hint="PRIORITY")
    return _steer(
        job,
        lambda jobs, job_id: jobs.set_priority(job_id, wanted, actor=operator()),
        as_json=as_json,
        said=f"priority {wanted}",
    )


def clean(
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Ended longer ago than this: 12h, 7d. Default: the setting keep_jobs, or 30d.",
        ),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(_ENDS),
            help="Only jobs that ended like this; may be given again.",
            autocompletion=lambda incomplete: [s for s in _ENDS if s.startswith(incomplete)],
        ),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    as_json: _Json = False,
) -> int:
    """Forget them."""
    states = [word for words in state or () for word in words.split(",")]
    if wrong := [word for word in states if word not in _ENDS]:
        raise typer.BadParameter(f"{wrong[0]!r} is none of {', '.join(_ENDS)}", param_hint="--state")
    with opened() as app:
        kept = app.settings.keep_jobs
        age = span(older_than or "30d", hint="--older-than") if older_than or kept is None else kept
        count = app.jobs.clean(
            older_than=age, states=[JobState(word) for word in states], actor=operator(), dry=dry
        )
    if as_json:
        out_json({"jobs": count, "dry_run": dry})
    else:
        out(f"{'would forget' if dry else 'forgot'} {count} {'job' if count == 1 else 'jobs'}")
    return OK


def parse_priority(text: str, *, hint: str) -> int:
    """The priority that `text` says; typer.BadParameter."""
    if text.isdecimal() and 1 <= int(text) <= 10:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a number from 1 to 10", param_hint=hint)


def _steer(
    job: str,
    act: "Callable[[Jobs, str], None]",
    *,
    as_json: bool,
    quiet: bool = False,
    said: str | None = None,
) -> int:
    """Do something to a job and say what it is now."""
    with desk() as found:
        job_id = found.whole_id(job)
        act(found.jobs, job_id)
        now = found.jobs.get(job_id)
        idle = now.state is JobState.QUEUED and found.idle
    if as_json:
        out_json({"job": job_id, "state": str(now.state), "priority": now.priority})
    else:
        out(f"{job_id} {said or now.state}")
        if idle and not quiet:
            err(NOBODY)
    return OK
