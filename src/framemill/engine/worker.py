"""The loops of a worker: one job to its end, or whatever is ready until it is told to stop."""

import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Protocol

from framemill.domain.states import JobState, TaskState
from framemill.engine import endings
from framemill.engine.attempt import Attempt
from framemill.engine.equipment import Equipment
from framemill.engine.events import JobChanged, TaskChanged
from framemill.engine.heartbeat import BEAT_S
from framemill.engine.identity import is_gone, worker_id
from framemill.engine.matching import can
from framemill.engine.originals import BRINGS
from framemill.engine.patience import patiently
from framemill.engine.recovery import clear_up, take_over
from framemill.errors import DatabaseUnavailable, DiskFull
from framemill.interrupts import heeded
from framemill.store.claiming import Wanted, claim
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Job, Task


class Bell(Protocol):
    """What an idle worker waits for."""

    def wait(self, seconds: float) -> None:
        """Return when there may be work, or after `seconds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker(Equipment):
    """One process's worth of work on a database."""

    name: str = field(default_factory=worker_id)
    side_by_side: int = 1  # tasks of a foreground job at once
    attempts: set[Attempt] = field(default_factory=set)  # under way
    lacks: set[str] = field(default_factory=set)  # what tasks required and this machine has not

    def run_job(self, job_id: str) -> None:
        """Work on one job until it has ended; its record says how.

        Ctrl-C and SIGTERM cancel it: programs end, files go, then
        KeyboardInterrupt is raised. Raises IllegalTransition where a living
        worker has it already, JobNotFound.
        """
        try:
            with heeded(signal.SIGINT, signal.SIGTERM):
                take_over(self.database, job_id, lane=self.name, places=self.places)
                if self.side_by_side > 1:
                    self._several(job_id)
                    return
                while self._goes_on(job_id):
                    task = self._claim_of(job_id)
                    if task is None:
                        self._wait(job_id)
                    else:
                        self._run(task)
        except KeyboardInterrupt:
            self._cancel(job_id)
            raise

    def run_one(self, wanted: Wanted) -> bool | None:
        """Claim and run one task; True where it was done, None where none was ready."""
        task = self._claim(wanted)
        return None if task is None else self._run(task)

    def serve(
        self,
        *,
        wanted: Callable[[], Wanted | None],
        bell: Bell,
        poll_s: float,
        count: Callable[[bool], object],
    ) -> None:
        """Run tasks until `wanted` says None, and `count` each; with none to do wait for the bell.

        `poll_s`: it looks by itself this often, for what no bell rings for, and
        for a database that is away or has no room.
        """
        while (now := wanted()) is not None:
            try:
                done = self.run_one(now)
            except (DatabaseUnavailable, DiskFull):
                done = None
            if done is None:
                bell.wait(poll_s)
            else:
                count(done)

    def stop(self, *, hand_back: bool) -> None:
        """End what is being run, from another thread or a signal handler."""
        for attempt in tuple(self.attempts):
            attempt.stop(hand_back=hand_back)

    def hand_back_paused(self) -> None:
        """Give up what stands still: a worker that is to end need not wait until it is resumed."""
        for attempt in tuple(self.attempts):
            if attempt.stands_still:
                attempt.stop(hand_back=True)

    def _several(self, job_id: str) -> None:
        with ThreadPoolExecutor(self.side_by_side, thread_name_prefix="task") as crew:
            running: set[Future[bool]] = set()
            try:
                while self._goes_on(job_id) or running:
                    while len(running) < self.side_by_side and (task := self._claim_of(job_id)):
                        running.add(crew.submit(self._run, task))
                    if not running:
                        self._wait(job_id)
                        continue
                    done, running = wait(running, timeout=BEAT_S, return_when=FIRST_COMPLETED)
                    for one in done:
                        one.result()
            except BaseException:
                self.stop(hand_back=False)
                raise

    def _claim_of(self, job_id: str) -> Task | None:
        try:
            return self._claim(Wanted(job_id=job_id, lanes=("", self.name)))
        except DatabaseUnavailable:  # what runs goes on meanwhile
            return None

    def _goes_on(self, job_id: str) -> bool:
        return not JobState(patiently(lambda: self._rows(job_id))[0].state).ended

    def _rows(self, job_id: str) -> tuple[Job, list[Task]]:
        with self.database.read() as session:
            return get_job(session, job_id), tasks_of(session, job_id)

    def _wait(self, job_id: str) -> None:
        """Nothing of the job can be done now: another worker has it, or it is to be tried again later."""
        _, tasks = patiently(lambda: self._rows(job_id))
        held = [t for t in tasks if t.state == TaskState.LEASED]
        if any(t.lease_worker and is_gone(t.lease_worker) for t in held):
            take_over(self.database, job_id, lane=self.name, places=self.places)
        else:
            self.pace.wait(BEAT_S)

    def _claim(self, wanted: Wanted) -> Task | None:
        while True:
            with self.database.at_once() as connection:
                task = claim(
                    connection,
                    wanted=replace(wanted, lacks=tuple(self.lacks)),
                    worker=self.name,
                    now=self.database.own_time(),
                    ttl=self.pace.lease_ttl,
                )
            if task is None:
                return None
            if not task.requires or self._can(task.requires):
                break
            # Passed over from now on.
            self.lacks.add(task.requires)
            Attempt(self, task).decline()
        if task.kind in {"fetch", "plan", BRINGS} and task.lease_token == 1:
            self.sink.emit(JobChanged(job_id=task.job_id, state=JobState.RUNNING))
        self.sink.emit(
            TaskChanged(job_id=task.job_id, task=task.key, title=task.title, state=TaskState.LEASED)
        )
        return task

    def _can(self, requires: str) -> bool:
        return can(requires, encoders=self.machine().capabilities.encoders)

    def _run(self, task: Task) -> bool:
        attempt = Attempt(self, task)
        self.attempts.add(attempt)
        try:
            return attempt.run()
        finally:
            self.attempts.discard(attempt)

    def _cancel(self, job_id: str) -> None:
        with self.database.read() as session:
            job = get_job(session, job_id)
        if job.state == JobState.COMPLETED:
            self.places.clear(job)  # it was done a moment before
        if job.state in {JobState.COMPLETED, JobState.FAILED}:
            return
        clear_up(self.database, job_id, places=self.places)
        endings.cancelled(self.database, job_id)
        self.sink.emit(JobChanged(job_id=job_id, state=JobState.CANCELLED))
