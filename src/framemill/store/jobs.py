"""Reading and listing jobs, their artifacts and their logs. What happens to tasks is `store.tasks`' work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from uuid_utils import uuid7

from framemill.domain import context
from framemill.domain.redaction import without_secrets
from framemill.domain.states import TaskState
from framemill.errors import JobNotFound
from framemill.store.tables import Artifact, Job, JobLog, Task

# Kinds of tasks that a job's progress counts.
WORK = ("step", "bring")


def new_id() -> str:
    """A UUIDv7: sorts by the time it was made."""
    return str(uuid7())


def get_job(session: Session, job_id: str, *, lock: bool = False) -> Job:
    """The job, locked against other writers where it will be changed; JobNotFound where there is none."""
    try:
        wanted = str(UUID(job_id))
    except ValueError:
        raise JobNotFound(job_id) from None
    query = select(Job).where(Job.id == wanted)
    # Key share: rows that refer to a locked one may be written meanwhile, as its key stays.
    job = session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if job is None:
        raise JobNotFound(job_id)
    return job


def keyed_job(session: Session, *, owner: str, key: str) -> Job | None:
    """The job that `owner` submitted under this idempotency key, if there is one."""
    return session.scalars(select(Job).where(Job.owner == owner, Job.idempotency_key == key)).one_or_none()


def tasks_of(session: Session, job_id: str, *, lock: bool = False) -> list[Task]:
    """Every task of a job, in the plan's order."""
    query = select(Task).where(Task.job_id == job_id).order_by(Task.position)
    return list(session.scalars(query.with_for_update(key_share=True) if lock else query))


def artifacts_of(session: Session, job_id: str) -> list[Artifact]:
    """What a job published, in the plan's order."""
    return list(
        session.scalars(select(Artifact).where(Artifact.job_id == job_id).order_by(Artifact.position))
    )


def forget_plan(session: Session, job_id: str) -> None:
    """Drop every task and artifact of a job, so that it is planned anew."""
    session.execute(delete(Artifact).where(Artifact.job_id == job_id))
    session.execute(delete(Task).where(Task.job_id == job_id))


def add_log(
    session: Session, *, job_id: str, at: datetime, message: str, level: str = "info", task: str | None = None
) -> None:
    """Note what happened, without secrets, and by which request: the job's own if none is known."""
    # A program may say anything; PostgreSQL keeps no text with a zero in it.
    said = without_secrets(message).replace("\0", "\N{REPLACEMENT CHARACTER}")
    correlation_id = context.correlation_id()
    # Whoever notes something has just read the job, so this asks nobody.
    if correlation_id is None and (job := session.get(Job, job_id)) is not None:
        correlation_id = job.correlation_id
    session.add(
        JobLog(
            job_id=job_id,
            task_key=task,
            level=level,
            message=said,
            correlation_id=correlation_id,
            at=at,
        )
    )


def logs_of(session: Session, job_id: str, *, after: int = 0, limit: int = 500) -> list[JobLog]:
    """What happened, oldest first; `after` is the last id of the page before."""
    query = select(JobLog).where(JobLog.job_id == job_id, JobLog.id > after).order_by(JobLog.id).limit(limit)
    return list(session.scalars(query))


def count_tasks(session: Session, job: Job) -> None:
    """Bring the job's counters and its progress up to its tasks, as they are in this transaction."""
    session.flush()
    rows = session.execute(
        select(Task.state, func.count(), func.sum(Task.weight), func.sum(Task.weight * Task.progress))
        .where(Task.job_id == job.id, Task.kind.in_(WORK))
        .group_by(Task.state)
    ).all()
    count = {state: n for state, n, _, _ in rows}
    job.tasks_total = sum(count.values())
    job.tasks_done = count.get(TaskState.DONE, 0)
    job.tasks_failed = count.get(TaskState.FAILED, 0)
    # PostgreSQL's sum of whole numbers is a Decimal.
    if weight := sum(int(w) for _, _, w, _ in rows):
        job.progress = round(sum(p for _, _, _, p in rows) / weight, 2)
