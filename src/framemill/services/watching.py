"""Watching a folder: each complete file becomes one job, once, whatever happens in between.

What was submitted is in the database: the jobs' idempotency keys say which
content was taken, their inputs which file. So a restart forgets nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from framemill.domain.states import JobState
from framemill.engine.digests import digest
from framemill.errors import FramemillError
from framemill.services.arrivals import Arrivals, Facts, facts_of
from framemill.services.batch_work import Accepted, Work
from framemill.services.batches import Batches
from framemill.services.intake import Found, Sieve, files_in
from framemill.services.moving import move_away

_ASK_ALL_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that a watch did or saw, for its log."""

    what: str  # submitted, known, renamed, refused, replaced, completed, failed, moved, unreadable
    path: Path
    job_id: str | None = None
    said: str = ""


@dataclass(slots=True)
class _Job:
    id: str
    path: Path
    facts: Facts
    state: JobState
    error: str | None = None

    def is_there(self) -> bool:
        """True while the file that it was submitted for is in its place."""
        return facts_of(self.path) == self.facts


@dataclass(slots=True, kw_only=True)
class Watch:
    """One folder, looked at again and again."""

    folder: Path
    work: Work
    batches: Batches
    arrivals: Arrivals
    sieve: Sieve
    lane: str = ""
    move_done: Path | None = None
    digest_of: Callable[[Path], str] = digest
    _jobs: dict[str, _Job] = field(default_factory=dict)  # by id
    _latest: dict[Path, str] = field(default_factory=dict)  # the job that was last submitted for a path
    _places: set[str] = field(default_factory=set)  # folders of results
    _done: set[str] = field(default_factory=set)  # jobs whose file may be moved away
    _counts: dict[str, int] = field(default_factory=dict)  # jobs by state, when all were last asked for
    _asked: float = 0.0
    _settled: dict[Path, Facts] = field(default_factory=dict)  # nothing more is to be done for these
    _told: dict[Path, str] = field(default_factory=dict)  # so that trouble is told once

    def begin(self) -> Iterator[News]:
        """Remember what was submitted before, and take over what a process that is gone left."""
        self._remember()
        for job in self._jobs.values():
            if not job.state.ended and self.batches.adopt(job.id, lane=self.lane):
                yield News(what="taken over", path=job.path, job_id=job.id)

    def look(self) -> Iterator[News]:
        """One look: what is complete and new is submitted, what its jobs made of the others is told.

        A folder that cannot be read now is told, and looked at again.
        """
        yield from self.ends()
        try:
            files = list(files_in(self.folder, self.sieve))
        except OSError as error:
            yield from self._trouble(self.folder, f"cannot be read: {error.strerror}")
            return
        self._told.pop(self.folder, None)
        there = {one.path for one in files}
        for gone in [path for path in self._settled if path not in there]:
            del self._settled[gone]
        new = [one for one in files if self._settled.get(one.path) != facts_of(one.path)]
        for one, facts in self.arrivals.complete(new):
            yield from self._take(one, facts)

    @property
    def waiting(self) -> bool:
        """True while a job of this watch has not ended."""
        return any(not job.state.ended for job in self._jobs.values())

    def _take(self, one: Found, facts: Facts) -> Iterator[News]:
        if (mine := self._latest.get(one.path)) and self._jobs[mine].facts == facts:
            yield from self._known(one, facts, self._jobs[mine])
            return
        try:
            content = self.digest_of(one.path)
        except (OSError, FramemillError) as error:
            yield from self._trouble(one.path, f"cannot be read: {getattr(error, 'strerror', error)}")
            return
        if facts_of(one.path) != facts:
            return  # it changed while it was read: the next look sees how long it stands still then
        # A sampled digest does not see every change; the time of the last one does.
        identity = content if content.startswith("sha256:") else f"{content}@{facts[1]}"
        known = self._jobs.get(self.batches.known(self.work, identity) or "")
        if known is None:
            yield from self._submit(one, facts, identity)
        elif known.path == one.path or known.is_there():
            # Touched, or a copy beside the one that it is a copy of.
            if known.path == one.path:
                yield from self._known(one, facts, known)
            else:
                yield from self._submit(one, facts, f"{identity}\0{one.path}")
        elif known.state in {JobState.RUNNING, JobState.PAUSED}:
            yield from self._trouble(one.path, f"it was {known.path.name}, and is being worked on")
        elif known.state is JobState.COMPLETED:
            self._settled[one.path] = facts
            yield News(what="renamed", path=one.path, job_id=known.id, said=f"was {known.path.name}")
        else:
            if known.state is JobState.QUEUED:
                self.batches.drop(known.id)
            yield from self._submit(one, facts, f"{identity}\0{one.path}")

    def _known(self, one: Found, facts: Facts, job: _Job) -> Iterator[News]:
        """The content was submitted under this name before."""
        self._settled[one.path] = facts
        self._latest[one.path] = job.id
        job.facts = facts
        # It was away when its turn came, and is back.
        missed = job.state is JobState.FAILED and job.error == "input_not_found"
        if missed and self.batches.again(job.id, lane=self.lane):
            job.state = JobState.QUEUED
            yield News(what="back", path=one.path, job_id=job.id)

    def _submit(self, one: Found, facts: Facts, identity: str) -> Iterator[News]:
        before = self._jobs.get(self._latest.get(one.path, ""))
        place = one.place if before is not None and self.work.overwrite else self._free(one.place)
        accepted = next(
            self.batches.submit(self.work, [replace(one, place=place)], lane=self.lane, identity=identity)
        )
        if accepted.job_id is None:
            yield from self._trouble(one.path, str(accepted.error))
            return
        self._settled[one.path] = facts
        self._told.pop(one.path, None)
        if accepted.fresh and before is not None and before.state is JobState.QUEUED:
            self.batches.drop(before.id)  # what it was to work on is not there any more
        self._keep(one.path, accepted, facts)
        what = ("replaced" if before else "submitted") if accepted.fresh else "known"
        yield News(what=what, path=one.path, job_id=accepted.job_id, said=str(accepted.place))

    def _keep(self, path: Path, accepted: Accepted, facts: Facts) -> None:
        assert accepted.job_id is not None
        assert accepted.state is not None
        self._add(_Job(id=accepted.job_id, path=path, facts=facts, state=accepted.state))
        self._places.add(str(accepted.place))

    def _add(self, job: _Job) -> None:
        self._jobs[job.id] = job
        # Ids sort by time of submission.
        if job.id > self._latest.get(job.path, ""):
            self._latest[job.path] = job.id
        if job.state is JobState.COMPLETED:
            self._done.add(job.id)

    def _free(self, place: Path) -> Path:
        """`place`, or with a number the first like it that nothing has."""
        root = self.work.destination
        names = (place if n == 1 else place.with_name(f"{place.name}-{n}") for n in count(1))
        return next(
            name for name in names if str(root / name) not in self._places and not (root / name).exists()
        )

    def _trouble(self, path: Path, said: str) -> Iterator[News]:
        if self._told.get(path) != said:
            self._told[path] = said
            yield News(what="waiting", path=path, said=said)

    def _remember(self) -> None:
        for row in self.batches.rows(self.work):
            facts = row.inputs["input"]
            job = _Job(
                id=row.id,
                path=Path(facts["path"]),
                facts=(facts["size"], facts["mtime_ns"]),
                state=JobState(row.state),
                error=(row.error or {}).get("code"),
            )
            self._add(job)
            self._places.add(row.destination["path"])

    def ends(self) -> Iterator[News]:
        """What has ended since the last time; what is done may be moved away. Part of every look."""
        for job_id, state, error in self.batches.states(self._to_ask()):
            job = self._jobs[job_id]
            job.state, job.error = state, (error or {}).get("code")
            if state is JobState.COMPLETED:
                self._done.add(job_id)
            if state.ended:
                said = str((error or {}).get("message", ""))
                yield News(what=str(state), path=job.path, job_id=job_id, said=said)
        if self.move_done is not None:
            yield from self._move(self.move_done)

    def _to_ask(self) -> list[str]:
        """The jobs that may have ended: none, mostly, where as many are in each state as before."""
        counts, now = self.batches.counts(self.work), self.arrivals.now()
        if counts == self._counts and now - self._asked < _ASK_ALL_S:
            return []
        self._counts, self._asked = counts, now
        return [job.id for job in self._jobs.values() if not job.state.ended]

    def _move(self, to: Path) -> Iterator[News]:
        for job in [self._jobs[job_id] for job_id in sorted(self._done)]:
            if not job.is_there() or not job.path.is_relative_to(self.folder):
                self._done.discard(job.id)
                continue
            try:
                moved = move_away(job.path, to / job.path.relative_to(self.folder))
            except OSError as error:
                yield from self._trouble(job.path, f"cannot be moved: {error.strerror}")
                continue
            self._done.discard(job.id)
            yield News(what="moved", path=job.path, job_id=job.id, said=str(moved))
