"""Many inputs as one batch: submitting them without doubles, its progress, ending it, trying again."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError

from framemill.domain.sources import Source, Url
from framemill.domain.states import JobState, TaskState
from framemill.engine.accepting import check_place, enqueue
from framemill.engine.beginnings import input_facts, understood, url_facts
from framemill.engine.dispatch import Dispatcher, Unheard, wakes
from framemill.engine.identity import is_gone
from framemill.engine.recovery import reopen, take_over
from framemill.engine.workspace import missing_folders
from framemill.errors import FramemillError, IllegalTransition, InputUnreadable, InvalidSpec
from framemill.services.batch_work import Accepted, Item, Work
from framemill.services.jobs import Jobs
from framemill.services.records import BatchRecord, Json
from framemill.store import batches as store
from framemill.store.database import Database
from framemill.store.jobs import get_job, tasks_of
from framemill.store.tables import Job, Task
from framemill.store.turns import next_turn
from framemill.store.workers import audit

_AT_ONCE = 100  # jobs in one transaction: other writers wait for no longer than that takes
_WATCH = "watch"  # who acts where nobody asked
_UNDONE = frozenset({JobState.FAILED, JobState.CANCELLED})


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
        files: Iterable[Item],
        *,
        lane: str = "",
        again: bool = False,
        at_once: int = _AT_ONCE,
        identity: str | None = None,
        actor: str = "",
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
                yield self._revived(one, lane=lane, actor=actor) if again else one

    def get(self, batch_id: str) -> BatchRecord:
        """One batch with its progress; BatchNotFound."""
        with self._database.read() as session:
            row = store.get_batch(session, batch_id)
            return BatchRecord.of(row, store.counts_of(session, [row.id]))

    def workspaces(self, batch_id: str) -> set[str | None]:
        """The workspaces that its jobs are in; None where some work on plain files, or none is left."""
        with self._database.read() as session:
            batch = store.get_batch(session, batch_id)
            return store.workspaces_of(session, batch.id) or {None}

    def find(self, part: str) -> tuple[str, ...]:
        """Ids of the newest thousand batches that begin or end with `part`."""
        with self._database.read() as session:
            ids = store.newest(session, limit=1000)
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
                self._jobs.cancel(job_id, actor=actor)
            except IllegalTransition:
                continue  # it completed a moment before
            count += 1
        return count

    def retry(
        self,
        batch_id: str,
        *,
        states: Sequence[JobState] = (JobState.FAILED,),
        lane: str = "",
        actor: str = "",
    ) -> Iterator[tuple[str, FramemillError | None]]:
        """Queue what ended in one of `states` again, one by one; says where that could not be.

        BatchNotFound.
        """
        for job_id in self._ids(self.get(batch_id).id, states):
            try:
                self._dispatcher.nudge(reopen(self._database, job_id, lane=lane, actor=actor))
            except FramemillError as error:
                yield job_id, error
            else:
                yield job_id, None

    def known(self, work: Work, identity: str) -> str | None:
        """The job that was accepted for this content, None where there is none."""
        key = work.key(identity)
        with self._database.read() as session:
            job = store.known_jobs(session, owner=work.owner, keys=[key]).get(key)
            return None if job is None else job.id

    def rows(self, work: Work) -> Iterator[Any]:
        """What `store.batches.jobs_in` says of every job of this work."""
        with self._database.read() as session:
            yield from store.jobs_in(session, work.batch_id)

    def counts(self, work: Work) -> dict[str, int]:
        """How many jobs of this work are in each state; cheap, however many there are."""
        with self._database.read() as session:
            return {state: count for _, state, count, _ in store.counts_of(session, [work.batch_id])}

    def states(self, job_ids: Sequence[str]) -> Iterator[tuple[str, JobState, Json | None]]:
        """State and error of these jobs; of those that are cleaned away nothing."""
        for start in range(0, len(job_ids), _AT_ONCE):
            with self._database.read() as session:
                rows = store.states_of(session, job_ids[start : start + _AT_ONCE])
            yield from ((job_id, JobState(state), error) for job_id, state, error in rows)

    def drop(self, job_id: str) -> None:
        """Cancel a job whose input is not what it was; nothing where it has ended."""
        with suppress(IllegalTransition):
            self._jobs.cancel(job_id, actor=_WATCH)

    def again(self, job_id: str, *, lane: str) -> bool:
        """Queue a job once more; False where it cannot be."""
        try:
            self._dispatcher.nudge(reopen(self._database, job_id, lane=lane, actor=_WATCH))
        except FramemillError:
            return False
        return True

    def adopt(self, job_id: str, *, lane: str) -> bool:
        """Move an unfinished job into `lane`; False where it is there, or somebody living has it."""
        with self._database.read() as session:
            job = get_job(session, job_id)
        if job.lane == lane or (job.lane and not is_gone(job.lane)):
            return False
        try:
            take_over(self._database, job_id, lane=lane)
        except IllegalTransition:
            return False
        with self._database.read() as session:
            ready = [task for task in tasks_of(session, job_id) if task.state == TaskState.READY]
        self._dispatcher.nudge(wakes(ready))
        return True

    def _ids(self, batch_id: str, states: Sequence[JobState]) -> Sequence[str]:
        with self._database.read() as session:
            return [row.id for row in store.jobs_in(session, batch_id, states)]

    def _slice(
        self, work: Work, files: Sequence[Item], *, lane: str, identity: str | None
    ) -> Iterator[Accepted]:
        asked: dict[str, tuple[Item, Json]] = {}
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

    def _accept(self, work: Work, asked: Mapping[str, tuple[Item, Json]], *, lane: str) -> Sequence[Accepted]:
        done: list[Accepted] = []
        tasks: list[Task] = []
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            known = store.known_jobs(session, owner=work.owner, keys=list(asked))
            store.ensure_batch(session, work.batch_id, title=work.title, owner=work.owner, now=now)
            turn = next_turn(session, owner=work.owner, priority=work.priority)
            for key, (one, inputs) in asked.items():
                if (job := known.get(key)) is not None:
                    done.append(_as_accepted(one, job, fresh=False))
                    continue
                job = _job(work, one, inputs, key=key)
                tasks.extend(
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

    def _revived(self, one: Accepted, *, lane: str, actor: str) -> Accepted:
        """The same, queued again where it ended undone, or was left by a process that is gone."""
        if one.fresh or one.job_id is None or one.state is JobState.COMPLETED:
            return one
        with self._database.read() as session:
            job = session.get(Job, one.job_id)
        left = job is not None and job.lane not in {"", lane} and is_gone(job.lane)
        if one.state not in _UNDONE and not left:
            return one
        try:
            self._dispatcher.nudge(reopen(self._database, one.job_id, lane=lane, actor=actor))
        except FramemillError as error:
            return Accepted(path=one.path, place=one.place, job_id=one.job_id, error=error)
        return Accepted(path=one.path, place=one.place, job_id=one.job_id, state=JobState.QUEUED)


def _facts(work: Work, source: Source) -> Json:
    """The inputs of one job; InputNotItem, InputUnreadable, AddressRefused."""
    facts = {"input": _own(source)}
    if isinstance(source, Path):
        if not source.is_file():
            raise InputUnreadable(source.name, "it is not a regular file")
        if not os.access(source, os.R_OK):
            raise InputUnreadable(source.name, "nobody may read it")
    return facts | {name: _own(other) for name, other in work.others.items()}


def _own(source: Source) -> Json:
    return url_facts(understood(source)) if isinstance(source, Url) else input_facts(source)


def _job(work: Work, one: Item, inputs: Json, *, key: str) -> Job:
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


def _as_accepted(one: Item, job: Job, *, fresh: bool) -> Accepted:
    place = Path(job.destination["path"])
    return Accepted(path=one.path, place=place, job_id=job.id, state=JobState(job.state), fresh=fresh)
