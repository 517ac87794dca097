"""How far jobs are that somebody works at, along indexes that hold nothing but those."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState
from framemill.store.tables import Job, JobLog, Task

_MOST_JOBS = 2000
_MOST_LINES = 500


def under_way(session: Session, job_ids: Sequence[str] | None) -> Sequence[Any]:  # Any: rows of these columns
    """Id, workspace, state, progress, step and counters of jobs that run or are paused, the newest first."""
    columns = (
        *(Job.id, Job.workspace_id, Job.state, Job.progress, Job.step, Job.tasks_total, Job.tasks_done),
    )
    query = select(*columns).where(Job.state.in_((JobState.RUNNING, JobState.PAUSED)))
    if job_ids is not None:
        query = query.where(Job.id.in_(job_ids))
    return session.execute(query.order_by(Job.id.desc()).limit(_MOST_JOBS)).all()


class Pace(NamedTuple):
    """How a step that is at work goes on, as far as it says."""

    speed: float | None = None  # times real time
    fps: float | None = None  # pictures a second
    eta_ms: int | None = None


def steps_at_work(session: Session, job_ids: Sequence[str] | None) -> dict[str, Pace]:
    """For each job the pace of the step that takes longest, of those that say it."""
    query = select(Task.job_id, Task.speed, Task.fps, Task.eta_ms).where(Task.state == TaskState.LEASED)
    if job_ids is not None:
        query = query.where(Task.job_id.in_(job_ids))
    found: dict[str, Pace] = {}
    for job_id, speed, fps, eta_ms in session.execute(query.limit(_MOST_JOBS)):
        now, before = Pace(speed, fps, eta_ms), found.get(job_id)
        if before is None or (now.eta_ms or 0) > (before.eta_ms or 0):
            found[job_id] = now
    return found


def lines_after(session: Session, after: Mapping[str, int]) -> dict[str, list[JobLog]]:
    """New lines of these jobs' logs, for each job those after its id; 500 in all.

    Lines of one job are written while its row is locked, so its ids grow as they are committed.
    """
    found: dict[str, list[JobLog]] = {}
    left = _MOST_LINES
    for job_id, last in after.items():
        query = select(JobLog).where(JobLog.job_id == job_id, JobLog.id > last).order_by(JobLog.id)
        if rows := list(session.scalars(query.limit(left))):
            found[job_id] = rows
            left -= len(rows)
        if left <= 0:
            break
    return found
