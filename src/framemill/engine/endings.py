"""How a job ends: completed, failed or cancelled. What becomes of a claim is `engine.outcomes`' work."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState, next_job_state, next_task_state
from framemill.engine.accounting import settle
from framemill.engine.originals import settle_original
from framemill.store.database import Database
from framemill.store.jobs import add_log, count_tasks, get_job, tasks_of
from framemill.store.tables import Job
from framemill.store.tasks import release

Json = dict[str, Any]  # Any: JSON as the tables hold it


def fail_job(session: Session, job: Job, error: Json, *, now: datetime) -> None:
    """Fail `job` within a transaction; other workers that run tasks of it see that with their next beat."""
    _cancel_waiting(session, job, now=now)
    job.error = error
    end_job(session, job, JobState.FAILED, now=now)
    count_tasks(session, job)
    message, task = error["message"], error.get("task")
    add_log(session, job_id=job.id, at=now, message=message, level="error", task=task)


def cancelled(database: Database, job_id: str) -> None:
    """The job is cancelled and nothing works for it any more."""
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        for task in tasks_of(session, job.id, lock=True):
            if task.state == TaskState.LEASED:
                release(task, TaskState.CANCELLED, now=now)
        cancel_job(session, job, now=now)


def cancel_job(session: Session, job: Job, *, now: datetime) -> None:
    """Cancel `job` within a transaction; a worker that runs a task of it sees that with its next beat."""
    _cancel_waiting(session, job, now=now)
    if job.state != JobState.CANCELLED:
        end_job(session, job, JobState.CANCELLED, now=now)
        add_log(session, job_id=job.id, at=now, message="cancelled", level="warning")
    count_tasks(session, job)


def end_job(session: Session, job: Job, state: JobState, *, now: datetime, output_bytes: int = 0) -> None:
    """The job is over, within a transaction: its costs are settled, and what it was to bring."""
    job.state = next_job_state(JobState(job.state), state)
    job.step = None
    settle(job, tasks_of(session, job.id), now=now, output_bytes=output_bytes)
    settle_original(session, job, now=now)


def _cancel_waiting(session: Session, job: Job, *, now: datetime) -> None:
    for task in tasks_of(session, job.id, lock=True):
        if task.state in {TaskState.READY, TaskState.BLOCKED}:
            task.state = next_task_state(TaskState(task.state), TaskState.CANCELLED)
            task.not_before = None
            task.updated_at = now
