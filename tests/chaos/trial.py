"""Jobs on a real pool whose workers are killed with SIGKILL, and what must hold when all is over."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import select

from framemill.domain.states import JobState, TaskState
from framemill.engine.digests import digest
from framemill.engine.dispatch import Dispatcher, Unheard
from framemill.engine.identity import process_of
from framemill.operations.registry import load_spec
from framemill.services.jobs import Jobs
from framemill.store.database import Database
from framemill.store.tables import Artifact, Job, Task, Worker
from framemill.store.workers import GONE
from tests.chaos.toll import Toll

ROOT = Path(__file__).parents[2]
# What is asked for, in turn: a copy, an encode of two results, stills.
SPECS: tuple[tuple[dict[str, object], ...], ...] = (
    ({"op": "remove_audio"},),
    ({"op": "ladder", "qualities": ["240p"]}, {"op": "extract_audio", "source": "input"}),
    ({"op": "thumbnails", "count": 3},),
)
_PATIENCE_S = 600


@dataclass(kw_only=True)
class Trial:
    """A database, a folder for results, and the clip that every job reads."""

    database: Database
    folder: Path
    clip: Path
    env: Mapping[str, str] = field(default_factory=dict)
    dispatcher: Dispatcher = field(default_factory=Unheard)

    def __post_init__(self) -> None:
        self.toll = Toll(database=self.database)

    def submit(self, count: int) -> list[str]:
        """Ask for `count` jobs."""
        jobs = Jobs(self.database, max_attempts=20, dispatcher=self.dispatcher)
        return [
            jobs.submit(
                [load_spec(spec) for spec in SPECS[number % len(SPECS)]],
                inputs={"input": self.clip},
                destination=self.folder / f"job{number}",
            )
            for number in range(count)
        ]

    @contextmanager
    def pool(self, *, workers: int) -> Iterator["subprocess.Popen[bytes]"]:
        """A pool in processes of its own, drained at the end."""
        with subprocess.Popen(
            [sys.executable, "-m", "framemill.worker", "--workers", str(workers)],
            cwd=ROOT,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)

    def kill_some(self, jobs: list[str], *, kills: int, seed: int) -> int:
        """Kill workers at random moments until all is done or `kills` are dead; returns how many died."""
        chance, killed = random.Random(seed), 0  # noqa: S311 - no secret
        while killed < kills and not self.all_ended(jobs):
            time.sleep(chance.uniform(0.05, 0.8))
            if (victim := chance.choice(self._busy() or [None])) is not None and self._kill(victim):
                killed += 1
            self.toll.look()
        return killed

    def wait(self, jobs: list[str]) -> None:
        """Until every job has ended."""
        end = time.monotonic() + _PATIENCE_S
        while not self.all_ended(jobs):
            self.toll.look()
            if time.monotonic() > end:
                raise AssertionError(f"after {_PATIENCE_S} s: {self._states(jobs)}")
            time.sleep(0.1)

    def all_ended(self, jobs: list[str]) -> bool:
        """True once no job of these goes on."""
        return all(JobState(state).ended for state in self._states(jobs))

    def check(self, jobs: list[str]) -> None:
        """What must hold: all completed, each artifact once and as it was verified, nothing left behind."""
        self.toll.look()
        with self.database.read() as session:
            states = Counter(session.scalars(select(Job.state).where(Job.id.in_(jobs))))
            artifacts = session.scalars(select(Artifact).where(Artifact.job_id.in_(jobs))).all()
            held = session.scalars(select(Task).where(Task.state == TaskState.LEASED)).all()
        assert states == {JobState.COMPLETED: len(jobs)}, states
        assert not held
        paths = [artifact.path for artifact in artifacts]
        assert len(paths) == len(set(paths))
        for artifact in artifacts:
            assert digest(Path(artifact.path)) == artifact.digest, artifact.path
        there = {str(path) for path in self.folder.rglob("*") if path.is_file()}
        assert there == {path for path in paths if Path(path).is_file()}

    def no_process_left(self) -> None:
        """No program of the product still works on these files."""
        mine = [
            process.info["cmdline"]
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in word for word in process.info["cmdline"] or ())
        ]
        assert not mine, mine

    def _busy(self) -> list[str]:
        with self.database.read() as session:
            there = session.scalars(select(Worker.id).where(Worker.state != GONE)).all()
            busy = session.scalars(select(Task.lease_worker).where(Task.state == TaskState.LEASED)).all()
        return [worker for worker in there if worker in busy]

    def _kill(self, worker: str) -> bool:
        _, pid, started = worker.rsplit(":", 2)
        process = process_of(int(pid), float(started))
        if process is None:
            return False
        try:
            self.toll.kill(process, worker)
        except psutil.NoSuchProcess:
            return False
        return True

    def _states(self, jobs: list[str]) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(Job.state).where(Job.id.in_(jobs))))
