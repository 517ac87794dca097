"""Celery workers of one test: real processes on a broker and a database, and jobs for them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import psutil
from pydantic import SecretStr

from framemill.app import App, open_app
from framemill.domain.states import JobState, TaskState
from framemill.engine.broker import Broker
from framemill.engine.dispatch import Unheard
from framemill.operations.thumbnails import Thumbnails
from framemill.services.jobs import Jobs
from framemill.services.records import JobDetail
from framemill.settings import Settings
from framemill.store.tables import Worker
from framemill.store.workers import list_workers

# What a loaded machine may need; nothing waits for it to pass.
PATIENCE_S = 200
WATCHDOG_S = 1

# Stands for ffmpeg: with a gate in the way, what reads a film waits until the gate is gone.
_GATED = """#!/bin/sh
case " $* " in *" -i "*)
    echo $$ >> {folder}/begun
    while [ -e {folder}/gate ]; do sleep 0.05; done ;;
esac
exec {ffmpeg} "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A database, a broker, a folder; and the programs that a test starts on them."""

    folder: Path
    film: Path
    ffmpeg: Path
    database_url: str
    broker_url: str
    prefix: str
    settings: dict[str, str] = field(default_factory=dict)

    @cached_property
    def app(self) -> App:
        return open_app(
            Settings(
                engine="celery",
                broker_url=SecretStr(self.broker_url),
                queue_prefix=self.prefix,
                database_url=SecretStr(self.database_url),
                data_dir=self.folder / "data",
                watchdog_interval=timedelta(seconds=WATCHDOG_S),
            )
        )

    @property
    def environment(self) -> dict[str, str]:
        ffmpeg = self.folder / "ffmpeg"
        if not ffmpeg.exists():
            ffmpeg.write_text(_GATED.format(folder=self.folder, ffmpeg=self.ffmpeg))
            ffmpeg.chmod(0o755)
        return {
            **os.environ,
            "FRAMEMILL_ENGINE": "celery",
            "FRAMEMILL_BROKER_URL": self.broker_url,
            "FRAMEMILL_QUEUE_PREFIX": self.prefix,
            "FRAMEMILL_DATABASE_URL": self.database_url,
            "FRAMEMILL_DATA_DIR": str(self.folder / "data"),
            "FRAMEMILL_CACHE_DIR": str(self.folder.parent / "cache"),
            "FRAMEMILL_WATCHDOG_INTERVAL": f"PT{WATCHDOG_S}S",
            "FRAMEMILL_FFMPEG": str(ffmpeg),
            # Its walls would hide the gate.
            "FRAMEMILL_SANDBOX": "off",
            **self.settings,
        }

    @property
    def gate(self) -> Path:
        """While this exists, what works on films stands still."""
        return self.folder / "gate"

    @property
    def begun(self) -> int:
        """How many programs began to work on films."""
        path = self.folder / "begun"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def submit(self, *, priority: int = 5, announced: bool = True) -> str:
        """One job; where it is not `announced`, its message is lost."""
        jobs = self.app.jobs if announced else Jobs(self.app.database, dispatcher=Unheard())
        number = len(self.app.jobs.list(limit=1000))
        return jobs.submit(
            [Thumbnails(source="input", count=1)],
            inputs={"input": self.film},
            destination=self.folder / "results" / str(number),
            priority=priority,
        )

    def broker(self) -> Broker:
        """Another dispatcher."""
        return Broker(self.broker_url, prefix=self.prefix, pause_s=0)

    def workers(self) -> list[Worker]:
        """Those that are there, as the register says."""
        with self.app.database.read() as session:
            return list_workers(session)

    def until(self, what: Callable[[], bool]) -> None:
        """Wait for a moment of other processes; polling is the only way to see it from outside."""
        limit = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < limit, [self.app.jobs.show(job.id) for job in self.app.jobs.list()]
            time.sleep(0.05)

    def ended(self, *ids: str) -> list[JobDetail]:
        """These jobs, once all have ended."""
        self.until(lambda: all(self.app.jobs.get(job).state.ended for job in ids))
        return [self.app.jobs.show(job) for job in ids]

    @contextmanager
    def running(self, *command: str, workers: int = 1) -> Iterator["subprocess.Popen[bytes]"]:
        """A program with worker processes, from when these are there; it ends with the block."""
        known = {worker.id for worker in self.workers()}
        with self.started(*(command or start_command(workers))) as process:
            self.until(lambda: len({worker.id for worker in self.workers()} - known) >= workers)
            yield process

    @contextmanager
    def started(self, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A program; it ends with the block, and all its processes with it."""
        log = self.folder / "log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=output, stderr=output
            )
        family = []
        try:
            yield process
            assert process.poll() in {None, 0}, log.read_text()
        except BaseException:
            print(log.read_text())  # noqa: T201 - pytest shows it where a test failed
            raise
        finally:
            if process.poll() is None:
                family = psutil.Process(process.pid).children(recursive=True)
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for one in psutil.wait_procs(family, timeout=10)[1]:
                one.kill()


def start_command(workers: int) -> Sequence[str]:
    """What `framemill worker start` is."""
    return (sys.executable, "-m", "framemill", "worker", "start", "--workers", str(workers))


def all_is_well(done: Sequence[JobDetail]) -> bool:
    """True where each job is completed and its one result was published once."""
    return all(
        job.job.state == JobState.COMPLETED
        and len(job.artifacts) == 1
        and job.artifacts[0].path.is_file()
        and {task.state for task in job.tasks} == {TaskState.DONE}
        for job in done
    )
