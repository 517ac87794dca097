"""The only task of a job that brings an original: fetch it, put it into the store, make the video ready.

One task and not several, so that the file is on the machine that needs it.
Whatever was done and written down is not done again by the next attempt. Each
attempt stores under a key of its own: one that lost its lease can neither
replace nor remove what the winner stored.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.media_types import media_type
from framemill.domain.sniffing import HEAD
from framemill.domain.states import JobState, TaskState
from framemill.engine import outcomes, transfer
from framemill.engine.beginnings import input_facts
from framemill.engine.fetching import fetch_input
from framemill.engine.originals import BRINGS, INPUT
from framemill.engine.patience import patiently
from framemill.engine.places import Places
from framemill.engine.running import Hold
from framemill.errors import DatabaseUnavailable, FramemillError, InputNotFound
from framemill.fetch.wishes import Downloader
from framemill.storage.blobs import BlobStore
from framemill.store.database import Database
from framemill.store.jobs import get_job, tasks_of
from framemill.store.makings import await_original
from framemill.store.tables import Job, Task
from framemill.store.video_tables import Video
from framemill.tools.reins import Reins

Json = dict[str, Any]  # Any: JSON as the tables hold it

_NUMBERED = re.compile(r"(?:-([0-9]+))?\.[a-z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A file that was fetched and stored."""

    key: str
    filename: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The video that has the content."""

    video_id: str
    duplicate: bool  # it had it before


class Landing(Protocol):
    """What shelves say to a film that was fetched."""

    @property
    def max_bytes(self) -> int:
        """More of a film is not fetched."""

    def judge(self, name: str, head: bytes, size: int) -> str:
        """The name with an ending that is true; InvalidUpload, LimitExceeded where it is not taken in."""

    def arrive(self, session: Session, video_id: str, original: Original, *, now: datetime) -> Landed:
        """Make the video ready, within a transaction; VideoNotFound, QuotaExceeded."""

    def start(self, video_id: str, *, pipeline: str | None) -> object:
        """Begin what is made of a new video; once, however often it is asked."""

    def remove(self, video_id: str) -> object:
        """Take away what is left of a video that was not needed."""


class HoldOn(Hold, Protocol):
    """A worker's hold on the task."""

    def check(self) -> None:
        """Raise Cancelled or LeaseLost where the work must end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringing:
    """One attempt."""

    database: Database
    job: Job
    claimed: Task
    places: Places
    downloader: Downloader
    landing: Landing
    hold: HoldOn
    reins: Reins

    def run(self) -> None:
        """Bring it, record it and complete the job; raises what went wrong."""
        facts = self.job.inputs[INPUT]
        if "video" not in facts:
            facts = self._store(self._fetched(facts))
        notes, warnings = [], []
        if facts["duplicate"]:
            notes.append(f"the collection had this content already: it is video {facts['video']}")
            if self.job.video_id not in {None, facts["video"]}:
                with suppress(FramemillError):  # what is left then, the janitor takes away
                    self.landing.remove(str(self.job.video_id))
        elif (refused := self._started(facts["video"])) is not None:
            warnings.append(f"nothing is made of it: {refused.message}")
        outcomes.brought(self.database, self.claimed, notes=notes, warnings=warnings)

    def _started(self, video_id: str) -> FramemillError | None:
        """Why nothing is made of the video; it is there all the same."""
        try:
            self.landing.start(video_id, pipeline=self.job.specs[0].get("pipeline"))
        except FramemillError as problem:
            if problem.transient:
                raise
            return problem
        return None

    def _fetched(self, facts: Json) -> Json:
        """The file is on this machine: fetched now, or by an attempt before."""

        def awaited() -> None:
            with self.database.write() as session:
                await_original(session, str(self.job.video_id), now=self.database.now(session))

        patiently(awaited)
        if _is_here(facts):
            return facts
        self.places.settle(self.job, self.database)
        found = fetch_input(
            facts,
            INPUT,
            place=self.places.of(self.job),
            downloader=self.downloader,
            hold=self.hold,
            reins=self.reins,
            max_bytes=self.landing.max_bytes,
        )
        self.hold.check()
        return self._note(found)

    def _note(self, found: Json) -> Json:
        def noted() -> Json:
            with self.database.write(durable=True) as session:
                _, job, _ = outcomes.mine(self.database, session, self.claimed)
                facts: Json = {**job.inputs[INPUT], **found}
                job.inputs = {**job.inputs, INPUT: facts}
                return facts

        return patiently(noted)

    def _store(self, facts: Json) -> Json:
        """It is stored, and the video is ready or was there."""
        file = Path(facts["path"])
        with file.open("rb") as opened:
            head = opened.read(HEAD)
        name = self.landing.judge(self.job.specs[0].get("filename") or file.name, head, facts["size"])
        ending = name.rpartition(".")[2].lower()
        blobs, key = self.places.stock.blobs, key_of(self.job, self.claimed.lease_token, ending)
        kind = media_type(f".{ending}")
        try:
            moved = transfer.put(blobs, file, key, check=self.hold.check, content_type=kind)
            digest = f"sha256:{facts['sha256']}"
            transfer.expect(moved, bytes=facts["size"], digest=digest, name=file.name)
            self.hold.check()
            original = Original(key=key, filename=name, bytes=moved.bytes, sha256=facts["sha256"])
            landed = self._landed(original)
        except DatabaseUnavailable:
            raise  # it may be recorded or not; whoever has the task next finds out
        except BaseException:
            # Ctrl-C may come right after the commit. Nobody else stores under this key.
            if not _names(self.database, self.job, key):
                with suppress(FramemillError):
                    blobs.delete([key])
            raise
        with suppress(FramemillError):  # what is left then, the janitor finds
            keep = None if landed["duplicate"] else key
            _sweep(blobs, self.job, until=self.claimed.lease_token, keep=keep)
        return landed

    def _landed(self, original: Original) -> Json:
        def arrived() -> Json:
            with self.database.write(durable=True) as session:
                _, job, now = outcomes.mine(self.database, session, self.claimed)
                facts: Json = job.inputs[INPUT]
                if "video" in facts:
                    return facts  # told before, and the answer was lost
                landed = self.landing.arrive(session, str(job.video_id), original, now=now)
                facts = {**facts, "video": landed.video_id, "duplicate": landed.duplicate}
                job.inputs = {**job.inputs, INPUT: facts}
                return facts

        try:
            return patiently(arrived)
        except IntegrityError:  # the same content came twice at once
            return patiently(arrived)


def key_of(job: Job, token: int, ending: str) -> str:
    """Where the attempt with this token stores: the first at the usual place, later ones with a number."""
    number = "" if token <= 1 else f"-{token}"
    return f"{_prefix(job)}{number}.{ending}"


def sweep_unbrought(database: Database, blobs: BlobStore, job_id: str) -> int:
    """Remove what attempts of an ended job stored and did not record; returns how many files that were."""
    with database.read() as session:
        job = get_job(session, job_id)
        tasks = [task for task in tasks_of(session, job.id) if task.kind == BRINGS]
        video = session.get(Video, job.video_id)
    if not JobState(job.state).ended or not tasks or tasks[0].state == TaskState.LEASED:
        return 0
    keep = video.key if video is not None else None
    return _sweep(blobs, job, until=tasks[0].lease_token, keep=keep)


def _sweep(blobs: BlobStore, job: Job, *, until: int, keep: str | None) -> int:
    """A job that was queued again meanwhile stores with later tokens than `until`, which are left alone."""
    keys = []
    for blob in blobs.list(_prefix(job)):
        found = _NUMBERED.fullmatch(blob.key.removeprefix(_prefix(job)))
        if found is not None and int(found[1] or 1) <= until and blob.key != keep:
            keys.append(blob.key)
    if keys:
        blobs.delete(keys)
    return len(keys)


def _prefix(job: Job) -> str:
    return f"workspaces/{job.workspace_id}/{job.video_id}/original"


def _names(database: Database, job: Job, key: str) -> bool:
    with database.read() as session:
        video = session.get(Video, job.video_id)
        return video is not None and video.key == key


def _is_here(facts: Json) -> bool:
    if facts["size"] is None:
        return False
    with suppress(InputNotFound):
        now = input_facts(Path(facts["path"]))
        return all(now[name] == facts[name] for name in ("size", "mtime_ns"))
    return False
