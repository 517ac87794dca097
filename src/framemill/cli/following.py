"""A job that others run, told as if it ran here: its rows become the events of a worker."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from framemill.domain.states import JobState, TaskState
from framemill.engine.events import Event, JobChanged, Progress, TaskChanged

if TYPE_CHECKING:
    from framemill.services.jobs import Jobs
    from framemill.services.records import JobDetail, TaskRecord

_LOOK_S = 0.5  # as often as progress is saved


def follow(
    jobs: "Jobs", job_id: str, tell: Callable[[Event], None], *, wait: Callable[[float], object]
) -> "JobDetail":
    """Tell what happens to a job until it has ended; JobNotFound, also where it is cleaned away meanwhile."""
    seen: dict[str, TaskRecord] = {}
    state: JobState | None = None
    while True:
        detail = jobs.show(job_id)
        if detail.job.state is not state:
            state = detail.job.state
            tell(JobChanged(job_id=job_id, state=state))
        for task in detail.tasks:
            before = seen.get(task.key)
            seen[task.key] = task
            _tell_of(task, before, detail, tell)
        if state.ended:
            return detail
        wait(_LOOK_S)


def _tell_of(
    task: "TaskRecord", before: "TaskRecord | None", detail: "JobDetail", tell: Callable[[Event], None]
) -> None:
    job = detail.job
    was = before.state if before else None
    # What was done before anybody looked is no news.
    if task.state is not was and not (before is None and task.state is not TaskState.LEASED):
        message = (task.error or {}).get("message") if task.state is TaskState.READY else None
        tell(TaskChanged(job_id=job.id, task=task.key, title=task.title, state=task.state, message=message))
    if task.state is TaskState.LEASED and task.counts:
        tell(
            Progress(
                job_id=job.id,
                task=task.key,
                title=task.title,
                percent=task.progress,
                job_percent=job.progress,
                speed=task.speed,
                fps=task.fps,
                eta_ms=task.eta_ms,
            )
        )
