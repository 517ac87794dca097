"""What becomes of a task that an attempt did not do: handed back, tried again, left, or failed for good.

Doing it is `engine.attempt`'s work; how rows change is `engine.outcomes`'.
"""

import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from framemill.domain.redaction import without_secrets
from framemill.domain.states import JobState, TaskState
from framemill.engine import claims, originals, outcomes
from framemill.engine.equipment import Equipment
from framemill.engine.events import JobChanged, TaskChanged
from framemill.engine.failures import KEEPS_WORK, backoff, keeps_work
from framemill.engine.places import Places, WorkMissing
from framemill.engine.recovery import clear_up
from framemill.engine.stored import dump_error
from framemill.engine.workspace import remove
from framemill.errors import Cancelled, FramemillError, LeaseLost
from framemill.store.database import Database
from framemill.store.jobs import get_job
from framemill.store.tables import Job, Task
from framemill.telemetry import faults
from framemill.telemetry.log import get_log

log = get_log(__name__)


@dataclass(slots=True, kw_only=True)
class Undone:
    """The other ends of an attempt."""

    equipment: Equipment
    job: Job
    task: Task
    commands: list[str] = field(default_factory=list)  # that were run

    @property
    def scratch(self) -> Path:
        """The folder of this attempt alone."""
        task = self.task
        place = self._places.of(self.job)
        return place.scratch(position=task.position, key=task.key, token=task.lease_token)

    def stopped(self, *, lost: bool, hand_back: bool) -> None:
        """The work ended early: somebody else has the task, the job has ended, or this process is to."""
        remove(self.scratch)
        log.info("task.stopped", lost=lost, handed_back=hand_back)
        if lost:
            return  # somebody else has the task, and a folder of their own
        if hand_back:
            self.give_back("which is stopping")
        else:
            self._leave()

    def give_back(self, why: str) -> None:
        """Others begin the task anew, and nothing is held against it."""
        try:
            self.equipment.dispatcher.nudge(outcomes.hand_back(self._database, self.task, why))
        except LeaseLost:
            return
        except Cancelled:
            self._leave()
        else:
            self.tell(TaskState.READY, "handed back")

    def _leave(self) -> None:
        """The job has ended while this ran: the last one out clears up."""
        if not claims.let_go(self._database, self.task):
            return
        with self._database.read() as session:
            job = get_job(session, self.job.id)
        if job.state == JobState.COMPLETED:
            self._places.clear(job)  # it was done a moment before
            return
        kept = job.state == JobState.FAILED and (job.error or {}).get("code") in KEEPS_WORK
        clear_up(self._database, job.id, keep_work=kept, places=self._places)
        if job.state == JobState.CANCELLED:
            self.equipment.sink.emit(JobChanged(job_id=job.id, state=JobState.CANCELLED))

    def do_again(self, missing: WorkMissing) -> None:
        """What earlier steps made is out of reach: another machine has it, or nobody."""
        task = self.task
        if task.attempt >= self.job.max_attempts:
            self.failed(missing.error, missing)
            return
        wait = backoff(task.attempt, spread=self.equipment.pace.spread)
        with suppress(LeaseLost, Cancelled):
            self.equipment.dispatcher.nudge(outcomes.do_again(self._database, task, missing.keys, wait=wait))
            self.tell(TaskState.READY, missing.error.message)

    def failed(self, error: FramemillError, problem: Exception) -> None:
        """It went wrong: tried again later, or the end of its job."""
        task, pace = self.task, self.equipment.pace
        record = dump_error(error, command=self.commands[-1] if self.commands else None)
        if error is not problem:
            cause = "".join(traceback.format_exception(problem, limit=-5))
            record["cause"] = without_secrets(cause)
            log.error("task.crashed", error=problem)
            faults.report(problem)
        remove(self.scratch)
        final = not error.transient or task.attempt >= self.job.max_attempts
        if error.code == "disk_full" and pace.disk_full_is_final:
            final = True
        try:
            if not final:
                wait = backoff(task.attempt, spread=pace.spread)
                self.equipment.dispatcher.nudge(outcomes.put_back(self._database, task, record, wait=wait))
                log.warning(
                    "task.put_back", code=error.code, reason=error.message, wait_s=round(wait.total_seconds())
                )
                self.tell(TaskState.READY, error.message)
                return
            if not claims.is_mine(self._database, task):
                return  # the files belong to whoever has the task now
            alone, keep = claims.is_alone(self._database, task), keeps_work(error)
            record |= {originals.KEPT: True} if keep and originals.brings(self.job) else {}
            if alone:
                # Files first: on a full disk not even the database can be written before.
                clear_up(self._database, task.job_id, keep_work=keep, places=self._places)
            outcomes.failed(self._database, task, record)
            if not alone and claims.is_alone(self._database, task):
                clear_up(self._database, task.job_id, keep_work=keep, places=self._places)
        except LeaseLost:
            return
        except Cancelled:
            self._leave()
            return
        log.warning("job.failed", operation=self.job.kind, code=error.code, reason=error.message)
        self.tell(TaskState.FAILED, error.message)
        self.equipment.sink.emit(JobChanged(job_id=task.job_id, state=JobState.FAILED))

    def tell(self, state: TaskState, message: str | None = None) -> None:
        """Let whoever watches know."""
        task = self.task
        self.equipment.sink.emit(
            TaskChanged(job_id=task.job_id, task=task.key, title=task.title, state=state, message=message)
        )

    @property
    def _places(self) -> Places:
        return self.equipment.places

    @property
    def _database(self) -> Database:
        return self.equipment.database
