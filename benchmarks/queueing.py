"""The queue: claims, submits, listings, latency and idling. Run as `python -m benchmarks.queueing`.

Writes docs/benchmarks-queue.md. The references run in the same minutes: a bare
table by the driver alone, Celery's and Procrastinate's own empty tasks.
"""

import argparse
import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks import queue_peers
from benchmarks.queue_claims import Claims, claims, raw_claims, raw_postgres_claims
from benchmarks.queue_lists import Times, times
from benchmarks.queue_pool import idle, latencies, p95, pool
from benchmarks.source import tiny_clip
from framemill.engine.broker import Broker
from framemill.operations.remove_audio import RemoveAudio
from framemill.services.jobs import Jobs
from framemill.store.database import open_database
from framemill.tools.programs import find_programs
from tests.servers import postgres as postgres_server
from tests.servers import redis as redis_server
from tests.servers.postgres import Postgres

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-queue.md"
_ROUNDS = 30
_NOTE = """Their tasks are empty: nothing is recorded but that they were done. The PostgreSQL, ours and
theirs, runs without fsync on the same cores as its clients."""
_HEAD = """# Benchmarks of the queue

Written by `python -m benchmarks.queueing`; do not edit. {machine}

"""


def main() -> None:
    """Measure everything and write the page."""
    options = _options()
    parts = [_HEAD.format(machine=_machine())]
    with tempfile.TemporaryDirectory(prefix="framemill-queue-") as name:
        folder = Path(name)
        # Both end with this program.
        postgres, broker = Postgres(postgres_server.start()), redis_server.url(redis_server.start())
        measured: tuple[Callable[[], str], ...] = (
            lambda: _claims(folder, postgres=postgres, count=options.tasks),
            lambda: _peers(folder, postgres=postgres, broker=broker, count=options.tasks),
            lambda: _pool(folder),
            lambda: _celery(folder, postgres=postgres, broker=broker),
            lambda: _lists(folder, sizes=options.rows),
        )
        for part in measured:
            parts.append(part())
            print(parts[-1], flush=True)
    _PAGE.write_text("\n".join(parts))


def _claims(folder: Path, *, postgres: Postgres, count: int) -> str:
    runs: list[tuple[str, Claims]] = []
    for workers in (1, 2, 4):
        url = f"sqlite:///{folder / f'claims{workers}.db'}"
        runs.append((f"SQLite, {workers} workers", claims(url, workers=workers, count=count)))
    runs.append(("a bare SQLite table, 4 workers", raw_claims(folder, workers=4, count=count)))
    for workers in (1, 4, 8):
        with postgres.database() as url:
            runs.append((f"PostgreSQL, {workers} workers", claims(url, workers=workers, count=count)))
    with postgres.database(migrated=False) as url:
        raw = raw_postgres_claims(url, workers=8, count=count)
    runs.append(("a bare PostgreSQL table, 8 workers", raw))
    rows = [
        (
            title,
            f"{run.rate:,.0f}",
            f"{run.first_ms:.2f}",
            f"{run.last_ms:.2f}",
            f"{run.last_ms / run.first_ms:.2f}",
        )
        for title, run in runs
    ]
    heads = ("", "claimed and finished a second", "first tenth ms", "last tenth ms", "last / first")
    return f"## Claiming {count:,} queued tasks\n\n{_table(heads, rows)}"


def _peers(folder: Path, *, postgres: Postgres, broker: str, count: int) -> str:
    with postgres.database(migrated=False) as url:
        driver = url.replace("postgresql+psycopg", "postgresql")
        one, eight = (
            queue_peers.procrastinate(
                driver, folder / str(workers), workers=workers, count=count // 5, rounds=_ROUNDS
            )
            for workers in (1, 8)
        )
    two = queue_peers.celery(broker, workers=2, count=count, rounds=_ROUNDS)
    rows = [
        (title, f"{peer.rate:,.0f}", f"{median(peer.waits):.0f}", f"{p95(peer.waits):.0f}")
        for title, peer in (
            ("Celery on Redis, 2 processes", two),
            ("Procrastinate on PostgreSQL, 1 process", one),
            ("Procrastinate on PostgreSQL, 8 processes", eight),
        )
    ]
    heads = ("", "empty tasks a second", "ms until an idle worker begins, median", "95th percentile")
    return f"## Others on the same machine\n\n{_NOTE}\n\n{_table(heads, rows)}"


