"""The loop of a worker: claim, run, finish, until its job has ended."""

import random
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes
from framemill.engine.digests import digest
from framemill.engine.events import EventSink, JobChanged, Note, Silence, TaskChanged
from framemill.engine.failures import KEEPS_WORK, as_error, backoff
from framemill.engine.heartbeat import BEAT_S, Heartbeat
from framemill.engine.identity import is_gone, worker_id
from framemill.engine.machine import Machine
from framemill.engine.planning import Planner, Request, check_plan, make_plan
from framemill.engine.publishing import publish_job
from framemill.engine.recovery import clear_up, take_over, workspace_of
from framemill.engine.steps import StepRun, sources_of
from framemill.engine.stored import dump_error, load_step
from framemill.engine.workspace import remove
from framemill.errors import Cancelled, FramemillError, InputNotFound, LeaseLost
from framemill.operations.registry import load_spec
from framemill.store.database import Database
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Job, Task
from framemill.store.tasks import claim


class Terminated(KeyboardInterrupt):
    """SIGTERM, while a job runs in the foreground: it ends like Ctrl-C, and cleans up like it."""


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
class Worker:
    """One process's worth of work on a database."""

    database: Database
    machine: Callable[[], Machine]  # asked for when there is something to run
    sink: EventSink = field(default_factory=Silence)
    pace: Pace = field(default_factory=Pace)
    planner: Planner = make_plan
    name: str = field(default_factory=worker_id)

    def run_job(self, job_id: str) -> None:
        """Work on one job until it has ended; its record says how.

        Ctrl-C and SIGTERM cancel it: programs end, files go, then
        KeyboardInterrupt is raised. Raises IllegalTransition where a living
        worker has it already, JobNotFound.
        """
        try:
            with _sigterm_interrupts():
                take_over(self.database, job_id)
                while self._goes_on(job_id):
                    task = self._claim(job_id)
                    if task is not None:
                        self._run(task)
        except KeyboardInterrupt:
            self._cancel(job_id)
            raise

    def _goes_on(self, job_id: str) -> bool:
        """False once the job has ended; waits a moment where nothing can be done now."""
        with self.database.read() as session:
            job, now = get_job(session, job_id), self.database.now(session)
            tasks = tasks_of(session, job.id)
        if JobState(job.state).ended:
            return False
        ready = [t for t in tasks if t.state == TaskState.READY]
        if any(t.not_before is None or t.not_before <= now for t in ready):
            return True
        held = [t for t in tasks if t.state == TaskState.LEASED]
        if any(t.lease_worker and is_gone(t.lease_worker) for t in held):
            take_over(self.database, job_id)
            return True
        self.pace.wait(BEAT_S)
        return True

    def _claim(self, job_id: str) -> Task | None:
        with self.database.write() as session:
            task = claim(
                session,
                worker=self.name,
                now=self.database.now(session),
                ttl=self.pace.lease_ttl,
                job_id=job_id,
            )
            if task is None:
                return None
            first = task.kind == "plan" and task.lease_token == 1
        if first:
            self.sink.emit(JobChanged(job_id=job_id, state=JobState.RUNNING))
        self._tell(task, TaskState.LEASED)
        return task

    def _run(self, task: Task) -> None:
        with self.database.read() as session:
            job = get_job(session, task.job_id)
            tasks = tasks_of(session, job.id)
        commands: list[str] = []
        hold = Heartbeat(
            self.database,
            task,
            ttl=self.pace.lease_ttl,
            every=self.pace.heartbeat,
            sink=self.sink,
            share=_share(task, tasks),
        )
        try:
            with hold:
                match task.kind:
                    case "plan":
                        self._plan(job, task, hold)
                    case "step":
                        self._step(job, task, tasks, hold, commands)
                    case _:
                        publish_job(self.database, job, task, tasks, machine=self.machine())
                        hold.check()
        except (LeaseLost, Cancelled) as end:
            if hold.lost or isinstance(end, LeaseLost):
                remove(self._scratch(job, task))  # somebody else has the task, and a folder of their own
            else:
                self._cancel(job.id)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the job must end with a reason
            self._fail(job, task, as_error(problem), problem, commands)
        else:
            self._tell(task, TaskState.DONE)
            if task.kind == "publish":
                workspace_of(job).remove()
                self.sink.emit(JobChanged(job_id=job.id, state=JobState.COMPLETED))

    def _plan(self, job: Job, task: Task, hold: Heartbeat) -> None:
        inputs = {name: Path(facts["path"]) for name, facts in job.inputs.items()}
        digests = {name: digest(path) for name, path in inputs.items()}
        request = Request(specs=[load_spec(spec) for spec in job.specs], inputs=inputs, digests=digests)
        plan = self.planner(
            request, self.machine(), hold.stopped, lambda share: hold.report(100 * share, None, None)
        )
        place = workspace_of(job)
        check_plan(plan, destination=place.destination, inputs=inputs, overwrite=job.destination["overwrite"])
        hold.check()
        place.create()
        outcomes.planned(self.database, task, plan, digests)
        for note in plan.notes:
            self.sink.emit(Note(job_id=job.id, level="info", message=note))
        for warning in plan.warnings:
            self.sink.emit(Note(job_id=job.id, level="warning", message=warning))

    def _step(self, job: Job, task: Task, tasks: list[Task], hold: Heartbeat, commands: list[str]) -> None:
        step = load_step(task.step or {})
        place = workspace_of(job)
        place.create()
        inputs = {name: Path(facts["path"]) for name, facts in job.inputs.items()}
        for item in step.inputs:
            if item.ref in inputs and not inputs[item.ref].is_file():
                raise InputNotFound(str(inputs[item.ref]))
        made = [(load_step(t.step or {}), t.result) for t in tasks if t.result and t.key in task.needs]
        named = [inputs[item.ref].name for item in step.inputs if item.ref in inputs]
        run = StepRun(
            step,
            scratch=self._scratch(job, task),
            machine=self.machine(),
            hold=hold,
            name=(named or [path.name for path in inputs.values()] or [step.key])[0],
        )
        try:
            result = run.run(sources_of(step, inputs=inputs, results=made, root=place.root))
        finally:
            commands += run.used.commands
        hold.check()
        outcomes.step_done(
            self.database,
            task,
            result,
            wall_ms=run.used.wall_ms,
            cpu_ms=run.used.cpu_ms,
            peak_memory_bytes=run.used.peak_memory_bytes,
        )
        for warning in result.get("warnings", ()):
            self.sink.emit(Note(job_id=job.id, level="warning", message=warning))

    def _fail(
        self, job: Job, task: Task, error: FramemillError, problem: Exception, commands: list[str]
    ) -> None:
        record = dump_error(error, command=commands[-1] if commands else None)
        if error is not problem:
            record["cause"] = "".join(traceback.format_exception(problem, limit=-5))
        remove(self._scratch(job, task))
        final = not error.transient or task.attempt >= job.max_attempts
        if error.code == "disk_full" and self.pace.disk_full_is_final:
            final = True
        try:
            if not final:
                wait = backoff(task.attempt, spread=self.pace.spread)
                outcomes.put_back(self.database, task, record, wait=wait)
                self._tell(task, TaskState.READY, error.message)
                return
            if not outcomes.is_mine(self.database, task):
                return  # the files belong to whoever has the task now
            # Files first: on a full disk not even the database can be written before.
            clear_up(self.database, job.id, keep_work=error.code in KEEPS_WORK)
            outcomes.failed(self.database, task, record)
        except LeaseLost:
            return
        except Cancelled:
            self._cancel(job.id)
            return
        self._tell(task, TaskState.FAILED, error.message)
        self.sink.emit(JobChanged(job_id=job.id, state=JobState.FAILED))

    def _cancel(self, job_id: str) -> None:
        with self.database.read() as session:
            job = get_job(session, job_id)
        if job.state == JobState.COMPLETED:
            workspace_of(job).remove()  # it was done a moment before
        if job.state in {JobState.COMPLETED, JobState.FAILED}:
            return
        clear_up(self.database, job_id)
        outcomes.cancelled(self.database, job_id)
        self.sink.emit(JobChanged(job_id=job_id, state=JobState.CANCELLED))

    def _scratch(self, job: Job, task: Task) -> Path:
        place = workspace_of(job)
        return place.scratch(position=task.position, key=task.key, token=task.lease_token)

    def _tell(self, task: Task, state: TaskState, message: str | None = None) -> None:
        self.sink.emit(
            TaskChanged(job_id=task.job_id, task=task.key, title=task.title, state=state, message=message)
        )


def _share(task: Task, tasks: list[Task]) -> Callable[[float], float]:
    """The job's percent as a function of the task's; only steps count."""
    steps = [t for t in tasks if t.kind == "step"]
    total = sum(t.weight for t in steps)
    others = sum(t.weight * t.progress for t in steps if t.id != task.id)
    own = task.weight if task.kind == "step" else 0
    return lambda percent: (others + own * percent) / total if total else 0.0


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """While this holds, SIGTERM raises Terminated, unless the process has plans of its own for it."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> Any:  # noqa: ANN401 - never returns
        raise Terminated

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
