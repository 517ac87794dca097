"""Many inputs as one batch: submitting them without doubles, its progress, ending it, trying again."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from framemill.domain.states import JobState
from framemill.engine.accepting import check_place, enqueue
from framemill.engine.dispatch import Dispatcher, Unheard, wakes
from framemill.engine.identity import is_gone
from framemill.engine.recovery import input_facts, reopen
from framemill.engine.workspace import missing_folders
from framemill.errors import FramemillError, IllegalTransition, InputUnreadable, InvalidSpec
from framemill.operations.spec import Spec
from framemill.services.intake import Found
from framemill.services.jobs import Jobs
from framemill.services.records import BatchRecord, Json
from framemill.store import batches as store
from framemill.store.database import Database
from framemill.store.tables import Job
from framemill.store.turns import next_turn
from framemill.store.workers import audit

_AT_ONCE = 100  # jobs in one transaction: other writers wait for no longer than that takes
_UNDONE = frozenset({JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is done with each input, and where results go. Equal work is the same batch."""

    kind: str  # for listings: the pipeline's or operation's name
    specs: tuple[Spec, ...]
    destination: Path  # absolute
    others: Mapping[str, Path] = field(default_factory=dict)  # inputs that every job reads beside its own
    name: str = ""  # tells batches apart that would do the same
    purpose: str = "batch"
    overwrite: bool = False
    priority: int = 5
    owner: str = ""

    @property
    def batch_id(self) -> str:
        """The batch's id: always the same for the same work, so that asking again goes on with it."""
        what = [
            *(self.purpose, self.name, self.kind, str(self.destination), self.overwrite, self.owner),
            [spec.model_dump(mode="json") for spec in self.specs],
            {name: str(path) for name, path in self.others.items()},
        ]
        return str(UUID(bytes=hashlib.sha256(json.dumps(what).encode()).digest()[:16], version=5))

    def key(self, identity: str) -> str:
        """The idempotency key of the job for an input, whose `identity` says which file it is."""
        return f"{self.purpose}:{self.batch_id}:{hashlib.sha256(os.fsencode(identity)).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of one input: its job, or why there is none."""

    path: Path
    place: Path  # its results' folder
    job_id: str | None = None
    state: JobState | None = None
    fresh: bool = False  # submitted just now
    error: FramemillError | None = None


