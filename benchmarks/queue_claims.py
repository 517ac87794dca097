"""How fast tasks are claimed and finished, beside the same on a bare table by the driver alone."""

import multiprocessing
import sqlite3
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from sqlalchemy import insert

from framemill.domain.states import JobState, TaskState
from framemill.store.claiming import claim
from framemill.store.database import Database, open_database
from framemill.store.jobs import new_id
from framemill.store.tables import Job, Task
from framemill.store.tasks import finish

_TTL = timedelta(seconds=60)
_RAW_TABLE = """
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY, state TEXT, rank INT, worker TEXT, token INT DEFAULT 0, expires TEXT
);
CREATE INDEX ready ON tasks (rank, id) WHERE state = 'ready';
"""
_RAW_SERVER_TABLE = """
CREATE TABLE raw_tasks (
    id BIGSERIAL PRIMARY KEY, state TEXT, rank INT, worker TEXT, token INT DEFAULT 0, expires TEXT
);
CREATE INDEX raw_ready ON raw_tasks (rank, id) WHERE state = 'ready';
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """One run: how many a second, and the first and last tenth's median time of one claim in ms."""

    rate: float
    first_ms: float
    last_ms: float


def fill(database: Database, count: int) -> None:
    """Add `count` queued jobs of one ready task each."""
    with database.write() as session:
        now = database.now(session)
        jobs = [
            {
                "id": new_id(),
                "kind": "proxy",
                "specs": [],
                "inputs": {},
                "destination": {"path": "/nonexistent", "overwrite": False, "missing": []},
                "state": JobState.QUEUED,
                "priority": 5,
                "turn": number,
                "max_attempts": 3,
                "created_at": now,
                "updated_at": now,
            }
            for number in range(count)
        ]
        tasks = [
            {
                "id": new_id(),
                "job_id": job["id"],
                "key": "plan",
                "kind": "plan",
                "title": "plan the work",
                "position": 0,
                "needs": [],
                "state": TaskState.READY,
                "rank": 5,
                "turn": job["turn"],
                "resource": "io",
                "ready_at": now,
                "updated_at": now,
            }
            for job in jobs
        ]
        for start in range(0, count, 500):
            session.execute(insert(Job), jobs[start : start + 500])
            session.execute(insert(Task), tasks[start : start + 500])


def claims(url: str, *, workers: int, count: int) -> Claims:
    """Claim and finish `count` tasks with as many processes."""
    database = open_database(url)
    fill(database, count)
    database.close()
    return _run(_work, url, workers=workers, count=count)


def raw_claims(folder: Path, *, workers: int, count: int) -> Claims:
    """The same on one table of six columns, in SQL by hand: the reference."""
    file = folder / "raw.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_RAW_TABLE)
        connection.executemany("INSERT INTO tasks (state, rank) VALUES ('ready', ?)", [(5,)] * count)
    return _run(_work_raw, str(file), workers=workers, count=count)


def raw_postgres_claims(url: str, *, workers: int, count: int) -> Claims:
    """The same on PostgreSQL, by its driver alone."""
    plain = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(_RAW_SERVER_TABLE)
        connection.execute(
            "INSERT INTO raw_tasks (state, rank) SELECT 'ready', 5 FROM generate_series(1, %s)", (count,)
        )
    return _run(_work_raw_server, plain, workers=workers, count=count)


def _run(target, place: str, *, workers: int, count: int) -> Claims:  # type: ignore[no-untyped-def]  # noqa: ANN001
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(workers + 1), context.Queue()
    crew = [context.Process(target=target, args=(place, barrier, results)) for _ in range(workers)]
    for process in crew:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    times = sorted(entry for _ in crew for entry in results.get())
    spent = max(at for at, _ in times) - began
    for process in crew:
        process.join()
    if len(times) != count:
        raise SystemExit(f"{len(times)} of {count} tasks were claimed")
    tenth = max(1, count // 10)
    return Claims(
        rate=count / spent,
        first_ms=statistics.median(took for _, took in times[:tenth]) * 1000,
        last_ms=statistics.median(took for _, took in times[-tenth:]) * 1000,
    )


def _work(url, barrier, results) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    database = open_database(url)
    with database.read() as session:
        database.now(session)
    times = []
    barrier.wait()
    while True:
        began = time.perf_counter()
        with database.at_once() as connection:
            task = claim(connection, worker="w", now=database.own_time(), ttl=_TTL)
        if task is None:
            break
        times.append((time.perf_counter(), time.perf_counter() - began))
        with database.write() as session:
            finish(session, task.id, task.lease_token, now=database.now(session))
    results.put(times)


def _work_raw(file, barrier, results) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA synchronous=NORMAL")
    times = []
    barrier.wait()
    while True:
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute(
            "UPDATE tasks SET state = 'leased', token = token + 1, worker = 'w', expires = 'later' WHERE id ="
            " (SELECT id FROM tasks WHERE state = 'ready' ORDER BY rank, id LIMIT 1) RETURNING id, token"
        ).fetchone()
        connection.execute("COMMIT")
        if row is None:
            break
        times.append((time.perf_counter(), time.perf_counter() - began))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE tasks SET state = 'done' WHERE id = ? AND token = ?", row)
        connection.execute("COMMIT")
    results.put(times)


def _work_raw_server(url, barrier, results) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    times = []
    with psycopg.connect(url, autocommit=True) as connection:
        barrier.wait()
        while True:
            began = time.perf_counter()
            row = connection.execute(
                "UPDATE raw_tasks SET state = 'leased', token = token + 1, worker = 'w', expires = 'later'"
                " WHERE id = (SELECT id FROM raw_tasks WHERE state = 'ready' ORDER BY rank, id LIMIT 1"
                " FOR UPDATE SKIP LOCKED) RETURNING id, token"
            ).fetchone()
            if row is None:
                break
            times.append((time.perf_counter(), time.perf_counter() - began))
            connection.execute("UPDATE raw_tasks SET state = 'done' WHERE id = %s AND token = %s", row)
    results.put(times)
