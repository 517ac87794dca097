"""Builders for tests of jobs on stored videos: a store, a video in it, machines that share nothing else."""

import copy
import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from framemill.domain.media import MediaInfo
from framemill.domain.plan import Output, Plan, Promise, Role, Step, StepInput, TextFile
from framemill.engine.equipment import Pace
from framemill.engine.machine import Machine, Stop
from framemill.engine.places import Places
from framemill.engine.reaping import Reaper
from framemill.engine.stock import Stock
from framemill.engine.worker import Worker
from framemill.services.jobs import Jobs
from framemill.services.video_jobs import VideoJobs
from framemill.storage.blobs import BlobStore
from framemill.storage.cache import Cache
from framemill.storage.disk import Disk
from framemill.storage.kept import KeptBlobs, KeptFiles
from framemill.storage.local import LocalStore
from framemill.storage.signing import Signer
from framemill.store.claiming import Wanted
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact
from framemill.store.video_tables import Collection, Video, Workspace
from tests.builders import a_film
from tests.engines import Anything, Clock, Watcher, a_command, a_machine, planning

FOOTAGE = b"all that was filmed " * 50
_PLAYLIST = """#EXTM3U
#EXT-X-TARGETDURATION:1
#EXTINF:1.0,
seg-1.ts
#EXTINF:1.0,
seg-2.ts
#EXT-X-ENDLIST
"""


class FarStore(LocalStore):
    """A store that programs of no machine can read from."""

    def local_path(self, key: str) -> None:
        """None: it is elsewhere."""
        self.stat(key)


class Seer(Machine):
    """A machine that takes everything for the same film."""

    def look(
        self,
        path: Path,  # noqa: ARG002 - as a machine's
        *,
        name: str | None = None,  # noqa: ARG002 - as a machine's
        stop: Stop,  # noqa: ARG002 - as a machine's
    ) -> MediaInfo:
        """A film, whatever is in the file."""
        return a_film()