class Batches:
    """The use cases around batches."""

    def __init__(
        self, database: Database, jobs: Jobs, *, dispatcher: Dispatcher | None = None, max_attempts: int = 3
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._dispatcher = dispatcher or Unheard()
        self._max_attempts = max_attempts

    def submit(
        self,
        work: Work,
        files: Iterable[Found],
        *,
        lane: str = "",
        again: bool = False,
        at_once: int = _AT_ONCE,
        identity: str | None = None,
    ) -> Iterator[Accepted]:
        """Accept a job for each file, as they come; what was accepted before is only found again.

        Files are taken `at_once` in one transaction, so however this is
        interrupted it can be repeated. With `again` jobs that failed or were
        cancelled are queued once more. The jobs are the worker's that `lane`
        names, or everyone's. `identity` says which file it is where path, size
        and time of change do not. A file that cannot be taken is told in its
        place. Raises InvalidSpec, DestinationUnwritable.
        """
        if not work.specs:
            raise InvalidSpec("there is nothing to do", hint="give at least one operation")
        check_place(work.destination)
        coming = iter(files)
        while some := list(islice(coming, at_once)):
            for one in self._slice(work, some, lane=lane, identity=identity):
                yield self._revived(one, lane=lane) if again else one

    def list(self, *, limit: int = 20) -> tuple[BatchRecord, ...]:
        """The newest batches first; those whose jobs are all cleaned away are left out."""
        with self._database.read() as session:
            rows = store.list_batches(session, limit=limit)
            counts = store.counts_of(session, [row.id for row in rows])
        records = (BatchRecord.of(row, [c for c in counts if c[0] == row.id]) for row in rows)
        return tuple(record for record in records if record.total)

    def get(self, batch_id: str) -> BatchRecord:
        """One batch with its progress; BatchNotFound."""
        with self._database.read() as session:
            row = store.get_batch(session, batch_id)
            return BatchRecord.of(row, store.counts_of(session, [row.id]))

    def find(self, part: str) -> tuple[str, ...]:
        """Ids of the newest thousand batches that begin or end with `part`."""
        with self._database.read() as session:
            ids = [row.id for row in store.list_batches(session, limit=1000)]
        part = part.strip().lower()
        return tuple(i for i in ids if i.startswith(part) or i.endswith(part))

    def cancel(self, batch_id: str, *, actor: str = "") -> int:
        """Cancel all that has not ended; returns how many jobs. BatchNotFound."""
        batch_id = self.get(batch_id).id
        count = 0
        while True:
            with self._database.write(durable=True) as session:
                now = self._database.now(session)
                done = store.cancel_unbegun(session, batch_id, now=now)
                subject = f"batch:{batch_id}"
                if not count:
                    audit(session, at=now, actor=actor, action="batch.cancelled", subject=subject)
            count += done
            if not done:
                break
        for job_id in self._ids(batch_id, [s for s in JobState if not s.ended]):
            try:
                self._jobs.cancel(job_id)
            except IllegalTransition:
                continue  # it completed a moment before
            count += 1
        return count

    def retry(
        self, batch_id: str, *, states: Sequence[JobState] = (JobState.FAILED,), lane: str = ""
    ) -> Iterator[tuple[str, FramemillError | None]]:
        """Queue what ended in one of `states` again, one by one; says where that could not be.

        BatchNotFound.
        """
        for job_id in self._ids(self.get(batch_id).id, states):
            try:
                self._dispatcher.nudge(reopen(self._database, job_id, lane=lane))
            except FramemillError as error:
                yield job_id, error
            else:
                yield job_id, None

    def _ids(self, batch_id: str, states: Sequence[JobState]) -> Sequence[str]:
        with self._database.read() as session:
            return [row.id for row in store.jobs_in(session, batch_id, states)]

    def _slice(
        self, work: Work, files: Sequence[Found], *, lane: str, identity: str | None
    ) -> Iterator[Accepted]:
        asked: dict[str, tuple[Found, Json]] = {}
        refused: list[Accepted] = []
        for one in files:
            try:
                inputs = _facts(work, one.path)
                which = identity or "\0".join(map(str, inputs["input"].values()))
                asked.setdefault(work.key(which), (one, inputs))
            except FramemillError as error:
                refused.append(Accepted(path=one.path, place=work.destination / one.place, error=error))
        try:
            accepted = self._accept(work, asked, lane=lane)
        except IntegrityError:
            # Somebody else submits the same; now theirs are found.
            accepted = self._accept(work, asked, lane=lane)
        yield from accepted
        yield from refused

    def _accept(
        self, work: Work, asked: Mapping[str, tuple[Found, Json]], *, lane: str
    ) -> Sequence[Accepted]:
        done, tasks = [], []
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            known = store.known_jobs(session, owner=work.owner, keys=list(asked))
            store.ensure_batch(
                session, work.batch_id, title=work.name or work.kind, owner=work.owner, now=now
            )
            turn = next_turn(session, owner=work.owner, priority=work.priority)
            for key, (one, inputs) in asked.items():
                if (job := known.get(key)) is not None:
                    done.append(_as_accepted(one, job, fresh=False))
                    continue
                job = _job(work, one, inputs, key=key)
                tasks.append(
                    enqueue(
                        session,
                        job,
                        priority=work.priority,
                        turn=turn,
                        lane=lane,
                        max_attempts=self._max_attempts,
                        now=now,
                    )
                )
                turn += 1  # behind the one before, as `next_turn` would say
                done.append(_as_accepted(one, job, fresh=True))
        self._dispatcher.nudge(wakes(tasks))
        return done

    def _revived(self, one: Accepted, *, lane: str) -> Accepted:
        """The same, queued again where it ended undone, or was left by a process that is gone."""
        if one.fresh or one.job_id is None or one.state is JobState.COMPLETED:
            return one
        with self._database.read() as session:
            job = session.get(Job, one.job_id)
        left = job is not None and job.lane not in {"", lane} and is_gone(job.lane)
        if one.state not in _UNDONE and not left:
            return one
        try:
            self._dispatcher.nudge(reopen(self._database, one.job_id, lane=lane))
        except FramemillError as error:
            return Accepted(path=one.path, place=one.place, job_id=one.job_id, error=error)
        return Accepted(path=one.path, place=one.place, job_id=one.job_id, state=JobState.QUEUED)


def _facts(work: Work, path: Path) -> Json:
    """The inputs of one job; InputNotFound, InputUnreadable."""
    facts = {"input": input_facts(path)}
    if not path.is_file():
        raise InputUnreadable(path.name, "it is not a regular file")
    if not os.access(path, os.R_OK):
        raise InputUnreadable(path.name, "nobody may read it")
    return facts | {name: input_facts(other) for name, other in work.others.items()}


def _job(work: Work, one: Found, inputs: Json, *, key: str) -> Job:
    place = work.destination / one.place
    return Job(
        kind=work.kind[:64],
        specs=[spec.model_dump(mode="json") for spec in work.specs],
        inputs=inputs,
        destination={"path": str(place), "overwrite": work.overwrite, "missing": missing_folders(place)},
        owner=work.owner,
        batch_id=work.batch_id,
        idempotency_key=key,
    )


def _as_accepted(one: Found, job: Job, *, fresh: bool) -> Accepted:
    place = Path(job.destination["path"])
    return Accepted(path=one.path, place=place, job_id=job.id, state=JobState(job.state), fresh=fresh)
