"""A real pool: how soon it begins a job, how many small jobs it does, and what it costs when idle."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import select

from framemill.domain.states import JobState
from framemill.operations.spec import Spec
from framemill.services.jobs import Jobs
from framemill.store.database import Database
from framemill.store.tables import Job, Task

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What waiting costs: share of one core, and memory that nobody else shares (PSS) in MB."""

    core: float
    memory_mb: float


@contextmanager
def pool(env: Mapping[str, str], *, workers: int) -> Iterator[psutil.Process]:
    """A pool in processes of its own."""
    argv = [sys.executable, "-m", "framemill.worker", "--workers", str(workers)]
    with subprocess.Popen(argv, cwd=_ROOT, env=dict(env), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it says when it is ready
        # A log that nobody reads is full after some hundred tasks, and then whoever writes it stands still.
        reader = threading.Thread(target=process.stderr.read, daemon=True)
        reader.start()
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()
            reader.join()


def latencies(
    database: Database, jobs: Jobs, spec: Spec, *, source: Path, into: Path, rounds: int
) -> list[float]:
    """Milliseconds from a submit until the first program of that job runs, one job after the other."""
    found: list[float] = []
    for number in range(2 * rounds):
        began = time.time()
        job = jobs.submit([spec], inputs={"input": source}, destination=into / f"latency{number}")
        seen = _first_program(database, job)
        _until_ended(jobs, job)
        # A program may end between two looks: that says nothing of when it began.
        if seen is not None:
            found.append((seen - began) * 1000)
        if len(found) == rounds:
            return found
    raise SystemExit(f"of {2 * rounds} programs only {len(found)} were seen")


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20)[18]


def idle(process: psutil.Process, *, seconds: float) -> Idle:
    """What the pool uses while nothing is to be done."""
    family = [process, *process.children(recursive=True)]
    before = _cpu(family)
    time.sleep(seconds)
    return Idle(
        core=(_cpu(family) - before) / seconds,
        memory_mb=sum(member.memory_full_info().pss for member in family) / 1e6,
    )


def _cpu(family: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (member.cpu_times() for member in family))


def _first_program(database: Database, job: str) -> float | None:
    """When it ran; None where the job ended before anybody looked."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        with database.read() as session:
            query = select(Task.tool_pid).where(Task.job_id == job, Task.tool_pid.is_not(None))
            if session.scalars(query).first() is not None:
                return time.time()
            state = session.scalars(select(Job.state).where(Job.id == job)).one()
        if JobState(state).ended:
            return None
        time.sleep(0.002)
    raise SystemExit(f"job {job} started no program in {_PATIENCE_S} s")


def _until_ended(jobs: Jobs, job: str) -> None:
    while not (state := jobs.get(job).state).ended:
        time.sleep(0.01)
    if state is not JobState.COMPLETED:
        raise SystemExit(f"job {job} is {state}: {jobs.get(job).error}")