@dataclass
class Mill:
    """An installation of several machines: a database in a file and a store."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    shared: bool = True
    far: bool = True
    cache_limit: int = 1 << 30

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.database = self.opened()
        self.blobs = self.store()
        video = a_stored_video(
            self.database, self.blobs, [FOOTAGE], filename="Ein Film – über alles.mp4", uploader="ada"
        )
        self.workspace_id, self.video_id = video.workspace_id, video.id

    def opened(self) -> Database:
        """The database, for another process too."""
        return open_database(f"sqlite:///{self.folder / 'mill.db'}", clock=self.clock)

    def store(self) -> LocalStore:
        """The store, for another process too."""
        kind = FarStore if self.far else LocalStore
        return kind(
            Disk(self.folder / "store"),
            signer=Signer(["a secret of the tests"]),
            public_url="https://mill.example",
        )

    @property
    def jobs(self) -> Jobs:
        """The use cases, asked for on machine `a`."""
        return Jobs(self.database, places=self.places("a"))

    @property
    def video_jobs(self) -> VideoJobs:
        return VideoJobs(self.database, self.jobs)

    def submit(self) -> str:
        return self.video_jobs.submit([Anything()], video=self.video_id)

    def places(self, machine: str) -> Places:
        """Where jobs work on a machine of this name."""
        folder = self.folder / machine
        blobs = self.store()
        stock = Stock(
            blobs=blobs,
            cache=Cache(blobs, folder / "cache", limit=self.cache_limit),
            shared=self.shared,
            wait=lambda: None,
        )
        kept = (
            KeptBlobs(blobs, limit=1 << 20, age=timedelta(days=14))
            if self.shared
            else KeptFiles(folder / "cache" / "kept", limit=1 << 20, age=timedelta(days=14))
        )
        return Places(work=folder / "work", open_stock=lambda: stock, open_kept=lambda _stored: kept)

    def worker(self, plan: Plan, machine: str = "a", *, database: Database | None = None) -> Worker:
        """A worker on a machine."""
        one = a_machine()
        return Worker(
            database=database or self.database,
            machine=lambda: Seer(
                programs=one.programs, capabilities=one.capabilities, profiles={}, sandbox="off"
            ),
            sink=Watcher(),
            pace=Pace(wait=self.clock.pass_by, spread=lambda: 0.0),
            planner=planning(plan),
            places=self.places(machine),
        )

    def reaper(self) -> Reaper:
        """Who puts back what dead workers held."""
        from framemill.engine.dispatch import Unheard

        return Reaper(
            database=self.database, dispatcher=Unheard(), spread=lambda: 0.0, places=self.places("a")
        )

    def copied(self, folder: Path) -> "Mill":
        """The same installation in another folder, as it stands; close this one's database before."""
        shutil.copytree(self.folder, folder, symlinks=True)
        other = copy.copy(self)
        other.folder, other.clock = folder, copy.copy(self.clock)
        other.database, other.blobs = other.opened(), other.store()
        return other

    def take_turns(self, plan: Plan, *machines: str, and_on: bool = True) -> list[str]:
        """Let the machines run one task each, in turn, and the last one whatever is left then."""
        workers = {name: self.worker(plan, name) for name in dict.fromkeys(machines)}
        done = []
        for name in (*machines, *[machines[-1]] * (20 if and_on else 0)):
            self.clock.pass_by(600)
            if workers[name].run_one(Wanted()) is None:
                break
            done.append(name)
        return done

    def stored(self) -> dict[str, bytes]:
        """Everything in the store but the original, by its key below the video's prefix."""
        start = f"workspaces/{self.workspace_id}/{self.video_id}/"
        return {
            blob.key.removeprefix(start): b"".join(self.blobs.read(blob.key))
            for blob in self.blobs.list("")
            if not blob.key.endswith("/original.mp4")
        }

    def artifacts(self) -> list[Artifact]:
        """What is recorded."""
        with self.database.read() as session:
            return list(session.query(Artifact).order_by(Artifact.job_id, Artifact.position))

    def video(self) -> Video:
        """The video as it stands."""
        with self.database.read() as session:
            return session.get_one(Video, self.video_id)

    def change_video(self, change: Callable[[Video], object]) -> None:
        """Let something happen to the video."""
        with self.database.write() as session:
            change(session.get_one(Video, self.video_id))

    def left_over(self) -> list[str]:
        """Working folders on any machine."""
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.glob("*/work/*/*"))


def a_stored_video(
    database: Database, blobs: BlobStore, content: Sequence[bytes], *, filename: str, uploader: str = ""
) -> Video:
    """A video that has arrived, in a workspace of its own."""
    workspace_id, collection_id, video_id, now = new_id(), new_id(), new_id(), datetime.now(UTC)
    key = f"workspaces/{workspace_id}/{video_id}/original.mp4"
    size = blobs.put(key, content).bytes
    times = {"created_at": now, "updated_at": now}
    video = Video(
        id=video_id,
        workspace_id=workspace_id,
        collection_id=collection_id,
        title="A film",
        filename=filename,
        state="ready",
        key=key,
        bytes=size,
        sha256=hashlib.sha256(b"".join(content)).hexdigest(),
        stored_bytes=size,
        uploader=uploader,
        **times,
    )
    with database.write() as session:
        session.add(Workspace(id=workspace_id, name=f"w-{workspace_id[-12:]}", title="", **times))
        session.flush()
        session.add(Collection(id=collection_id, workspace_id=workspace_id, name="uploads", **times))
        session.flush()
        session.add(video)
    return video


def a_package(ref: str, *, key: str = "package") -> Step:
    """A step that makes a stream of two segments, without any program."""
    names = ("seg-1.ts", "seg-2.ts")
    return Step(
        key=key,
        operation="proxy",
        title="package",
        commands=(
            *(a_command("copy", "in/source", f"out/hls/{name}") for name in names),
            a_command("copy", "in/list", "out/hls/master.m3u8"),
        ),
        inputs=(StepInput(name="source", ref=ref),),
        texts=(TextFile(name="list", content=_PLAYLIST),),
        outputs=(
            Output(
                id=f"{key}/hls",
                path="hls",
                role=Role.HLS,
                promise=Promise(kind="package"),
                publish="hls",
            ),
        ),
    )
