"""One attempt at a task: plan the job, run a step, or publish; and how it ended, recorded."""

import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from framemill.domain.costs import Prices
from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes
from framemill.engine.digests import digest
from framemill.engine.dispatch import Dispatcher, Unheard
from framemill.engine.events import EventSink, JobChanged, Note, Silence, TaskChanged
from framemill.engine.failures import KEEPS_WORK, as_error, backoff
from framemill.engine.heartbeat import Heartbeat
from framemill.engine.machine import Machine
from framemill.engine.patience import patiently
from framemill.engine.planning import Planner, Request, check_plan, make_plan
from framemill.engine.publishing import publish_job
from framemill.engine.recovery import clear_completed, clear_up, workspace_of
from framemill.engine.steps import StepRun, sources_of
from framemill.engine.stored import dump_error, load_step
from framemill.engine.workspace import remove
from framemill.errors import Cancelled, DatabaseUnavailable, FramemillError, InputNotFound, LeaseLost
from framemill.operations.registry import load_spec
from framemill.store.database import Database
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Job, Task
from framemill.tools.reins import Reins


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a worker keeps its leases and waits."""

    lease_ttl: timedelta = timedelta(seconds=60)
    heartbeat: timedelta = timedelta(seconds=10)
    wait: Callable[[float], object] = time.sleep
    spread: Callable[[], float] = random.random
    # Who runs a foreground job watches the disk fill up; waiting would only hide it.
    disk_full_is_final: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What every attempt of a worker works with."""

    database: Database
    machine: Callable[[], Machine]  # asked for when there is something to run
    sink: EventSink = field(default_factory=Silence)
    dispatcher: Dispatcher = field(default_factory=Unheard)
    pace: Pace = field(default_factory=Pace)
    planner: Planner = make_plan
    prices: Prices = field(default_factory=Prices)


