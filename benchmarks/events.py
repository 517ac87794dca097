"""Live events to many listeners: how late they come, at which cost. Run as `python -m benchmarks.events`.

Writes docs/benchmarks-events.md. Twenty jobs make progress twice a second, as
workers' heartbeats write it, and change their states now and then; the API
runs as `framemill serve` does, in a process of its own, and the listeners in
another.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from websockets.asyncio.client import connect

from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.domain.states import JobState
from framemill.settings import Settings
from framemill.store.jobs import get_job, new_id
from framemill.store.tables import Job

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-events.md"
_JOBS = 20
_HEADS = ("p50 ms", "p99 ms", "worst ms", "missed", "messages a second", "API, cores", "KB each")
_A_KEY_HAS = 50  # connections
_HEAD = """# Benchmarks of live events

Written by `python -m benchmarks.events`; do not edit. {machine}

{jobs} jobs write their progress twice a second and change their state every two seconds, for
{seconds} seconds, on SQLite. The time is from the moment that a change's transaction names to its
arrival at a listener over `/ws/jobs`; the API's processor time is that of its whole process. The
limits are one second and 0.3 of a core.

"""


@dataclass
class Heard:
    """What all listeners heard."""

    late_ms: list[float] = field(default_factory=list)  # of changes of states
    messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run."""

    title: str
    heard: Heard
    expected: int  # changes of states, at all listeners
    core: float  # of the API
    grown_kb: float  # the API's memory, for each listener


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    runs = [_run(asked.listeners, asked.seconds, each=each) for each in (1, _JOBS)]
    rows = "\n".join(_row(run) for run in runs)
    page = (
        _HEAD.format(machine=_machine(), jobs=_JOBS, seconds=asked.seconds)
        + f"| {asked.listeners} listeners | {' | '.join(_HEADS)} |\n"
        + "| --- " * (len(_HEADS) + 1)
        + "|\n"
        + rows
        + "\n"
    )
    print(page)
    _PAGE.write_text(page)


def _row(run: Run) -> str:
    late = sorted(run.heard.late_ms)
    cells = (
        run.title,
        f"{late[len(late) // 2]:.0f}",
        f"{late[len(late) * 99 // 100]:.0f}",
        f"{late[-1]:.0f}",
        str(run.expected - len(late)),
        f"{run.heard.messages:,.0f}",
        f"{run.core:.2f}",
        f"{run.grown_kb:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _run(listeners: int, seconds: int, *, each: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="framemill-events-") as name:
        app = open_app(Settings(data_dir=Path(name)))
        jobs = _make_jobs(app)
        keys = [
            app.access.create_key(f"k{number}", scope=Scope.READ).secret
            for number in range(-(-listeners // _A_KEY_HAS))
        ]
        with _served(name) as (url, process):
            result = asyncio.run(_measure(app, url, process, keys, jobs, listeners, seconds, each=each))
        app.close()
    return result


async def _measure(
    app: App,
    url: str,
    process: psutil.Process,
    keys: list[str],
    jobs: list[str],
    listeners: int,
    seconds: int,
    *,
    each: int,
) -> Run:
    heard, ready = Heard(), asyncio.Semaphore(0)
    before = process.memory_info().rss
    tasks = []
    for number in range(listeners):
        wanted = [jobs[number % _JOBS]] if each == 1 else []
        tasks.append(asyncio.create_task(_listen(url, keys[number % len(keys)], wanted, heard, ready)))
        if number % 20 == 19:
            await asyncio.sleep(0.05)
    for _ in range(listeners):
        await ready.acquire()
    grown = process.memory_info().rss - before
    await asyncio.sleep(2)
    changes: list[int] = []
    writer = threading.Thread(target=_write, args=(app, jobs, seconds, changes))
    began, spent = time.monotonic(), _cpu(process)
    heard.messages = 0
    writer.start()
    await asyncio.to_thread(writer.join)
    took, spent = time.monotonic() - began, _cpu(process) - spent
    heard.messages = round(heard.messages / took)
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Run(
        title="each follows one job" if each == 1 else f"each follows all {_JOBS} jobs",
        heard=heard,
        expected=changes[0] * listeners * each // _JOBS,
        core=spent / took,
        grown_kb=grown / 1024 / listeners,
    )


async def _listen(url: str, key: str, jobs: list[str], heard: Heard, ready: asyncio.Semaphore) -> None:
    async with connect(f"{url}/ws/jobs", compression=None, open_timeout=60) as socket:
        await socket.send(json.dumps({"type": "auth", "token": key}))
        wish = {"jobs": jobs} if jobs else {"all": True}
        await socket.send(json.dumps({"type": "subscribe", **wish}))
        async for text in socket:
            heard.messages += 1
            if '"type":"subscribed"' in text:
                ready.release()
            elif '"type":"state"' in text:
                at = datetime.fromisoformat(json.loads(text)["at"])
                heard.late_ms.append((datetime.now(UTC) - at).total_seconds() * 1000)


def _make_jobs(app: App) -> list[str]:
    with app.database.write() as session:
        now = app.database.now(session)
        rows = [
            Job(
                id=new_id(),
                kind="transcode",
                specs=[],
                inputs={},
                destination={"path": "/nonexistent", "overwrite": False, "missing": []},
                state=JobState.RUNNING,
                priority=5,
                max_attempts=3,
                created_at=now,
                updated_at=now,
            )
            for _ in range(_JOBS)
        ]
        session.add_all(rows)
        return [row.id for row in rows]


def _write(app: App, jobs: list[str], seconds: int, changes: list[int]) -> None:
    """What workers write, spread over each half second."""
    count = 0
    end = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < end:
        for number, job_id in enumerate(jobs):
            with app.database.write() as session:
                job = get_job(session, job_id, lock=True)
                job.progress = round((job.progress + 0.37) % 100, 2)
                job.updated_at = app.database.now(session)
                if (turn + number) % 4 == 0:
                    job.state = JobState.PAUSED if job.state == JobState.RUNNING else JobState.RUNNING
                    count += 1
            time.sleep(0.5 / len(jobs))
        turn += 1
    changes.append(count)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextlib.contextmanager
def _served(folder: str) -> Iterator[tuple[str, psutil.Process]]:
    environment = {**os.environ, "FRAMEMILL_DATA_DIR": folder}
    with subprocess.Popen(
        [sys.executable, "-m", "framemill", "serve", "--no-workers", "--port", "0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "serving at" in line)
            yield line.split()[-1].replace("http", "ws"), psutil.Process(process.pid)
        finally:
            process.terminate()


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}, Python {platform.python_version()}."


if __name__ == "__main__":
    main()
