"""A database, a store of files, and the use cases around videos on them, for tests."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from framemill.domain.states import JobState, TaskState
from framemill.engine.identity import worker_id
from framemill.engine.places import Places
from framemill.engine.stock import Stock
from framemill.services.collections import Collections
from framemill.services.deletion import Remover
from framemill.services.jobs import Jobs
from framemill.services.originals import NewOriginal
from framemill.services.retention import Retention
from framemill.services.shelf_records import VideoRecord
from framemill.services.videos import Videos
from framemill.services.workspaces import Workspaces
from framemill.storage.blobs import BlobStore
from framemill.storage.cache import Cache
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact, AuditEvent, Job, Task
from framemill.store.video_tables import Video
from tests.engines import Clock


@dataclass
class Shelves:
    """Everything around videos, on one database and one store."""

    database: Database
    clock: Clock
    blobs: BlobStore
    folder: Path
    waited: list[float] = field(default_factory=list)

    @property
    def jobs(self) -> Jobs:
        cache = Cache(self.blobs, self.folder / "cache", limit=1 << 20)
        stock = Stock(blobs=self.blobs, cache=cache, shared=True)
        return Jobs(self.database, places=Places(work=self.folder / "work", open_stock=lambda: stock))

    @property
    def remover(self) -> Remover:
        return Remover(database=self.database, blobs=lambda: self.blobs, cancel=self.jobs.cancel)

    @property
    def workspaces(self) -> Workspaces:
        return Workspaces(self.database, sweep=self.remover.sweep)

    @property
    def collections(self) -> Collections:
        return Collections(self.database, self.workspaces, sweep=self.remover.sweep)

    @property
    def videos(self) -> Videos:
        return Videos(self.database, self.collections, self.remover, wait=self.waited.append)

    @property
    def retention(self) -> Retention:
        return Retention(self.database, self.videos, blobs=lambda: self.blobs)

    def begin(self, filename: str = "film.mp4", *, size: int = 5, **where: str) -> VideoRecord:
        """A video whose original is on its way."""
        place = {"workspace": "default", "collection": "uploads", **where}
        arrival = self.videos.begin(NewOriginal(filename=filename, bytes=size), **place)
        assert not arrival.duplicate
        return arrival.video

    def a_video(self, content: bytes | None = None, filename: str = "film.mp4", **where: str) -> VideoRecord:
        """A video that is ready; of a content of its own where none is given."""
        content = new_id().encode() if content is None else content
        begun = self.begin(filename, size=len(content), **where)
        assert begun.key is not None
        self.blobs.put(begun.key, [content])
        return self.videos.arrived(begun.id, bytes=len(content), sha256=digest(content)).video

    def a_job(self, video: VideoRecord, state: JobState = JobState.QUEUED, **task: Any) -> str:  # noqa: ANN401 - columns of Task
        """A job on a video, with one task that is ready, or as `task` says."""
        now = self.clock()
        folder = self.folder / "results"
        folder.mkdir(exist_ok=True)
        job = Job(
            id=new_id(),
            kind="proxy",
            specs=[],
            inputs={},
            destination={"path": str(folder), "overwrite": False, "missing": []},
            state=state,
            workspace_id=video.workspace_id,
            video_id=video.id,
            priority=5,
            max_attempts=3,
            created_at=now,
            updated_at=now,
            finished_at=now if state.ended else None,
        )
        columns: dict[str, Any] = {  # Any: columns of Task
            "state": TaskState.READY,
            "key": "plan",
            "kind": "plan",
            "title": "plan",
            "position": 0,
            "needs": [],
            "rank": 5,
            "resource": "io",
            **task,
        }
        with self.database.write() as session:
            session.add(job)
            session.flush()
            if not state.ended:
                session.add(Task(id=new_id(), job_id=job.id, updated_at=now, **columns))
        return job.id

    def hold(self, job_id: str, *, minutes: int = 5) -> None:
        """Let a living worker have the job's task."""
        with self.database.write() as session:
            session.get_one(Job, job_id).state = JobState.RUNNING
            for task in session.scalars(select(Task).where(Task.job_id == job_id)):
                task.state, task.lease_worker = TaskState.LEASED, worker_id()
                task.lease_token, task.attempt = 1, 1
                task.lease_expires = self.clock() + timedelta(minutes=minutes)

    def an_artifact(
        self, video: VideoRecord, role: str, name: str, *, files: tuple[str, ...] = ("",), size: int = 10
    ) -> str:
        """Something made from a video, a file or a folder of `files`, stored and recorded."""
        job = self.a_job(video, JobState.COMPLETED)
        key = f"workspaces/{video.workspace_id}/{video.id}/{job}/{name}"
        for file in files:
            self.blobs.put(key + file, [b"x" * size])
        with self.database.write() as session:
            artifact = Artifact(
                id=new_id(),
                job_id=job,
                video_id=video.id,
                position=0,
                role=role,
                path=name,
                key=key,
                bytes=size * len(files),
                provenance={},
                created_at=self.clock(),
            )
            session.add(artifact)
            session.get_one(Video, video.id).stored_bytes += artifact.bytes
        return artifact.id

    def stored(self) -> list[str]:
        """Every file in the store."""
        return [blob.key for blob in self.blobs.list("")]

    def rows(self, table: type[Any]) -> list[Any]:
        """Every row of a table."""
        with self.database.read() as session:
            return list(session.scalars(select(table)))

    def audited(self) -> list[tuple[str, str]]:
        """What was decided, and by whom."""
        with self.database.read() as session:
            rows = session.execute(select(AuditEvent.actor, AuditEvent.action).order_by(AuditEvent.id))
            return [(actor, action) for actor, action in rows]


def digest(content: bytes) -> str:
    """Its SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """What `act` returned or raised in so many threads that begin together."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    barrier = Barrier(count)

    def one(number: int) -> object:
        barrier.wait(timeout=30)
        try:
            return act(number)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
