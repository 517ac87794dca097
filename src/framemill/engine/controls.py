"""What people do to a job on its way: end it, hold it up, let it go on, hurry it, clean it away afterwards.

Each is one transaction. A worker that runs a task of the job sees it with its
next heartbeat; nobody else has to be told.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from framemill.domain.states import JobState, TaskState, next_job_state
from framemill.engine import endings
from framemill.engine.accounting import count_idle
from framemill.engine.dispatch import Wake, wakes
from framemill.engine.originals import forget_address
from framemill.engine.places import PLAIN, Places
from framemill.errors import IllegalTransition
from framemill.store.cleaning import count_ended_before, delete_jobs, ended_before
from framemill.store.database import Database
from framemill.store.jobs import add_log, get_job, tasks_of
from framemill.store.tables import Job, Task
from framemill.store.tasks import hold_back, unblock
from framemill.store.turns import front_turn, next_turn
from framemill.store.workers import audit


def cancel(database: Database, job_id: str, *, actor: str) -> JobState:
    """End a job, or of a failed one what was kept for a retry; returns what it was before.

    Who runs it sees that with the next heartbeat; clearing up is the
    caller's. Raises IllegalTransition where it has completed.
    """
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        before = JobState(job.state)
        if before is JobState.COMPLETED:
            raise IllegalTransition(f"job {job_id} has completed already")
        if before is not JobState.CANCELLED:
            subject, data = f"job:{job.id}", {"before": str(before)}
            audit(session, at=now, actor=actor, action="job.cancelled", subject=subject, data=data)
        if before is JobState.FAILED:
            forget_address(job)
        else:
            endings.cancel_job(session, job, now=now)
        return before


def pause(database: Database, job_id: str, *, actor: str) -> None:
    """Hold up a queued or running job; doing so again changes nothing.

    Its programs are stopped by who runs them, within a second, and the leases
    are kept. Nothing of it is claimed. Raises IllegalTransition where it has ended.
    """
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        if job.state == JobState.PAUSED:
            return
        job.state = next_job_state(JobState(job.state), JobState.PAUSED)
        job.paused_at = job.updated_at = now
        hold_back(tasks_of(session, job.id, lock=True))
        add_log(session, job_id=job.id, at=now, message="paused")
        audit(session, at=now, actor=actor, action="job.paused", subject=f"job:{job.id}")


def resume(database: Database, job_id: str, *, actor: str) -> list[Wake]:
    """Let a paused job go on where it was; returns whom to wake.

    One that is not paused goes on as it does. Raises IllegalTransition where it has ended.
    """
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        if job.state in {JobState.QUEUED, JobState.RUNNING}:
            return []
        if job.state != JobState.PAUSED:
            raise IllegalTransition(f"a {job.state} job cannot go on; `retry` begins again")
        tasks = tasks_of(session, job.id, lock=True)
        at_work = any(task.state == TaskState.LEASED for task in tasks)
        job.state = next_job_state(JobState.PAUSED, JobState.RUNNING if at_work else JobState.QUEUED)
        count_idle(job, now=now)
        job.updated_at = now
        _set_turn(job, tasks, max(job.turn, front_turn(session, priority=job.priority)))
        ready = unblock(tasks, now=now)
        add_log(session, job_id=job.id, at=now, message="resumed")
        audit(session, at=now, actor=actor, action="job.resumed", subject=f"job:{job.id}")
        return wakes(ready)


def set_priority(database: Database, job_id: str, priority: int, *, actor: str) -> list[Wake]:
    """Make a job more or less urgent, from the next claim on; returns whom to wake.

    It joins the line of its new priority behind its owner's other jobs.
    Raises IllegalTransition where it has ended.
    """
    with database.write(durable=True) as session:
        job, now = get_job(session, job_id, lock=True), database.now(session)
        if JobState(job.state).ended:
            raise IllegalTransition(f"job {job_id} has ended: it is {job.state}")
        tasks = tasks_of(session, job.id, lock=True)
        ready = [task for task in tasks if task.state == TaskState.READY]
        if job.priority == priority:
            return wakes(ready)
        before, job.priority = job.priority, priority
        for task in tasks:
            task.rank = 10 - priority
        _set_turn(job, tasks, next_turn(session, owner=job.owner, priority=priority))
        job.updated_at = now
        add_log(session, job_id=job.id, at=now, message=f"priority {priority} instead of {before}")
        data = {"priority": priority, "before": before}
        audit(session, at=now, actor=actor, action="job.reprioritised", subject=f"job:{job.id}", data=data)
        return wakes(ready)


def clean(
    database: Database,
    *,
    older_than: timedelta,
    states: Sequence[JobState],
    actor: str,
    at_once: int = 200,
    at_most: int | None = None,
    places: Places = PLAIN,
) -> int:
    """Forget jobs that ended longer ago than `older_than`; returns how many those were.

    Their results stay; working folders that were kept for a retry go.
    """
    done = 0
    while at_most is None or done < at_most:
        with database.read() as session:
            limit = database.now(session) - older_than
            found = ended_before(session, limit, states=states, limit=at_once)
        for job in found:
            with suppress(OSError):  # on a disk that is not there, say
                places.of(job).remove()
        # Looked at again where it counts: meanwhile one may have been retried.
        with database.write() as session:
            gone = delete_jobs(session, [job.id for job in found], before=limit)
            if gone:
                now = database.now(session)
                audit(
                    session,
                    at=now,
                    actor=actor,
                    action="jobs.cleaned",
                    subject="jobs:ended",
                    data={"jobs": gone},
                )
        done += len(gone)
        if len(found) < at_once or not gone:
            break
    return done


def count_old(database: Database, *, older_than: timedelta, states: Sequence[JobState]) -> int:
    """How many jobs `clean` would forget."""
    with database.read() as session:
        return count_ended_before(session, database.now(session) - older_than, states=states)


def _set_turn(job: Job, tasks: Sequence[Task], turn: int) -> None:
    job.turn = turn
    for task in tasks:
        task.turn = turn
