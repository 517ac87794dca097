"""The reaper: tasks whose worker is gone go back to the queue; nobody has to notice or ask.

A worker that died on this host is known by its process, at once; one on
another host by its lease, which it can no longer renew. Any number of reapers
may run: each act is a transaction that looks again before it changes anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from framemill.domain.plan import Resource
from framemill.domain.states import JobState, TaskState
from framemill.engine import endings
from framemill.engine.dispatch import Dispatcher, Wake, wakes
from framemill.engine.failures import KEEPS_WORK, backoff
from framemill.engine.identity import end_leftover, host, is_gone
from framemill.engine.places import PLAIN, Places
from framemill.engine.recovery import clear_up
from framemill.engine.stored import dump_error
from framemill.engine.workspace import remove
from framemill.errors import WorkerLost
from framemill.store.database import Database
from framemill.store.jobs import add_log, count_tasks, get_job, tasks_of
from framemill.store.tables import Job, Task, Worker
from framemill.store.tasks import hold_back, release
from framemill.store.workers import GONE, audit

_AT_ONCE = 1000
_JUST_NOW = timedelta(minutes=5)
# Longer than any wait before another try.
_SILENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaper:
    """Looks after what dead workers left."""

    database: Database
    dispatcher: Dispatcher
    spread: Callable[[], float]
    worker_ttl: timedelta = timedelta(seconds=60)
    # How long a ready task may wait before its message counts as lost.
    unheard: timedelta = timedelta(seconds=30)
    places: Places = PLAIN

    def reap(self) -> int:
        """Put back what dead workers held; returns how many tasks that were."""
        with self.database.read() as session:
            now = self.database.now(session)
            leased = session.scalars(select(Task).where(Task.state == TaskState.LEASED)).all()
        dead = [task for task in leased if _is_dead(task, now)]
        for task in dead:
            self._reap(task)
        self._free_lanes()
        self._forget_workers(now)
        self._tidy(now)
        return len(dead)

    def ring_again(self) -> int:
        """Nudge for ready tasks that nobody took for a while; returns how many."""
        # Class by class, so that a long line of one does not hide another.
        return sum(self._ring_again(resource) for resource in Resource)

    def _ring_again(self, resource: str) -> int:
        with self.database.read() as session:
            now = self.database.now(session)
            waiting = session.scalars(
                select(Task)
                .where(
                    Task.state == TaskState.READY,
                    Task.lane == "",
                    Task.resource == resource,
                    or_(Task.not_before.is_(None), Task.not_before <= now),
                    Task.ready_at < now - self.unheard,
                )
                .order_by(Task.rank, Task.turn, Task.id)
                .limit(_AT_ONCE)
            ).all()
        if waiting:
            self.dispatcher.nudge([replace(w, not_before=None, again=True) for w in wakes(waiting)])
        return len(waiting)

    def _reap(self, dead: Task) -> None:
        self._end_tool(dead)
        with self.database.write(durable=True) as session:
            job = get_job(session, dead.job_id, lock=True)
            tasks = tasks_of(session, job.id, lock=True)
            task = next(t for t in tasks if t.id == dead.id)
            now = self.database.now(session)
            if (
                task.state != TaskState.LEASED
                or task.lease_token != dead.lease_token
                or not _is_dead(task, now)
            ):
                return  # it came back, or another reaper was here
            woken, ended = self._decide(session, job, task, now)
            alone = not any(t.state == TaskState.LEASED for t in tasks)
        scratch = self.places.of(job).scratch(position=dead.position, key=dead.key, token=dead.lease_token)
        remove(scratch)
        if ended and alone:
            kept = job.state == JobState.FAILED and (job.error or {}).get("code") in KEEPS_WORK
            clear_up(self.database, job.id, keep_work=kept, places=self.places)
        self.dispatcher.nudge(woken)

    def _decide(self, session: Session, job: Job, task: Task, now: datetime) -> tuple[list[Wake], bool]:
        """Put the task back, or end it with its job; says whom to wake and whether the job has ended."""
        worker, lost = task.lease_worker, WorkerLost()
        if JobState(job.state).ended:
            release(task, TaskState.CANCELLED, now=now)
            return [], True
        data = {"worker": worker, "attempt": task.attempt, "task": task.key}
        audit(session, at=now, actor="reaper", action="task.reaped", subject=f"job:{job.id}", data=data)
        error = dump_error(lost)
        if task.attempt >= job.max_attempts:
            release(task, TaskState.FAILED, now=now, error=error)
            endings.fail_job(session, job, {"task": task.key, **error}, now=now)
            return [], True
        wait = backoff(task.attempt, spread=self.spread)
        release(task, TaskState.READY, now=now, error=error, not_before=now + wait)
        if job.state == JobState.PAUSED:
            hold_back([task])
        add_log(
            session,
            job_id=job.id,
            at=now,
            message=f"the worker {worker} went away; trying again",
            level="warning",
            task=task.key,
        )
        count_tasks(session, job)
        return wakes([] if job.state == JobState.PAUSED else [task]), False

    def _end_tool(self, task: Task) -> None:
        # Its program may outlive a worker on this host, and would go on writing.
        here = task.lease_worker is not None and task.lease_worker.rsplit(":", 2)[0] == host()
        if here and task.tool_pid is not None and task.tool_started is not None:
            end_leftover(task.tool_pid, task.tool_started)

    def _free_lanes(self) -> None:
        """Jobs that somebody ran in the foreground, and who is gone, become everyone's."""
        with self.database.read() as session:
            now = self.database.now(session)
            reserved = session.scalars(
                select(Job).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING)), Job.lane != "")
            ).all()
        # A worker on another host cannot be looked at; it is held for gone when it did nothing for long.
        for job in reserved:
            elsewhere = job.lane.rsplit(":", 2)[0] != host()
            if is_gone(job.lane) or (elsewhere and job.updated_at < now - _SILENT):
                self._free(job.id, job.lane)

    def _free(self, job_id: str, lane: str) -> None:
        with self.database.write(durable=True) as session:
            job = get_job(session, job_id, lock=True)
            tasks = tasks_of(session, job.id, lock=True)
            if job.lane != lane or JobState(job.state).ended:
                return  # somebody else has it now
            if any(task.state == TaskState.LEASED for task in tasks):
                return  # it is at work after all, or its lease will tell
            _into_common_lane(job, tasks)
            woken = wakes(task for task in tasks if task.state == TaskState.READY)
        self.dispatcher.nudge(woken)

    def _tidy(self, now: datetime) -> None:
        """Remove working folders whose worker died between completing its job and removing them itself."""
        with self.database.read() as session:
            done = session.scalars(
                select(Job).where(Job.state == JobState.COMPLETED, Job.finished_at > now - _JUST_NOW)
            ).all()
        for job in done:
            self.places.of(job).remove()

    def _forget_workers(self, now: datetime) -> None:
        with self.database.read() as session:
            present = session.scalars(select(Worker).where(Worker.state != GONE)).all()
        gone = [w.id for w in present if w.seen_at < now - self.worker_ttl or is_gone(w.id)]
        if not gone:
            return
        with self.database.write() as session:
            for worker in session.scalars(select(Worker).where(Worker.id.in_(gone), Worker.state != GONE)):
                worker.state = GONE
                audit(session, at=now, actor="reaper", action="worker.gone", subject=f"worker:{worker.id}")


def _into_common_lane(job: Job, tasks: Sequence[Task]) -> None:
    job.lane = ""
    for task in tasks:
        task.lane = ""


def _is_dead(task: Task, now: datetime) -> bool:
    expired = task.lease_expires is None or task.lease_expires <= now
    return expired or (task.lease_worker is not None and is_gone(task.lease_worker))
