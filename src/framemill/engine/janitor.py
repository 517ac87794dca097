"""The janitor: what got stuck is set going or ended, and what is long over is cleaned away.

Workers that died are the reaper's. Any number of janitors may run: each act is
a transaction that looks again before it changes anything.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from framemill.domain.states import JobState, TaskState
from framemill.engine import controls, endings
from framemill.engine.dispatch import Dispatcher, Wake, wakes
from framemill.engine.failures import KEEPS_WORK, backoff
from framemill.engine.places import PLAIN, Places
from framemill.engine.recovery import clear_up
from framemill.engine.stored import dump_error
from framemill.engine.workspace import Workspace
from framemill.errors import FramemillError, JobNotFound, TimedOut
from framemill.store.cleaning import delete_workers, ended_between
from framemill.store.database import Database
from framemill.store.jobs import add_log, count_tasks, get_job, tasks_of
from framemill.store.tables import Job, Task
from framemill.store.tasks import release, unblock
from framemill.store.workers import audit

_ACTOR = "janitor"
_CLEANING = timedelta(hours=1)
_AT_ONCE = 200
_MOST_AT_A_TIME = 10_000  # jobs that one round forgets; the next goes on
_MOST_LOOKED_AT = 50_000  # jobs in one round
_WORKERS_KEPT = timedelta(days=7)
# Of a job that has just ended a worker may still be clearing up.
_GRACE = timedelta(minutes=10)
_LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """How much a round did."""

    stuck: int = 0  # jobs that were set going or ended
    jobs: int = 0  # forgotten
    workers: int = 0  # forgotten
    folders: int = 0  # removed
    chores: Mapping[str, int] = field(default_factory=dict)  # what they did, by what they call it

    def __bool__(self) -> bool:
        return bool(self.stuck or self.jobs or self.workers or self.folders or self.chores)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something else that is looked after now and then.

    `do` says how much it did, and raises what it likes: the next time comes.
    Any number of janitors may do it at once.
    """

    name: str  # what it counts: "videos removed"
    every: timedelta
    do: Callable[[], int]


