"""The API before a crowd, with a million jobs stored. Run as `python -m benchmarks.answering`.

Writes docs/benchmarks-api.md. Fifty clients ask at once, each over one
connection. They ask two servers that run as `framemill serve` does, one with a
thousand jobs and one with a million, and FastAPI with a constant answer, in
turns. On SQLite, and on PostgreSQL as the tests start it.
"""

import argparse
import json
import os
import platform
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import psutil
from pydantic import SecretStr

from benchmarks.crowd import Request, ask
from benchmarks.many_jobs import Filled, fill
from framemill.api.pages import cursor_after
from framemill.app import open_app
from framemill.settings import Settings
from tests.servers import postgres as postgres_server
from tests.servers.postgres import Postgres

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-api.md"
_CLIENTS = 50
_MOST = 1.5  # times what the same takes with a thousand jobs
_SERVING = re.compile(r"serving at http://127\.0\.0\.1:(\d+)")
_NO_LIMIT = "1000000000"
_HEAD = """# Benchmarks of the API

Written by `python -m benchmarks.answering`; do not edit. {machine}

{clients} clients ask at once, each over a connection of its own and again as soon as it has its answer,
with the key of a user who is an operator in two of four workspaces. Times are milliseconds
until the whole answer is there: of {asked} requests, the medians of {rounds} rounds in turns. Clients,
server and PostgreSQL share the cores, so a time is mostly the wait for the others' answers. The constant
is a bare FastAPI that answers the same two words to everybody. Reach: the 99th percentile with
{many} jobs at most {most:g} times that with {few}.
"""
_HEADS = (
    "{few} jobs: p50",
    "p99",
    "{many} jobs: p50",
    "p99",
    "p99, many / few",
    "processor, many / few",
    "p50, many / constant",
    "processor, many / constant",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """Of one round, in ms."""

    p50: float
    p99: float
    cpu: float  # of the server's processor, for each request


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    port: int
    process: psutil.Process


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    served: _Served
    filled: Filled


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs=2, default=[1000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--sqlite-only", action="store_true")
    options = parser.parse_args()
    parts = [
        _HEAD.format(
            machine=_machine(),
            clients=_CLIENTS,
            asked=f"{options.requests:,}",
            rounds=options.rounds,
            few=f"{options.rows[0]:,}",
            many=f"{options.rows[1]:,}",
            most=_MOST,
        )
    ]
    with tempfile.TemporaryDirectory(prefix="framemill-api-") as name:
        folder = Path(name)
        urls: list[str | None] = [None, None]
        parts.append(_part("SQLite", folder / "sqlite", urls, options))
        if not options.sqlite_only:
            postgres = Postgres(postgres_server.start())  # it ends with this program
            with ExitStack() as both:
                urls = [both.enter_context(postgres.database()) for _ in options.rows]
                parts.append(_part("PostgreSQL", folder / "postgres", urls, options))
    page = "\n".join(parts)
    print(page)
    if options.rounds >= 3 and not options.sqlite_only:
        _PAGE.write_text(page)


def _part(title: str, folder: Path, urls: Sequence[str | None], options: argparse.Namespace) -> str:
    with ExitStack() as servers:
        constant = servers.enter_context(_serving([sys.executable, "-m", "benchmarks.constant_server"], {}))
        few, many = (
            servers.enter_context(_site(folder / str(rows), url, rows=rows))
            for rows, url in zip(options.rows, urls, strict=True)
        )
        table = _measured(constant, few, many, rounds=options.rounds, count=options.requests)
    heads = [head.format(few=f"{options.rows[0]:,}", many=f"{options.rows[1]:,}") for head in _HEADS]
    lines = [["", *heads], ["---"] * (len(heads) + 1), *table]
    return f"## {title}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _measured(constant: _Served, few: _Site, many: _Site, *, rounds: int, count: int) -> list[list[str]]:
    asked = [_requests(site.filled, count) for site in (few, many)]
    nothing = [Request(method="GET", path="/")] * count
    rows = []
    for kind in asked[0]:
        turns = [(constant, nothing), (few.served, asked[0][kind]), (many.served, asked[1][kind])]
        times: list[list[_Times]] = [[] for _ in turns]
        for _ in range(rounds):
            for (served, requests), found in zip(turns, times, strict=True):
                ask(served.port, requests[:_CLIENTS], clients=_CLIENTS)  # for warming up
                found.append(_round(served, requests))
        rows.append(_row(kind, *map(_middle, times)))
        print(rows[-1], flush=True)
    return rows


def _round(served: _Served, requests: Sequence[Request]) -> _Times:
    before = _cpu_s(served.process)
    cuts = statistics.quantiles(ask(served.port, requests, clients=_CLIENTS), n=100)
    spent = _cpu_s(served.process) - before
    return _Times(p50=cuts[49], p99=cuts[98], cpu=1000 * spent / len(requests))


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _requests(filled: Filled, count: int) -> Mapping[str, Sequence[Request]]:
    deep = cursor_after(filled.middle)
    wish = {"video": filled.video, "operation": {"op": "trim", "start": 1, "end": 2}}
    submit = Request(
        method="POST", path="/api/v1/jobs", key=filled.key, body=json.dumps(wish).encode(), status=202
    )
    lists = {
        "the newest 50": "limit=50",
        "the newest 50 that failed": "limit=50&state=failed",
        "20 of a kind that completed, in a workspace": "limit=20&state=completed&kind=trim"
        f"&workspace={filled.workspace}",
        "50 from the middle": f"limit=50&cursor={deep}",
    }
    return {
        "status of a job": [
            Request(method="GET", path=f"/api/v1/jobs/{job_id}", key=filled.key)
            for job_id in islice(cycle(filled.jobs), count)
        ],
        **{
            title: [Request(method="GET", path=f"/api/v1/jobs?{query}", key=filled.key)] * count
            for title, query in lists.items()
        },
        "submit": [submit] * count,
    }


def _middle(rounds: Sequence[_Times]) -> _Times:
    return _Times(
        p50=statistics.median(one.p50 for one in rounds),
        p99=statistics.median(one.p99 for one in rounds),
        cpu=statistics.median(one.cpu for one in rounds),
    )


def _row(kind: str, constant: _Times, few: _Times, many: _Times) -> list[str]:
    return [
        kind,
        *(f"{figure:.0f}" for figure in (few.p50, few.p99, many.p50, many.p99)),
        *(f"{ratio:.2f}" for ratio in (many.p99 / few.p99, many.cpu / few.cpu)),
        *(f"{ratio:.0f}" for ratio in (many.p50 / constant.p50, many.cpu / constant.cpu)),
    ]


@contextmanager
def _site(folder: Path, url: str | None, *, rows: int) -> Iterator[_Site]:
    settings = Settings(data_dir=folder, database_url=None if url is None else SecretStr(url))
    app = open_app(settings)
    filled = fill(app, rows=rows)
    app.close()
    env = {
        "FRAMEMILL_DATA_DIR": str(folder),
        "FRAMEMILL_RATE_READS": _NO_LIMIT,
        "FRAMEMILL_RATE_WRITES": _NO_LIMIT,
        **({} if url is None else {"FRAMEMILL_DATABASE_URL": url}),
    }
    argv = [sys.executable, "-m", "framemill", "serve", "--no-workers", "--port", "0"]
    with _serving(argv, env) as served:
        yield _Site(served=served, filled=filled)


@contextmanager
def _serving(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[_Served]:
    """A server in a process of its own."""
    with subprocess.Popen(
        argv, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        assert child.stdout is not None
        said = ""
        while not (found := _SERVING.search(said)):
            line = child.stdout.readline()
            if not line:
                raise SystemExit(f"the server did not start: {said}")
            said += line
        reader = threading.Thread(target=child.stdout.read, daemon=True)
        reader.start()
        try:
            yield _Served(port=int(found[1]), process=psutil.Process(child.pid))
        finally:
            child.terminate()
            reader.join()


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}."


if __name__ == "__main__":
    main()
