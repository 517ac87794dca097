"""Submitting, showing, retrying and cancelling jobs. Running them is the engine's work."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from framemill.domain.states import JobState
from framemill.engine import outcomes
from framemill.engine.dispatch import Dispatcher, Unheard, wakes
from framemill.engine.identity import worker_id
from framemill.engine.recovery import (
    clear_up,
    clear_up_cancelled,
    find_abandoned,
    input_facts,
    plan_task,
    reopen,
)
from framemill.engine.workspace import missing_folders
from framemill.errors import DestinationUnwritable, IllegalTransition, InputUnreadable, InvalidSpec
from framemill.operations.binding import existing, path_of
from framemill.operations.spec import Spec
from framemill.services.records import ArtifactRecord, JobDetail, JobRecord, LogRecord, TaskRecord
from framemill.store.database import Database
from framemill.store.jobs import add_log, artifacts_of, get_job, list_jobs, logs_of, new_id, tasks_of
from framemill.store.tables import Job
from framemill.store.turns import next_turn

_NORMAL = 5


class Jobs:
    """The use cases around jobs."""

    def __init__(
        self, database: Database, *, dispatcher: Dispatcher | None = None, max_attempts: int = 3
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher or Unheard()
        self._max_attempts = max_attempts

    def submit(
        self,
        specs: Sequence[Spec],
        *,
        inputs: Mapping[str, Path],
        destination: Path,
        overwrite: bool = False,
        priority: int = _NORMAL,
        kind: str | None = None,
        resume: bool = False,
        owner: str = "",
        foreground: bool = False,
    ) -> str:
        """Accept a job and return its id; nothing is probed yet.

        `kind` names it for listings, e.g. a pipeline's name. A `foreground`
        job is left to this process, which must run it. With `resume` an equal
        job that a dead worker of this host left unfinished is returned
        instead: asking for the same again goes on where it was. Raises
        InputNotFound, InputUnreadable for a folder, DestinationUnwritable and
        InvalidSpec.
        """
        if not specs:
            raise InvalidSpec("there is nothing to do", hint="give at least one operation")
        if not 1 <= priority <= 10:
            raise InvalidSpec(f"priority {priority} is not between 1 and 10", hint="10 is the most urgent")
        paths = {name: existing(path) for name, path in inputs.items()}
        if folder := next((path for path in paths.values() if path.is_dir()), None):
            raise InputUnreadable(folder.name, "it is a folder")
        facts = {name: input_facts(path) for name, path in paths.items()}
        place = _a_place(path_of(destination))
        wanted = [spec.model_dump(mode="json") for spec in specs]
        with self._database.write(durable=True) as session:
            if resume and (left := find_abandoned(session, specs=wanted, inputs=facts, destination=place)):
                return left
            now = self._database.now(session)
            job = Job(
                id=new_id(),
                kind=kind or (specs[0].op if len(specs) == 1 else "pipeline"),
                specs=wanted,
                inputs=facts,
                destination={
                    "path": str(place),
                    "overwrite": overwrite,
                    "missing": missing_folders(place),
                },
                owner=owner,
                state=JobState.QUEUED,
                priority=priority,
                turn=next_turn(session, owner=owner, priority=priority),
                lane=worker_id() if foreground else "",
                attempts=1,
                max_attempts=self._max_attempts,
                created_at=now,
                updated_at=now,
            )
            session.add(job)
            session.flush()
            task = plan_task(job, now=now)
            session.add(task)
            add_log(session, job_id=job.id, at=now, message=f"submitted: {job.kind}")
        self._dispatcher.nudge(wakes([task]))
        return job.id

    def list(
        self, *, states: Sequence[JobState] = (), before: str | None = None, limit: int = 50
    ) -> tuple[JobRecord, ...]:
        """The newest jobs first; `before` is the last id of the page before."""
        with self._database.read() as session:
            rows = list_jobs(session, states=states, before=before, limit=limit)
            return tuple(JobRecord.of(row) for row in rows)

    def get(self, job_id: str) -> JobRecord:
        """One job; JobNotFound."""
        with self._database.read() as session:
            return JobRecord.of(get_job(session, job_id))

    def show(self, job_id: str) -> JobDetail:
        """One job with its tasks and artifacts; JobNotFound."""
        with self._database.read() as session:
            job = get_job(session, job_id)
            return JobDetail(
                job=JobRecord.of(job),
                tasks=tuple(TaskRecord.of(row) for row in tasks_of(session, job.id)),
                artifacts=tuple(ArtifactRecord.of(row) for row in artifacts_of(session, job.id)),
            )

    def logs(self, job_id: str, *, after: int = 0, limit: int = 500) -> tuple[LogRecord, ...]:
        """What happened to a job, oldest first; `after` is the last id of the page before."""
        with self._database.read() as session:
            job = get_job(session, job_id)
            return tuple(LogRecord.of(row) for row in logs_of(session, job.id, after=after, limit=limit))

    def retry(self, job_id: str, *, foreground: bool = False) -> None:
        """Queue a failed, cancelled or abandoned job again; finished steps that are still there stay done.

        A `foreground` job is left to this process, which must run it.
        Raises IllegalTransition for a completed job and for one that a living
        worker runs.
        """
        lane = worker_id() if foreground else ""
        self._dispatcher.nudge(reopen(self._database, job_id, lane=lane))

    def cancel(self, job_id: str) -> None:
        """Cancel a job; cancelling it again does nothing.

        A worker that runs it ends its programs within two seconds and removes
        its files; where none does, they are removed here. Of a failed job the
        finished steps that were kept for a retry are removed. Raises
        IllegalTransition where the job has completed.
        """
        with self._database.write(durable=True) as session:
            job = get_job(session, job_id, lock=True)
            if job.state == JobState.COMPLETED:
                raise IllegalTransition(f"job {job_id} has completed already")
            if job.state != JobState.FAILED:
                outcomes.cancel_job(session, job, now=self._database.now(session))
        if job.state == JobState.FAILED:
            clear_up(self._database, job_id)
        else:
            clear_up_cancelled(self._database, job_id)


def _a_place(destination: Path) -> Path:
    """`destination`, which is a folder or can become one; DestinationUnwritable."""
    if "\0" in str(destination):
        raise DestinationUnwritable(str(destination))
    try:
        nearest = next(path for path in (destination, *destination.parents) if path.exists())
    except OSError as error:  # no file can have the name, or nobody may look there
        raise DestinationUnwritable(str(destination)) from error
    if not nearest.is_dir():
        refused = DestinationUnwritable(str(destination))
        refused.hint = f"{str(nearest)!r} is a file, and results go into a folder: choose another destination"
        raise refused
    return destination
