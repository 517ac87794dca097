"""One attempt at a task: plan the job, run a step, or publish.

What becomes of a task that it did not do is `engine.undone`'s work.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from framemill.domain import context
from framemill.domain.plan import Resource
from framemill.domain.states import JobState, TaskState
from framemill.engine import originals, outcomes
from framemill.engine.digests import digest
from framemill.engine.equipment import Equipment
from framemill.engine.errands import Errand
from framemill.engine.events import JobChanged, Note
from framemill.engine.failures import as_error
from framemill.engine.heartbeat import Heartbeat
from framemill.engine.patience import patiently
from framemill.engine.places import Places, WorkMissing, known_digest, known_media
from framemill.engine.planning import Request, check_plan
from framemill.engine.publishing import publish_job
from framemill.engine.recovery import clear_completed, inputs_changed
from framemill.engine.steps import StepRun, sources_of
from framemill.engine.stored import load_step
from framemill.engine.undone import Undone
from framemill.errors import (
    Cancelled,
    DatabaseUnavailable,
    InputNotFound,
    LeaseLost,
)
from framemill.operations.registry import load_spec
from framemill.store.jobs import WORK, get_job, tasks_of
from framemill.store.tables import Job, Task
from framemill.store.workers import slots
from framemill.telemetry.log import get_log
from framemill.tools.reins import Reins

log = get_log(__name__)


class Attempt:
    """A claimed task in the hands of a worker."""

    def __init__(self, equipment: Equipment, task: Task) -> None:
        self.task = task
        self._with = equipment
        self._database = equipment.database
        self._job, self._tasks = patiently(self._facts)
        self._undone = Undone(equipment=equipment, job=self._job, task=task)
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
        job, task = self._job, self.task
        with context.bound(
            correlation_id=job.correlation_id,
            job_id=job.id,
            task_id=task.id,
            task=task.key,
            attempt=task.attempt,
        ):
            log.info("task.begun", operation=job.kind, worker=task.lease_worker)
            return self._run()

    def _run(self) -> bool:
        try:
            with self._hold, self._reins.applied():
                match self.task.kind:
                    case "fetch":
                        self._with.dispatcher.nudge(self._errand.fetch())
                    case originals.BRINGS:
                        self._errand.bring()
                    case "plan":
                        self._plan()
                    case "step":
                        self._step()
                    case _:
                        self._publish()
        except DatabaseUnavailable:
            raise  # nobody knows whether what was done is recorded, so its files stay until the lease tells
        except WorkMissing as missing:
            self._undone.do_again(missing)
        except (LeaseLost, Cancelled) as end:
            lost = self._hold.lost or isinstance(end, LeaseLost)
            self._undone.stopped(lost=lost, hand_back=self._handing_back)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the job must end with a reason
            self._undone.failed(as_error(problem), problem)
        else:
            self._undone.tell(TaskState.DONE)
            log.info("task.done")
            if self.task.kind in {"publish", originals.BRINGS}:
                self._forget_pieces()
                log.info("job.completed", operation=self._job.kind)
                self._places.clear(self._job)
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

    def decline(self) -> None:
        """Leave the task to others: this machine lacks what it requires. Nothing is held against it."""
        self._undone.give_back("which lacks what it requires")

    @property
    def _errand(self) -> Errand:
        return Errand(
            equipment=self._with, job=self._job, claimed=self.task, hold=self._hold, reins=self._reins
        )

    def _plan(self) -> None:
        job = self._job
        with self._places.inputs(job, check=self._hold.check) as inputs:
            self._plan_for(job, inputs)

    def _plan_for(self, job: Job, inputs: Mapping[str, Path]) -> None:
        digests = {name: known_digest(job.inputs[name]) or digest(path) for name, path in inputs.items()}
        request = Request(
            specs=[load_spec(spec) for spec in job.specs],
            inputs=inputs,
            digests=digests,
            shelf=self._places.shelf(job),
            slots=self._slots(),
        )
        plan = self._with.planner(
            request,
            self._with.machine(),
            self._hold.stopped,
            lambda share: self._hold.report(100 * share, None, None),
        )
        place = self._places.of(job)
        clear_completed(self._database, place.destination)
        check_plan(plan, destination=place.destination, inputs=inputs, overwrite=job.destination["overwrite"])
        self._hold.check()
        place.create()
        woken = outcomes.planned(
            self._database,
            self.task,
            plan,
            digests,
            prices=self._with.prices,
            encoders=self._with.machine().capabilities.encoders,
            media=known_media(job, inputs, self._with.machine(), self._hold.stopped),
        )
        self._with.dispatcher.nudge(woken)
        for note in plan.notes:
            self._with.sink.emit(Note(job_id=job.id, level="info", message=note))
        for warning in plan.warnings:
            self._with.sink.emit(Note(job_id=job.id, level="warning", message=warning))

    def _slots(self) -> int | None:
        """How many steps of a queued job can run side by side; None where that is this machine's matter."""
        if self._job.lane:
            return None

        def there() -> int:
            with self._database.read() as session:
                return slots(session, Resource.CPU, now=self._database.now(session))

        # A worker alone may be the first of a pool that is starting.
        found = patiently(there)
        return found if found > 1 else None

    def _publish(self) -> None:
        machine, job, places = self._with.machine(), self._job, self._places
        # It is over with this: a beat that finds a completed job now is not heeded.
        if job.video_id is None:
            publish_job(self._database, job, self.task, self._tasks, machine=machine)
            return
        from framemill.engine.shelving import shelve

        shelve(self._database, job, self.task, self._tasks, machine=machine, places=places, hold=self._hold)

    def _step(self) -> None:
        self._places.settle(self._job, self._database)
        with self._places.inputs(self._job, check=self._hold.check) as inputs:
            self._step_with(inputs)

    def _step_with(self, inputs: Mapping[str, Path]) -> None:
        task, place, shelf = self.task, self._places.of(self._job), self._places.shelf(self._job)
        step = load_step(task.step or {})
        for item in step.inputs:
            if item.ref in inputs and not inputs[item.ref].is_file():
                raise InputNotFound(str(inputs[item.ref]))
        makers = [t for t in self._tasks if t.result and t.key in task.needs]
        self._places.bring(self._job, step, makers, check=self._hold.check)
        made = [(load_step(t.step or {}), t.result) for t in makers if t.result]
        named = [inputs[item.ref].name for item in step.inputs if item.ref in inputs]
        run = StepRun(
            step,
            scratch=(scratch := self._undone.scratch),
            machine=self._with.machine(),
            hold=self._hold,
            name=(named or [path.name for path in inputs.values()] or [step.key])[0],
            take=None if shelf is None else partial(shelf.take, step, check=self._hold.check),
        )
        try:
            result = run.run(sources_of(step, inputs=inputs, results=made, root=place.root))
        finally:
            self._undone.commands = run.used.commands
        result |= self._places.keep(
            self._job, self._undone.scratch, result["outputs"], check=self._hold.check
        )
        if shelf is not None and not run.taken and not inputs_changed(self._job):
            out = scratch / "out"
            shelf.keep(step, result, out, instead=run.refused, check=self._hold.check)
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

    def _forget_pieces(self) -> None:
        shelf = self._places.shelf(self._job)
        if shelf is not None:
            shelf.forget_pieces(
                load_step(task.step) for task in self._tasks if task.step and task.kind == "step"
            )

    @property
    def _places(self) -> Places:
        return self._with.places


def _share(task: Task, tasks: list[Task]) -> Callable[[float], float]:
    """The job's percent as a function of the task's; only steps count."""
    steps = [t for t in tasks if t.kind in WORK]
    total = sum(t.weight for t in steps)
    others = sum(t.weight * t.progress for t in steps if t.id != task.id)
    own = task.weight if task.kind in WORK else 0
    return lambda percent: (others + own * percent) / total if total else 0.0
