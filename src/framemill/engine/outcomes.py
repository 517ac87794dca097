"""How a task ends, each way one transaction guarded by the fencing token of its claim."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from framemill.domain.costs import Prices
from framemill.domain.plan import Plan
from framemill.domain.states import JobState, TaskState, next_job_state
from framemill.engine.accounting import expected
from framemill.engine.dispatch import Wake, wakes
from framemill.engine.endings import end_job, fail_job
from framemill.engine.matching import needed
from framemill.engine.patience import patient
from framemill.engine.stored import dump, plan_summary
from framemill.errors import Cancelled
from framemill.store.database import Database
from framemill.store.jobs import add_log, count_tasks, get_job, new_id, tasks_of
from framemill.store.makings import count_stored, fill_media
from framemill.store.tables import Artifact, Job, Task
from framemill.store.tasks import again, finish, held, hold_back, needing, release, unblock

if TYPE_CHECKING:
    from framemill.engine.publishing import Published

Json = dict[str, Any]  # Any: JSON as the tables hold it
_FREE = Prices()


def new_task(job: Job, *, key: str, kind: str, title: str, position: int, now: datetime, **more: Any) -> Task:  # noqa: ANN401 - columns of Task
    """A task of `job`, ready unless `needs` are given."""
    needs = list(more.pop("needs", ()))
    return Task(
        id=new_id(),
        job_id=job.id,
        key=key,
        kind=kind,
        title=title,
        position=position,
        needs=needs,
        state=TaskState.BLOCKED if needs else TaskState.READY,
        rank=10 - job.priority,
        turn=job.turn,
        lane=job.lane,
        ready_at=None if needs else now,
        updated_at=now,
        **{"resource": "io", **more},
    )


@patient(list[Wake])
def planned(
    database: Database,
    claimed: Task,
    plan: Plan,
    digests: Mapping[str, str],
    *,
    prices: Prices = _FREE,
    encoders: frozenset[str] = frozenset(),
    media: Json | None = None,
) -> list[Wake]:
    """The plan is made: its steps become tasks, and a last one will publish their results.

    `encoders` are those of the machine that planned; `media` is what the job's video holds, where that
    was not known yet.
    """
    with database.write() as session:
        job, now = _finish(database, session, claimed)
        if media is not None and job.video_id is not None:
            fill_media(session, job.video_id, media, now=now)
        job.plan = plan_summary(plan)
        job.estimate = expected(plan, prices)
        job.inputs = {name: {**facts, "digest": digests[name]} for name, facts in job.inputs.items()}
        steps = [
            new_task(
                job,
                key=step.key,
                kind="step",
                title=step.title,
                position=number,
                now=now,
                needs=plan.needs(step),
                step=dump(step),
                resource=step.resource,
                requires=needed(step, encoders=encoders),
                weight=max(1, step.estimate.wall_ms),
            )
            for number, step in enumerate(plan.steps, start=1)
        ]
        session.add_all(steps)
        session.add(
            new_task(
                job,
                key="publish",
                kind="publish",
                title="publish the results",
                position=len(plan.steps) + 1,
                now=now,
                needs=[step.key for step in plan.steps],
            )
        )
        count_tasks(session, job)
        for note in plan.notes:
            add_log(session, job_id=job.id, at=now, message=note)
        for warning in plan.warnings:
            add_log(session, job_id=job.id, at=now, message=warning, level="warning")
        return wakes(_unless_paused(job, [step for step in steps if step.state == TaskState.READY]))


@patient(list[Wake])
def fetched(database: Database, claimed: Task, name: str, facts: Json) -> list[Wake]:
    """An input has come: planning may begin when all have."""
    with database.write() as session:
        job, now = _finish(database, session, claimed)
        job.inputs = {**job.inputs, name: facts}
        freed = [] if job.state == JobState.PAUSED else unblock(tasks_of(session, job.id), now=now)
        add_log(session, job_id=job.id, at=now, message=f"done: {claimed.title}", task=claimed.key)
        return wakes(freed)


@patient(list[Wake])
def step_done(
    database: Database, claimed: Task, result: Json, *, wall_ms: int, cpu_ms: int, peak_memory_bytes: int
) -> list[Wake]:
    """A step's outputs are verified; what waited for them may go on.

    A power cut costs the step, as it may cost its files: waiting for the disk
    here took longer than the rest of the transaction by far.
    """
    with database.write() as session:
        used = {"wall_ms": wall_ms, "cpu_ms": cpu_ms, "peak_memory_bytes": peak_memory_bytes}
        job, now = _finish(database, session, claimed, result=result, **used)
        _add_findings(session, job, claimed.key, result, now=now)
        freed = [] if job.state == JobState.PAUSED else unblock(tasks_of(session, job.id), now=now)
        count_tasks(session, job)
        add_log(session, job_id=job.id, at=now, message=f"done: {claimed.title}", task=claimed.key)
        return wakes(freed)


def _add_findings(session: Session, job: Job, step: str, result: Json, *, now: datetime) -> None:
    """What a step found out joins what the plan said."""
    found = {kind: list(result.get(kind, ())) for kind in ("notes", "warnings")}
    plan = dict(job.plan or {})
    job.plan = plan | {kind: [*plan.get(kind, ()), *texts] for kind, texts in found.items() if texts}
    for kind, level in (("notes", "info"), ("warnings", "warning")):
        for text in found[kind]:
            add_log(session, job_id=job.id, at=now, message=text, level=level, task=step)


@patient(lambda: None)
def published(database: Database, claimed: Task, artifacts: "Sequence[Published]") -> None:
    """Everything is under its name: the job is completed. Raises Cancelled where it was cancelled."""
    with database.write(durable=True) as session:
        job, now = _finish(database, session, claimed)
        made = sum(item.bytes for item in artifacts)
        if job.video_id is not None:
            count_stored(session, job.video_id, made, now=now)
        for position, item in enumerate(artifacts):
            session.add(
                Artifact(
                    id=new_id(),
                    job_id=job.id,
                    task_id=item.task_id,
                    position=position,
                    role=item.role,
                    path=item.path,
                    key=item.key,
                    video_id=job.video_id,
                    bytes=item.bytes,
                    digest=item.digest,
                    media=item.media,
                    provenance=item.provenance,
                    created_at=now,
                )
            )
        end_job(session, job, JobState.COMPLETED, now=now, output_bytes=made)
        job.progress, job.error = 100.0, None
        add_log(session, job_id=job.id, at=now, message=f"completed: {len(artifacts)} results")


@patient(lambda: None)
def brought(database: Database, claimed: Task, *, notes: Sequence[str], warnings: Sequence[str]) -> None:
    """The original that the job was for is there: the job is completed."""
    with database.write(durable=True) as session:
        job, now = _finish(database, session, claimed)
        job.plan = {"notes": list(notes), "warnings": list(warnings)}
        count_tasks(session, job)
        end_job(session, job, JobState.COMPLETED, now=now)
        job.progress, job.error = 100.0, None
        add_log(session, job_id=job.id, at=now, message="; ".join(["completed", *notes, *warnings]))


@patient(list[Wake])
def put_back(database: Database, claimed: Task, error: Json, *, wait: timedelta) -> list[Wake]:
    """The task failed for a passing reason and will be tried again after `wait`."""
    with database.write() as session:
        task, job, now = mine(database, session, claimed)
        release(task, TaskState.READY, now=now, error=error, not_before=now + wait)
        message = f"attempt {task.attempt} failed, trying again: {error['message']}"
        add_log(session, job_id=job.id, at=now, message=message, level="warning", task=task.key)
        return wakes(_unless_paused(job, [task]))


@patient(list[Wake])
def do_again(database: Database, claimed: Task, keys: set[str], *, wait: timedelta) -> list[Wake]:
    """What the steps of `keys` made cannot be had: they are done again, and then this task.

    Where somebody works with it at this moment, this task is only put back for a while.
    """
    with database.write() as session:
        task, job, now = mine(database, session, claimed)
        release(task, TaskState.READY, now=now, not_before=now + wait)
        tasks, tried = tasks_of(session, job.id, lock=True), task.attempt
        concerned = needing(tasks, keys)
        message = f"what {', '.join(sorted(keys))} made cannot be had here any more"
        add_log(session, job_id=job.id, at=now, message=message, level="warning", task=task.key)
        if any(t.state == TaskState.LEASED and t.key in concerned for t in tasks):
            return wakes(_unless_paused(job, [task]))
        ready = again(tasks, keys, now=now)
        task.attempt = tried  # so that this cannot go on for ever
        count_tasks(session, job)
        return wakes(_unless_paused(job, ready))


@patient(list[Wake])
def hand_back(database: Database, claimed: Task, why: str) -> list[Wake]:
    """The worker cannot go on: another one begins the task anew, and nothing is held against it."""
    with database.write() as session:
        task, job, now = mine(database, session, claimed)
        release(task, TaskState.READY, now=now)
        task.attempt -= 1
        message = f"handed back by {claimed.lease_worker}, {why}"
        add_log(session, job_id=job.id, at=now, message=message, task=task.key)
        return wakes(_unless_paused(job, [task]))


@patient(lambda: None)
def failed(database: Database, claimed: Task, error: Json) -> None:
    """The task failed for good, and so did its job."""
    with database.write(durable=True) as session:
        task, job, now = mine(database, session, claimed)
        release(task, TaskState.FAILED, now=now, error=error)
        fail_job(session, job, {"task": task.key, **error}, now=now)


def mine(database: Database, session: Session, claimed: Task) -> tuple[Task, Job, datetime]:
    """The task, its job and the time, locked for who claimed it; LeaseLost, Cancelled."""
    # The job first, then its tasks: everyone locks in this order.
    job = get_job(session, claimed.job_id, lock=True)
    task = held(session, claimed.id, claimed.lease_token)
    _goes_on(job)
    return task, job, database.now(session)


def _finish(database: Database, session: Session, claimed: Task, **made: object) -> tuple[Job, datetime]:
    job, now = get_job(session, claimed.job_id, lock=True), database.now(session)
    finish(session, claimed.id, claimed.lease_token, now=now, **made)
    _goes_on(job)
    return job, now


def _goes_on(job: Job) -> None:
    if JobState(job.state).ended:
        raise Cancelled
    if job.state == JobState.QUEUED:  # its row was locked when the task was claimed
        job.state = next_job_state(JobState.QUEUED, JobState.RUNNING)


def _unless_paused(job: Job, ready: Sequence[Task]) -> Sequence[Task]:
    """`ready`, or none of them, blocked, while the job is paused: its end makes them ready again."""
    if job.state != JobState.PAUSED:
        return ready
    hold_back(ready)
    return ()
