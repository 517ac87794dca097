"""What metrics ask of the tables: each answer from one small index, or from rows that are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState
from framemill.domain.webhooks import DeliveryState
from framemill.store.base import Json
from framemill.store.tables import Job, Task
from framemill.store.video_tables import Video
from framemill.store.webhook_tables import Delivery, DeliveryAttempt, Webhook

_OPEN = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """A job that has ended."""

    id: str
    at: datetime
    kind: str
    state: JobState
    processing_ms: int | None
    input_bytes: int
    output_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUse:
    """What tasks of one kind took."""

    step: str  # fetch, plan, bring, publish; or the operation that the step is for
    tasks: int
    retries: int
    wall_ms: int
    cpu_ms: int


def ended_after(
    session: Session, after: tuple[datetime, str], *, until: datetime, limit: int
) -> list[EndedJob]:
    """Jobs that ended later than (when, id), in that order."""
    when, last = after
    rows = session.execute(
        select(Job.id, Job.finished_at, Job.kind, Job.state, Job.processing_ms, Job.inputs, Job.actual)
        .where(
            Job.finished_at >= when,
            Job.finished_at <= until,
            or_(Job.finished_at > when, and_(Job.finished_at == when, Job.id > last)),
        )
        .order_by(Job.finished_at, Job.id)
        .limit(limit)
    ).all()
    return [
        EndedJob(
            id=job_id,
            at=at,
            kind=kind,
            state=JobState(state),
            processing_ms=took,
            input_bytes=sum(_bytes(facts) for facts in inputs.values()),
            output_bytes=int((actual or {}).get("output_bytes") or 0),
        )
        for job_id, at, kind, state, took, inputs, actual in rows
        if at is not None
    ]


def uses_of(session: Session, job_ids: Sequence[str]) -> list[StepUse]:
    """What the tasks of these jobs took, by kind of step."""
    if not job_ids:
        return []
    operation = Task.step["operation"].as_string()
    step = case((Task.kind == "step", func.coalesce(operation, "step")), else_=Task.kind)
    rows = session.execute(
        select(
            step,
            func.count(),
            func.sum(case((Task.attempt > 1, Task.attempt - 1), else_=0)),
            func.sum(Task.wall_ms),
            func.sum(Task.cpu_ms),
        )
        .where(Task.job_id.in_(job_ids))
        .group_by(step)
    ).all()
    return [
        StepUse(step=name, tasks=int(n), retries=int(again), wall_ms=int(wall), cpu_ms=int(cpu))
        for name, n, again, wall, cpu in rows
    ]


def open_jobs_of(session: Session, kinds: Sequence[str]) -> dict[tuple[JobState, str], int]:
    """How many jobs of each of these kinds have not ended, by state."""
    rows = session.execute(
        select(Job.state, Job.kind, func.count())
        .where(Job.kind.in_(kinds), Job.state.in_(_OPEN))
        .group_by(Job.kind, Job.state)
    ).all()
    return {(JobState(state), kind): count for state, kind, count in rows}


def ready_tasks(session: Session) -> int:
    """How many tasks wait for a worker."""
    return session.scalars(select(func.count()).select_from(Task).where(_is(TaskState.READY))).one()


def leases(session: Session) -> list[tuple[str, float | None]]:
    """Who has each task that somebody has, and how many times real time it goes."""
    rows = session.execute(select(Task.lease_worker, Task.speed).where(_is(TaskState.LEASED))).all()
    return [(worker or "", speed) for worker, speed in rows]


def silent_jobs(session: Session, *, since: datetime) -> Sequence[str]:
    """Running jobs of which nothing was heard since then; a paused one is silent by right."""
    held, ready = (
        exists().where(Task.job_id == Job.id, Task.state == state)
        for state in (TaskState.LEASED, TaskState.READY)
    )
    return session.scalars(
        select(Job.id).where(
            Job.state == JobState.RUNNING,
            Job.updated_at < since,
            or_(held, ~ready),  # one that waits its turn is not stuck
        )
    ).all()


def attempts_after(
    session: Session, after: tuple[datetime, int], *, until: datetime, limit: int
) -> list[tuple[datetime, int, str]]:
    """Attempts at webhooks that ended later than (when, id), in that order: both, and the outcome."""
    when, last = after
    tried = DeliveryAttempt
    rows = session.execute(
        select(tried.at, tried.id, tried.outcome)
        .where(
            tried.at >= when, tried.at <= until, or_(tried.at > when, and_(tried.at == when, tried.id > last))
        )
        .order_by(tried.at, tried.id)
        .limit(limit)
    ).all()
    return [(at, number, outcome) for at, number, outcome in rows]


def webhooks(session: Session) -> dict[str, int]:
    """How many webhooks are on, failing and off."""
    off, failing = Webhook.disabled_at.is_not(None), Webhook.failures > 0
    state = case((off, "off"), (failing, "failing"), else_="on")
    rows = session.execute(select(state, func.count()).group_by(state)).all()
    return {"on": 0, "failing": 0, "off": 0} | dict(rows)


def waiting_messages(session: Session) -> tuple[int, datetime | None]:
    """How many messages to webhooks wait, and since when the oldest does."""
    pending = Delivery.state == literal_column(f"'{DeliveryState.PENDING}'", String)
    count, oldest = session.execute(select(func.count(), func.min(Delivery.tried_since)).where(pending)).one()
    return count, oldest


def stored(session: Session) -> tuple[int, int]:
    """How many videos there are, and how many bytes they have with all that was made from them."""
    count, size = session.execute(select(func.count(), func.coalesce(func.sum(Video.stored_bytes), 0))).one()
    return count, int(size)


def _is(state: TaskState) -> ColumnElement[bool]:
    # Said in the query's text, or SQLite would not see that the index of just these rows answers it.
    return Task.state == literal_column(f"'{state}'", String)


def _bytes(facts: Json) -> int:
    return int(facts.get("size") or facts.get("bytes") or 0)
