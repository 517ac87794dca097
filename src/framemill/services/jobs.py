"""Submitting, showing, steering and ending jobs. Running them is the engine's work."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from framemill.domain.sources import Source, Url
from framemill.domain.states import JobState
from framemill.engine import controls
from framemill.engine.accepting import check_place, enqueue
from framemill.engine.beginnings import input_facts, understood, url_facts
from framemill.engine.dispatch import Dispatcher, Unheard, wakes
from framemill.engine.identity import worker_id
from framemill.engine.places import PLAIN, Places
from framemill.engine.recovery import clear_up, clear_up_cancelled, find_abandoned, reopen
from framemill.engine.unserved import said, unserved
from framemill.engine.workspace import missing_folders
from framemill.errors import IdempotencyConflict, InputUnreadable, InvalidSpec
from framemill.operations.binding import existing, path_of
from framemill.operations.spec import Spec
from framemill.services.records import ArtifactRecord, JobDetail, JobPage, JobRecord, LogRecord, TaskRecord
from framemill.store.database import Database
from framemill.store.jobs import artifacts_of, get_job, keyed_job, logs_of, tasks_of
from framemill.store.listing import Wanted, count_jobs, ids_like, page_of_jobs
from framemill.store.makings import hold_video
from framemill.store.tables import Job
from framemill.store.turns import next_turn

_NORMAL = 5
_LONGEST_KIND = 64  # as the column; a pipeline may be called by the path of its file


class Jobs:
    """The use cases around jobs."""

    def __init__(
        self,
        database: Database,
        *,
        dispatcher: Dispatcher | None = None,
        max_attempts: int = 3,
        places: Places = PLAIN,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher or Unheard()
        self._max_attempts = max_attempts
        self._places = places

    def submit(
        self,
        specs: Sequence[Spec],
        *,
        inputs: Mapping[str, Source],
        destination: Path,
        overwrite: bool = False,
        priority: int = _NORMAL,
        kind: str | None = None,
        resume: bool = False,
        owner: str = "",
        workspace_id: str | None = None,
        foreground: bool = False,
        idempotency_key: str | None = None,
        reuse: bool = True,
        job_id: str | None = None,
    ) -> str:
        """Accept a job and return its id, which is `job_id` where that is given; nothing is probed yet.

        `kind` names it for listings, e.g. a pipeline's name. A `foreground`
        job is left to this process, which must run it. With `resume` an equal
        job that a dead worker of this host left unfinished is returned
        instead: asking for the same again goes on where it was. An
        `idempotency_key` is its owner's: a request that was accepted under it
        gives the same job again, whatever its priority and state are now.
        An input that is an address is fetched before anything else. Without
        `reuse` everything is made anew, whatever earlier jobs made. Raises
        InputNotFound, InputUnreadable for a folder, AddressRefused for an
        address that is none, DestinationUnwritable, InvalidSpec, and
        IdempotencyConflict where the key was another request's.
        """
        if not specs:
            raise InvalidSpec("there is nothing to do", hint="give at least one operation")
        place = path_of(destination)
        check_place(place)
        sources = {name: _source(source) for name, source in inputs.items()}
        request = Job(
            id=job_id,
            kind=(kind or (specs[0].op if len(specs) == 1 else "pipeline"))[:_LONGEST_KIND],
            specs=[spec.model_dump(mode="json") for spec in specs],
            inputs={
                name: {"url" if isinstance(source, Url) else "path": str(source)}
                for name, source in sources.items()
            },
            destination={
                "path": str(place),
                "overwrite": overwrite,
                "missing": missing_folders(place),
                **({} if reuse else {"reuse": False}),
            },
            owner=owner,
            workspace_id=workspace_id,
            idempotency_key=idempotency_key,
        )
        _check(request, priority)
        if (known := self._known(request)) is not None:
            return known
        paths = [existing(source) for source in sources.values() if isinstance(source, Path)]
        if folder := next((path for path in paths if path.is_dir()), None):
            raise InputUnreadable(folder.name, "it is a folder")
        request.inputs = {
            name: url_facts(source) if isinstance(source, Url) else input_facts(source)
            for name, source in sources.items()
        }
        return self._take(request, priority=priority, resume=resume, foreground=foreground)

    def accept(self, request: Job, *, priority: int) -> str:
        """Accept a job on a stored video that was made out; returns its id.

        A request that was accepted under its idempotency key gives the same
        job again. Raises InvalidSpec, IdempotencyConflict, and VideoNotFound
        where the video went meanwhile.
        """
        _check(request, priority)
        if (known := self._known(request)) is not None:
            return known
        return self._take(request, priority=priority, resume=False, foreground=False)

    def _take(self, request: Job, *, priority: int, resume: bool, foreground: bool) -> str:
        try:
            return self._accept(request, priority=priority, resume=resume, foreground=foreground)
        except IntegrityError:
            # Somebody else was as quick with the same key.
            if (known := self._known(request)) is not None:
                return known
            raise

    def _known(self, request: Job) -> str | None:
        """The job that was accepted under the request's idempotency key, None where there is none."""
        if request.idempotency_key is None:
            return None
        with self._database.read() as session:
            job = keyed_job(session, owner=request.owner, key=request.idempotency_key)
        if job is not None and asked(job) != asked(request):
            raise IdempotencyConflict(request.idempotency_key, job_id=job.id)
        return None if job is None else job.id

    def _accept(self, job: Job, *, priority: int, resume: bool, foreground: bool) -> str:
        place = Path(job.destination["path"])
        with self._database.write(durable=True) as session:
            if resume and (
                left := find_abandoned(session, specs=job.specs, inputs=job.inputs, destination=place)
            ):
                return left
            if job.video_id is not None:
                hold_video(session, job.video_id)
            tasks = enqueue(
                session,
                job,
                priority=priority,
                turn=next_turn(session, owner=job.owner, priority=priority),
                lane=worker_id() if foreground else "",
                max_attempts=self._max_attempts,
                now=self._database.now(session),
            )
        self._dispatcher.nudge(wakes(tasks))
        return job.id

    def list(
        self, *, states: Sequence[JobState] = (), before: str | None = None, limit: int = 50
    ) -> tuple[JobRecord, ...]:
        """The newest jobs first; `before` is the last id of the page before."""
        return self.page(Wanted(states=tuple(states)), before=before, limit=limit).jobs

    def page(self, wanted: Wanted, *, before: str | None = None, limit: int = 50) -> JobPage:
        """The newest jobs that are wanted; `before` is the `next` of the page before."""
        if before is not None:
            try:
                before = str(UUID(before))
            except ValueError:
                raise InvalidSpec(f"{before!r} is not where a page ended", hint="give a whole id") from None
        with self._database.read() as session:
            found = page_of_jobs(session, wanted, before=before, limit=limit)
            return JobPage(jobs=tuple(JobRecord.of(row) for row in found.jobs), next=found.next)

    def count(self, wanted: Wanted) -> int:
        """How many jobs are wanted, by all but a name."""
        with self._database.read() as session:
            return count_jobs(session, wanted)

    def find(self, part: str) -> tuple[str, ...]:
        """Ids of jobs, a few at most, that begin with `part` or, of the newest, end with it."""
        with self._database.read() as session:
            return tuple(ids_like(session, part))

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
                unserved=()
                if JobState(job.state).ended
                else tuple(map(said, unserved(session, now=self._database.now(session), job_id=job.id))),
            )

    def logs(self, job_id: str, *, after: int = 0, limit: int = 500) -> tuple[LogRecord, ...]:
        """What happened to a job, oldest first; `after` is the last id of the page before."""
        with self._database.read() as session:
            job = get_job(session, job_id)
            return tuple(LogRecord.of(row) for row in logs_of(session, job.id, after=after, limit=limit))

    def retry(self, job_id: str, *, foreground: bool = False, actor: str = "") -> None:
        """Queue a failed, cancelled or abandoned job again; finished steps that are still there stay done.

        A `foreground` job is left to this process, which must run it.
        Raises IllegalTransition for a completed job and for one that a living
        worker runs.
        """
        lane = worker_id() if foreground else ""
        again = reopen(self._database, job_id, lane=lane, actor=actor, places=self._places)
        self._dispatcher.nudge(again)

    def cancel(self, job_id: str, *, actor: str = "") -> None:
        """Cancel a job; cancelling it again does nothing.

        A worker that runs it ends its programs within two seconds and removes
        its files; where none does, they are removed here. Of a failed job the
        finished steps that were kept for a retry are removed. Raises
        IllegalTransition where the job has completed.
        """
        if controls.cancel(self._database, job_id, actor=actor) is JobState.FAILED:
            clear_up(self._database, job_id, places=self._places)
        else:
            clear_up_cancelled(self._database, job_id, places=self._places)

    def pause(self, job_id: str, *, actor: str = "") -> None:
        """Hold up a queued or running job; its programs stand still within two seconds.

        Pausing it again does nothing. Raises IllegalTransition where it has ended.
        """
        controls.pause(self._database, job_id, actor=actor)

    def resume(self, job_id: str, *, actor: str = "") -> None:
        """Let a paused job go on where it was; IllegalTransition where it has ended."""
        self._dispatcher.nudge(controls.resume(self._database, job_id, actor=actor))

    def set_priority(self, job_id: str, priority: int, *, actor: str = "") -> None:
        """Make a job more or less urgent, from the next claim on; IllegalTransition where it has ended."""
        _check_priority(priority)
        self._dispatcher.nudge(controls.set_priority(self._database, job_id, priority, actor=actor))

    def clean(
        self, *, older_than: timedelta, states: Sequence[JobState] = (), actor: str = "", dry: bool = False
    ) -> int:
        """Forget jobs that ended longer ago; returns how many. What they made stays."""
        if any(not state.ended for state in states):
            raise InvalidSpec("only jobs that have ended can be cleaned away", hint="cancel the job first")
        if dry:
            return controls.count_old(self._database, older_than=older_than, states=states)
        return controls.clean(
            self._database, older_than=older_than, states=states, actor=actor, places=self._places
        )


def _check(request: Job, priority: int) -> None:
    _check_priority(priority)
    if request.idempotency_key is not None and not 1 <= len(request.idempotency_key) <= 255:
        raise InvalidSpec("an idempotency key has 1 to 255 characters")


def _source(source: Source) -> Source:
    return understood(source) if isinstance(source, Url) else path_of(source)


def _check_priority(priority: int) -> None:
    if not 1 <= priority <= 10:
        raise InvalidSpec(f"priority {priority} is not between 1 and 10", hint="10 is the most urgent")


def asked(job: Job) -> tuple[object, ...]:
    """What makes two requests the same; of a stored video the path is only what people call it."""
    return (
        job.kind,
        job.specs,
        [(name, of.get("video") or of.get("url") or of["path"]) for name, of in job.inputs.items()],
        job.destination["path"],
        job.destination["overwrite"],
    )
