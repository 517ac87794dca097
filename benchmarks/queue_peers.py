"""What others do on the same machine in the same run: Celery and Procrastinate with empty tasks."""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from benchmarks import peer_procrastinate

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Empty tasks a second, and the milliseconds until an idle worker begins one."""

    rate: float
    waits: list[float]


def celery(broker: str, *, workers: int, count: int, rounds: int) -> Peer:
    """Celery's own worker with as many processes; settings as they come, results ignored."""
    queue = f"peer-{os.getpid()}"
    os.environ |= {"PEER_BROKER": broker, "PEER_QUEUE": queue}
    tasks = importlib.import_module("benchmarks.peer_celery")
    client = redis.Redis.from_url(broker, decode_responses=True)
    with tasks.app.producer_pool.acquire(block=True) as producer:
        for _ in range(count):
            tasks.nothing.apply_async(producer=producer)
    with _worker(workers):
        _until(lambda: int(client.llen(queue)) < count)
        began, left = time.monotonic(), int(client.llen(queue))
        _until(lambda: int(client.llen(queue)) == 0)
        rate = left / (time.monotonic() - began)
        waits = []
        for _ in range(rounds):
            tasks.heard.delay(time.time())
            _until(lambda: client.llen(f"{queue}-heard"))
            waits.append(float(str(client.lpop(f"{queue}-heard"))))
    return Peer(rate=rate, waits=waits)


def procrastinate(url: str, folder: Path, *, workers: int, count: int, rounds: int) -> Peer:
    """Procrastinate with as many processes on an empty PostgreSQL database, its schema of its own."""
    folder.mkdir()
    rate = peer_procrastinate.run(url, workers=workers, count=count)
    return Peer(rate=rate, waits=peer_procrastinate.latencies(url, folder / "heard", rounds=rounds))


@contextmanager
def _worker(processes: int) -> Iterator[None]:
    argv = [sys.executable, "-m", "celery", "-A", "benchmarks.peer_celery", "worker", "-c", str(processes)]
    with subprocess.Popen(argv, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _until(what: Any) -> None:  # noqa: ANN401 - any function without arguments
    end = time.monotonic() + _PATIENCE_S
    while not what():
        if time.monotonic() > end:
            raise SystemExit("a peer's worker did nothing for too long")
        time.sleep(0.005)