class Attempt:
    """A claimed task in the hands of a worker."""

    def __init__(self, equipment: Equipment, task: Task) -> None:
        self.task = task
        self._with = equipment
        self._database = equipment.database
        self._job, self._tasks = patiently(self._facts)
        self._commands: list[str] = []
        self._handing_back = False
        self._reins = Reins()
        self._hold = Heartbeat(
            self._database,
            task,
            ttl=equipment.pace.lease_ttl,
            every=equipment.pace.heartbeat,
            sink=equipment.sink,
            share=_share(task, self._tasks),
            reins=self._reins,
        )

    def _facts(self) -> tuple[Job, list[Task]]:
        with self._database.read() as session:
            return get_job(session, self.task.job_id), tasks_of(session, self.task.job_id)

    def run(self) -> bool:
        """Do the work and record how it ended; True where it was done.

        Raises DatabaseUnavailable where the database was away for too long.
        """
        try:
            with self._hold, self._reins.applied():
                match self.task.kind:
                    case "plan":
                        self._plan()
                    case "step":
                        self._step()
                    case _:
                        machine = self._with.machine()
                        # It is over with this: a beat that finds a completed job now is not heeded.
                        publish_job(self._database, self._job, self.task, self._tasks, machine=machine)
        except DatabaseUnavailable:
            raise  # nobody knows whether what was done is recorded, so its files stay until the lease tells
        except (LeaseLost, Cancelled) as end:
            self._stopped(lost=self._hold.lost or isinstance(end, LeaseLost))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the job must end with a reason
            self._fail(as_error(problem), problem)
        else:
            self._tell(TaskState.DONE)
            if self.task.kind == "publish":
                workspace_of(self._job).remove()
                self._with.sink.emit(JobChanged(job_id=self._job.id, state=JobState.COMPLETED))
            return True
        return False

    @property
    def stands_still(self) -> bool:
        """True while its job is paused."""
        return self._reins.pulled

    def stop(self, *, hand_back: bool = False) -> None:
        """End the work soon, from another thread; with `hand_back` others begin the task anew."""
        self._handing_back = hand_back
        self._hold.stop()

    def _plan(self) -> None:
        job = self._job
        inputs = {name: Path(facts["path"]) for name, facts in job.inputs.items()}
        digests = {name: digest(path) for name, path in inputs.items()}
        request = Request(specs=[load_spec(spec) for spec in job.specs], inputs=inputs, digests=digests)
        plan = self._with.planner(request, self._with.machine(), self._hold.stopped)
        place = workspace_of(job)
        clear_completed(self._database, place.destination)
        check_plan(plan, destination=place.destination, inputs=inputs, overwrite=job.destination["overwrite"])
        self._hold.check()
        place.create()
        woken = outcomes.planned(self._database, self.task, plan, digests, prices=self._with.prices)
        self._with.dispatcher.nudge(woken)
        for note in plan.notes:
            self._with.sink.emit(Note(job_id=job.id, level="info", message=note))
        for warning in plan.warnings:
            self._with.sink.emit(Note(job_id=job.id, level="warning", message=warning))

    def _step(self) -> None:
        task, place = self.task, workspace_of(self._job)
        step = load_step(task.step or {})
        place.create()
        inputs = {name: Path(facts["path"]) for name, facts in self._job.inputs.items()}
        for item in step.inputs:
            if item.ref in inputs and not inputs[item.ref].is_file():
                raise InputNotFound(str(inputs[item.ref]))
        made = [(load_step(t.step or {}), t.result) for t in self._tasks if t.result and t.key in task.needs]
        named = [inputs[item.ref].name for item in step.inputs if item.ref in inputs]
        run = StepRun(
            step,
            scratch=self._scratch,
            machine=self._with.machine(),
            hold=self._hold,
            name=(named or [path.name for path in inputs.values()] or [step.key])[0],
        )
        try:
            result = run.run(sources_of(step, inputs=inputs, results=made, root=place.root))
        finally:
            self._commands = run.used.commands
        self._hold.check()
        ready = outcomes.step_done(
            self._database,
            task,
            result,
            wall_ms=run.used.wall_ms,
            cpu_ms=run.used.cpu_ms,
            peak_memory_bytes=run.used.peak_memory_bytes,
        )
        self._with.dispatcher.nudge(ready)
        for warning in result.get("warnings", ()):
            self._with.sink.emit(Note(job_id=task.job_id, level="warning", message=warning))

    def _stopped(self, *, lost: bool) -> None:
        remove(self._scratch)
        if lost:
            return  # somebody else has the task, and a folder of their own
        if self._handing_back:
            try:
                self._with.dispatcher.nudge(outcomes.hand_back(self._database, self.task))
            except LeaseLost:
                return
            except Cancelled:
                pass
            else:
                self._tell(TaskState.READY, "handed back")
                return
        self._leave()

    def _leave(self) -> None:
        """The job has ended while this ran: the last one out clears up."""
        if not outcomes.let_go(self._database, self.task):
            return
        with self._database.read() as session:
            job = get_job(session, self._job.id)
        if job.state == JobState.COMPLETED:
            workspace_of(job).remove()  # it was done a moment before
            return
        kept = job.state == JobState.FAILED and (job.error or {}).get("code") in KEEPS_WORK
        clear_up(self._database, job.id, keep_work=kept)
        if job.state == JobState.CANCELLED:
            self._with.sink.emit(JobChanged(job_id=job.id, state=JobState.CANCELLED))

    def _fail(self, error: FramemillError, problem: Exception) -> None:
        task, pace = self.task, self._with.pace
        record = dump_error(error, command=self._commands[-1] if self._commands else None)
        if error is not problem:
            record["cause"] = "".join(traceback.format_exception(problem, limit=-5))
        remove(self._scratch)
        final = not error.transient or task.attempt >= self._job.max_attempts
        if error.code == "disk_full" and pace.disk_full_is_final:
            final = True
        try:
            if not final:
                wait = backoff(task.attempt, spread=pace.spread)
                self._with.dispatcher.nudge(outcomes.put_back(self._database, task, record, wait=wait))
                self._tell(TaskState.READY, error.message)
                return
            if not outcomes.is_mine(self._database, task):
                return  # the files belong to whoever has the task now
            alone, keep = outcomes.is_alone(self._database, task), error.code in KEEPS_WORK
            if alone:
                # Files first: on a full disk not even the database can be written before.
                clear_up(self._database, task.job_id, keep_work=keep)
            outcomes.failed(self._database, task, record)
            if not alone and outcomes.is_alone(self._database, task):
                clear_up(self._database, task.job_id, keep_work=keep)
        except LeaseLost:
            return
        except Cancelled:
            self._leave()
            return
        self._tell(TaskState.FAILED, error.message)
        self._with.sink.emit(JobChanged(job_id=task.job_id, state=JobState.FAILED))

    @property
    def _scratch(self) -> Path:
        task = self.task
        return workspace_of(self._job).scratch(position=task.position, key=task.key, token=task.lease_token)

    def _tell(self, state: TaskState, message: str | None = None) -> None:
        task = self.task
        self._with.sink.emit(
            TaskChanged(job_id=task.job_id, task=task.key, title=task.title, state=state, message=message)
        )


def _share(task: Task, tasks: list[Task]) -> Callable[[float], float]:
    """The job's percent as a function of the task's; only steps count."""
    steps = [t for t in tasks if t.kind == "step"]
    total = sum(t.weight for t in steps)
    others = sum(t.weight * t.progress for t in steps if t.id != task.id)
    own = task.weight if task.kind == "step" else 0
    return lambda percent: (others + own * percent) / total if total else 0.0
