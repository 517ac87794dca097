"""How jobs are shown: rows of a list, the page of one, lines of a log."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from framemill.cli import results
from framemill.cli.terminal import harmless, painted, shown_path
from framemill.cli.wording import about, columns
from framemill.domain.states import JobState, TaskState

if TYPE_CHECKING:
    from framemill.services.records import JobDetail, JobRecord, LogRecord, TaskRecord

STATES = [str(state) for state in JobState]
_COLOURS = {JobState.COMPLETED: "green", JobState.FAILED: "red", JobState.CANCELLED: "yellow"}
_MARKS = {TaskState.DONE: "✓", TaskState.FAILED: "✗", TaskState.LEASED: "▸", TaskState.CANCELLED: "–"}


def chosen(state: list[str] | None) -> list[JobState]:
    """The states that were given, with commas or one by one; typer.BadParameter."""
    wanted = [word for words in state or () for word in words.split(",")]
    if wrong := [word for word in wanted if word not in STATES]:
        raise typer.BadParameter(f"{wrong[0]!r} is none of {', '.join(STATES)}", param_hint="--state")
    return [JobState(word) for word in wanted]


def row(job: "JobRecord") -> tuple[str, ...]:
    """A line of the list."""
    state = str(job.state)
    if job.state is JobState.RUNNING or (job.state is JobState.PAUSED and job.progress):
        state = f"{state} {job.progress:.0f}%"
    said = str((job.error or {}).get("code") or "")
    return (job.id, _when(job.created_at), job.kind, state, said or shown_path(job.destination))


def told(detail: "JobDetail", *, verbose: bool) -> Iterator[str]:
    """The page of one job."""
    job = detail.job
    yield f"{painted(job.kind, 'bold')} {painted(str(job.state), _COLOURS.get(job.state, 'cyan'))}  {job.id}"
    yield f"  submitted  {_when(job.created_at)}" + (
        f", took {about(job.processing_ms)}" if job.processing_ms is not None else ""
    )
    for name, facts in job.inputs.items():
        shown = str(facts.get("url") or shown_path(str(facts.get("path", "?"))))
        yield f"  {name:<10} {harmless(shown)}"
    if job.video_id is None:
        yield f"  {'results':<10} {harmless(shown_path(job.destination))}/"
    else:
        yield f"  {'video':<10} {job.video_id}"
    if not job.state.ended:
        yield f"  {'priority':<10} {job.priority} of 10"
    if price := _price(job):
        yield f"  {'cost':<10} {price}"
    yield from _steps(detail, verbose=verbose)
    yield from _error(job, verbose=verbose)
    yield from _part("Notes", job.notes)
    yield from _part("Warnings", detail.warnings)
    yield from _part(
        "Left behind", [f"{d.get('source')}: {d.get('stream')}: {d.get('reason')}" for d in job.dropped]
    )
    yield from _part("Made", list(results.told(detail)))


def as_document(detail: "JobDetail") -> dict[str, object]:
    """Everything, as JSON data."""
    return {
        **record_document(detail.job),
        "tasks": [{**asdict(task), "state": str(task.state)} for task in detail.tasks],
        "artifacts": results.as_document(detail)["artifacts"],
        "unserved": list(detail.unserved),
    }


def record_document(job: "JobRecord") -> dict[str, object]:
    """A job's record as JSON data."""
    data = asdict(job)
    times = ("created_at", "started_at", "finished_at", "updated_at")
    data |= {name: data[name].isoformat() if data[name] else None for name in times}
    return {**data, "state": str(job.state), "destination": str(job.destination)}


def log_line(record: "LogRecord") -> str:
    """A line of the log."""
    mark = {"warning": painted("warning ", "yellow"), "error": painted("error ", "red")}.get(record.level, "")
    task = f"{record.task}: " if record.task else ""
    return f"{record.at.astimezone().strftime('%Y-%m-%d %H:%M:%S')}  {mark}{harmless(task + record.message)}"


def _price(job: "JobRecord") -> str:
    """What it did cost, or will; nothing where nothing has a price."""
    for kept, word in ((job.actual, ""), (job.estimate, ", as estimated")):
        cost = (kept or {}).get("cost") or {}
        if cost.get("total"):
            parts = ", ".join(f"{name} {cost[name]:.6g}" for name in ("compute", "storage", "bandwidth"))
            return f"{cost['total']:.6g} {cost.get('currency', '')}".rstrip() + f" ({parts}){word}"
    return ""


def _steps(detail: "JobDetail", *, verbose: bool) -> Iterator[str]:
    steps = [task for task in detail.tasks if verbose or task.counts]
    if not steps:
        return
    yield ""
    yield painted("Steps", "bold")
    for task, line in zip(steps, columns([_step_row(task) for task in steps]), strict=True):
        yield f"  {harmless(line)}"
        if verbose or task.state is TaskState.FAILED:
            yield from (f"      $ {harmless(text)}" for text in task.commands)


def _step_row(task: "TaskRecord") -> tuple[str, ...]:
    spent = about(task.wall_ms) if task.wall_ms else ""
    again = f"try {task.attempt}" if task.attempt > 1 else ""
    return (_MARKS.get(task.state, "·"), task.title, str(task.state), spent, again)


def _error(job: "JobRecord", *, verbose: bool) -> Iterator[str]:
    error = job.error
    if not error:
        return
    yield ""
    yield f"{painted('error:', 'red')} {harmless(str(error.get('message')))}"
    yield f"  code: {error.get('code')}"
    if error.get("hint"):
        yield f"  try: {harmless(error['hint'])}"
    if error.get("command"):
        yield f"  command: {harmless(error['command'])}"
    tail = list(error.get("tail") or ())
    yield from (f"  | {harmless(line)}" for line in (tail if verbose else tail[-10:]))
    if job.state is JobState.FAILED:
        yield f"  again: framemill jobs retry {job.id}"


def _part(title: str, lines: "tuple[str, ...] | list[str]") -> Iterator[str]:
    if lines:
        yield ""
        yield painted(title, "bold")
        yield from (f"  {harmless(line)}" for line in lines)


def _when(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
