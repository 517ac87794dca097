"""The last task of a job: give verified results their names, and record each with how it was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from framemill.domain.plan import Output
from framemill.domain.states import JobState
from framemill.engine import outcomes
from framemill.engine.machine import Machine
from framemill.engine.naming import published_name
from framemill.engine.places import PLAIN
from framemill.engine.publication import Publication
from framemill.engine.stored import load_step
from framemill.errors import DatabaseUnavailable, LeaseLost
from framemill.store.database import Database
from framemill.store.jobs import get_job
from framemill.store.tables import Job, Task

Json = dict[str, Any]  # Any: JSON as the tables hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One artifact to record."""

    task_id: str
    role: str
    path: str  # of a video's: its name
    bytes: int
    digest: str | None
    media: Json | None
    provenance: Json
    key: str | None = None  # of a video's: where it is stored


def publish_job(
    database: Database, job: Job, claimed: Task, tasks: Sequence[Task], *, machine: Machine
) -> None:
    """Publish every result of `job` and complete it, or raise and leave nothing published.

    Raises OutputExists where a name was taken since the plan was made.
    """
    workspace = PLAIN.of(job)
    workspace.create()
    results = results_of(tasks)
    publication = Publication.prepare(
        workspace,
        (
            (
                workspace.root / task.result["scratch"] / "out" / made["path"],
                published_name(output, made["path"]),
            )
            for task, output, made in results
            if task.result
        ),
    )
    publication.run(overwrite=job.destination["overwrite"])
    try:
        outcomes.published(
            database,
            claimed,
            [
                Published(
                    task_id=task.id,
                    role=output.role,
                    path=str(workspace.destination / published_name(output, made["path"])),
                    bytes=made["bytes"],
                    digest=made["digest"],
                    media=made["media"],
                    provenance=provenance(job, task, output, made, tasks, machine),
                )
                for task, output, made in results
            ],
        )
    except DatabaseUnavailable:
        raise  # it may be recorded as published or not; whoever has the task next finds out
    except LeaseLost:
        raise  # whoever has the task now publishes the same files; taking them back would take back theirs
    except BaseException:
        # Ctrl-C may come right after the commit: what is recorded as published stays.
        with database.read() as session:
            completed = get_job(session, job.id).state == JobState.COMPLETED
        if not completed:
            publication.undo()
        raise


def results_of(tasks: Sequence[Task]) -> list[tuple[Task, Output, Json]]:
    """What a job publishes: which step made it, what was planned, what was found."""
    return [
        (task, output, made)
        for task in tasks
        if task.kind == "step" and task.result
        for output in load_step(task.step or {}).outputs
        if output.publish is not None
        for made in task.result["outputs"][output.id]
    ]


def provenance(
    job: Job, task: Task, output: Output, made: Json, tasks: Sequence[Task], machine: Machine
) -> Json:
    """How an artifact came about: enough to make it again and to tell whether it would be the same."""
    makers = _upstream(task, {t.key: t for t in tasks})
    found = machine.capabilities
    return {
        "operation": load_step(task.step or {}).operation,
        "output": output.id,
        "bytes": made["bytes"],
        "commands": [line for maker in makers for line in (maker.result or {}).get("commands", ())],
        "tools": {
            "framemill": version("framemill"),
            "ffmpeg": found.ffmpeg_version,
            "ffprobe": found.ffprobe_version,
            "packager": found.packager_version,
        },
        "inputs": {name: facts["digest"] for name, facts in job.inputs.items()},
        "fingerprint": (job.plan or {}).get("fingerprint", ""),
        # Measured by the step itself: its own result's, not what it was made from.
        **({"found": found_out} if (found_out := (task.result or {}).get("found")) else {}),
        "wall_ms": sum(maker.wall_ms for maker in makers),
        "cpu_ms": sum(maker.cpu_ms for maker in makers),
        "peak_memory_bytes": max(maker.peak_memory_bytes for maker in makers),
    }


def _upstream(task: Task, by_key: dict[str, Task]) -> list[Task]:
    """The steps that led to `task`, in the plan's order, and itself last."""
    found: dict[str, Task] = {}
    waiting = [task]
    while waiting:
        one = waiting.pop()
        found[one.key] = one
        waiting += [by_key[key] for key in one.needs if key in by_key and key not in found]
    return sorted(found.values(), key=lambda t: t.position)