@dataclass(slots=True, kw_only=True)
class Janitor:
    """Looks after what nobody else would notice."""

    database: Database
    dispatcher: Dispatcher
    spread: Callable[[], float]
    stuck_after: timedelta = timedelta(hours=4)
    keep_jobs: timedelta | None = timedelta(days=30)  # None: for ever
    chores: Sequence[Chore] = ()
    places: Places = PLAIN
    total: Tidied = field(default_factory=Tidied)  # since it began
    _cleaned: datetime | None = None
    _looked_at: datetime | None = None  # jobs that ended until then have no folder left
    _done_at: dict[str, datetime] = field(default_factory=dict)  # when each chore was last begun

    def tidy(self) -> Tidied:
        """One round: what is stuck each time, cleaning once an hour, chores as they are due.

        A chore that fails is raised when all else is done.
        """
        with self.database.read() as session:
            now = self.database.now(session)
        stuck = self.silent(now, self.stuck_after)
        done = Tidied(stuck=sum(self.unstick(job_id, self.stuck_after) for job_id in stuck))
        if self._cleaned is None or now - self._cleaned >= _CLEANING:
            done = replace(
                done,
                folders=self._remove_orphans(now),
                jobs=self._forget_jobs(),
                workers=self._forget_workers(now),
            )
            self._cleaned = now
        chores, problem = self._do_chores(now)
        done = replace(done, chores=chores)
        t = self.total
        self.total = Tidied(
            stuck=t.stuck + done.stuck,
            jobs=t.jobs + done.jobs,
            workers=t.workers + done.workers,
            folders=t.folders + done.folders,
            chores={name: t.chores.get(name, 0) + chores.get(name, 0) for name in {**t.chores, **chores}},
        )
        if problem is not None:
            raise problem
        return done

    def _do_chores(self, now: datetime) -> tuple[dict[str, int], Exception | None]:
        done: dict[str, int] = {}
        problem: Exception | None = None
        for chore in self.chores:
            last = self._done_at.get(chore.name)
            if last is not None and now - last < chore.every:
                continue
            self._done_at[chore.name] = now
            try:
                count = chore.do()
            except Exception as error:  # noqa: BLE001 - the others' turn comes first; then it is raised
                problem = problem or error
            else:
                done |= {chore.name: count} if count else {}
        return done, problem

    def silent(self, now: datetime, longer_than: timedelta) -> Sequence[str]:
        """Running jobs of which nothing was heard for so long; a paused one is silent by right."""
        held, ready = (
            exists().where(Task.job_id == Job.id, Task.state == state)
            for state in (TaskState.LEASED, TaskState.READY)
        )
        with self.database.read() as session:
            return session.scalars(
                select(Job.id).where(
                    Job.state == JobState.RUNNING,
                    Job.updated_at < now - longer_than,
                    or_(held, ~ready),  # one that waits its turn is not stuck
                )
            ).all()

    def unstick(self, job_id: str, longer_than: timedelta, *, actor: str = _ACTOR) -> bool:
        """Set a job going that is silent for so long, or end it; False where it is not, or has gone."""
        try:
            return self._set_right(job_id, longer_than, actor)
        except JobNotFound:
            return False  # cleaned away meanwhile

    def _set_right(self, job_id: str, longer_than: timedelta, actor: str) -> bool:
        with self.database.write(durable=True) as session:
            job, now = get_job(session, job_id, lock=True), self.database.now(session)
            if job.state != JobState.RUNNING or job.updated_at >= now - longer_than:
                return False  # it moved meanwhile, or another janitor was here
            tasks = tasks_of(session, job.id, lock=True)
            held = [task for task in tasks if task.state == TaskState.LEASED]
            if not held and any(task.state == TaskState.READY for task in tasks):
                return False
            silence = now - job.updated_at
            woken = (
                self._take_away(session, job, held, now, silence)
                if held
                else _set_going(session, job, tasks, now)
            )
            job.updated_at = now
            failed = job.state == JobState.FAILED
            data = {"tasks": [task.key for task in held], "failed": failed}
            audit(session, at=now, actor=actor, action="job.unstuck", subject=f"job:{job.id}", data=data)
        if failed:
            kept = (job.error or {}).get("code") in KEEPS_WORK
            clear_up(self.database, job.id, keep_work=kept, places=self.places)
        self.dispatcher.nudge(woken)
        return True

    def _take_away(
        self, session: Session, job: Job, held: Sequence[Task], now: datetime, silence: timedelta
    ) -> list[Wake]:
        """End the holds: who has them sees that with the next heartbeat, and stops."""
        hours = silence.total_seconds() / 3600
        error = dump_error(TimedOut(f"there was no progress for {hours:.3g} hours"))
        over = [task for task in held if task.attempt >= job.max_attempts]
        for task in held:
            final = task in over
            wait = backoff(task.attempt, spread=self.spread)
            state = TaskState.FAILED if final else TaskState.READY
            release(task, state, now=now, error=error, not_before=None if final else now + wait)
            message = f"taken from its worker: {error['message']}"
            add_log(session, job_id=job.id, at=now, message=message, level="warning", task=task.key)
        if over:
            endings.fail_job(session, job, {"task": over[0].key, **error}, now=now)
            return []
        count_tasks(session, job)
        return wakes(held)

    def _remove_orphans(self, now: datetime) -> int:
        """Remove working folders of jobs that ended, unless they are kept for a retry."""
        after, until = self._looked_at or now - _LOOK_BACK, now - _GRACE
        removed = looked_at = 0
        while True:
            with self.database.read() as session:
                ended = ended_between(session, after, until, limit=_AT_ONCE)
            for job in ended:
                if (job.error or {}).get("code") not in KEEPS_WORK and _remove_folder(self.places.of(job)):
                    removed += 1
                    self._note_removal(job)
            looked_at += len(ended)
            if len(ended) < _AT_ONCE or ended[-1].finished_at is None:
                self._looked_at = max(after, until)
                return removed
            self._looked_at = after = ended[-1].finished_at
            if looked_at >= _MOST_LOOKED_AT:
                return removed

    def _note_removal(self, job: Job) -> None:
        with self.database.write() as session, suppress(JobNotFound):
            get_job(session, job.id, lock=True)  # it may have been cleaned away meanwhile
            now, message = self.database.now(session), "removed a working folder that was left behind"
            add_log(session, job_id=job.id, at=now, message=message)
            audit(session, at=now, actor=_ACTOR, action="folder.removed", subject=f"job:{job.id}")

    def _forget_jobs(self) -> int:
        if self.keep_jobs is None:
            return 0
        return controls.clean(
            self.database,
            older_than=self.keep_jobs,
            states=(),
            actor=_ACTOR,
            at_most=_MOST_AT_A_TIME,
            places=self.places,
        )

    def _forget_workers(self, now: datetime) -> int:
        with self.database.write() as session:
            gone = delete_workers(session, seen_before=now - _WORKERS_KEPT)
            if gone:
                action, data = "workers.forgotten", {"count": gone}
                audit(session, at=now, actor=_ACTOR, action=action, subject="workers:gone", data=data)
        return gone


def _set_going(session: Session, job: Job, tasks: Sequence[Task], now: datetime) -> list[Wake]:
    """Nobody has any of it and nothing is ready, which should not be: make ready what can be, or end it."""
    if freed := unblock(tasks, now=now):
        message = "nothing of it was ready; it is again"
        add_log(session, job_id=job.id, at=now, message=message, level="warning")
        return wakes(freed)
    error = FramemillError("nothing of the job can be done any more", hint="`framemill jobs retry ID`")
    endings.fail_job(session, job, dump_error(error), now=now)
    return []


def _remove_folder(place: Workspace) -> bool:
    """True where there was one on this machine."""
    with suppress(OSError):  # on a disk that is not there, say
        if place.root.is_dir():
            place.remove()
            return True
    return False