def _lists(folder: Path, *, sizes: Sequence[int]) -> str:
    source = folder / "source.txt"
    source.write_text("x")
    database = open_database(f"sqlite:///{folder / 'lists.db'}")
    found = [times(database, rows=rows, source=source, spec=RemoveAudio()) for rows in sizes]
    database.close()
    figures: list[tuple[str, Callable[[Times], float]]] = [
        ("the newest 50", lambda t: t.first_page),
        ("50 from the middle", lambda t: t.deep_page),
        ("the newest 50 that failed", lambda t: t.by_state),
        ("one job with tasks and artifacts", lambda t: t.one),
        ("a durable submit", lambda t: t.submit),
    ]
    rows = [
        (title, *(f"{figure(t):.1f}" for t in found), f"{figure(found[-1]) / figure(found[0]):.2f}")
        for title, figure in figures
    ]
    heads = ("99th percentile, ms", *(f"{t.rows:,} jobs" for t in found), "last / first")
    return f"## Looking at many jobs (SQLite)\n\n{_table(heads, rows)}"


def _pool(folder: Path) -> str:
    clip = tiny_clip(find_programs().ffmpeg, folder / "clip.mp4")
    data = folder / "pool"
    env = {**os.environ, "FRAMEMILL_DATA_DIR": str(data), "FRAMEMILL_REUSE_BYTES": "0"}
    database = open_database(f"sqlite:///{data / 'framemill.db'}")
    from framemill.engine.bells import Bells

    jobs = Jobs(database, dispatcher=Bells(data / "bells"))
    with pool(env, workers=2) as process:
        first, *found = latencies(database, jobs, RemoveAudio(), source=clip, into=data, rounds=_ROUNDS + 1)
        quiet = idle(process, seconds=30)
    database.close()
    rows = [
        ("submit to the first program, median", f"{sorted(found)[len(found) // 2]:.0f} ms"),
        ("the same, 95th percentile", f"{p95(found):.0f} ms"),
        ("the first after the pool's start, which loads code", f"{first:.0f} ms"),
        ("idle, share of one core", f"{100 * quiet.core:.2f} %"),
        ("idle, memory of all processes", f"{quiet.memory_mb:.0f} MB"),
    ]
    return f"## A pool of two workers\n\n{_table(('', ''), rows)}"


def _celery(folder: Path, *, postgres: Postgres, broker: str) -> str:
    clip, data = folder / "clip.mp4", folder / "celery"
    with postgres.database() as url:
        env = {
            **os.environ,
            "FRAMEMILL_DATA_DIR": str(data),
            "FRAMEMILL_REUSE_BYTES": "0",
            "FRAMEMILL_DATABASE_URL": url,
            "FRAMEMILL_ENGINE": "celery",
            "FRAMEMILL_BROKER_URL": broker,
        }
        database = open_database(url)
        jobs = Jobs(database, dispatcher=Broker(broker, prefix="framemill"))
        with pool(env, workers=2):
            found = latencies(database, jobs, RemoveAudio(), source=clip, into=data, rounds=_ROUNDS + 1)[1:]
        database.close()
    rows = [
        ("submit to the first program, median", f"{median(found):.0f} ms"),
        ("the same, 95th percentile", f"{p95(found):.0f} ms"),
    ]
    return f"## Two Celery workers on Redis and PostgreSQL\n\n{_table(('', ''), rows)}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    return parser.parse_args()


if __name__ == "__main__":
    main()
