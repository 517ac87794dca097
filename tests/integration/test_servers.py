"""The servers that tests stand on: they are ours, they are shared, and they end."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.servers import redis as redis_server
from tests.servers.keeping import Server, Unavailable, kept, shared
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.integration


def _ask(server: Server, *lines: str) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "QUIT")).encode())
        return connection.makefile("r").read()


def test_a_redis_answers_who_knows_its_password(redis: Server, redis_prefix: str) -> None:
    told = _ask(redis, f"AUTH {redis.password}", f"SET {redis_prefix}a 7", f"GET {redis_prefix}a")

    assert told.splitlines()[:4] == ["+OK", "+OK", "$1", "7"]
    assert "NOAUTH" in _ask(redis, "PING")


def test_a_redis_keeps_nothing_on_disk(redis: Server) -> None:
    told = _ask(redis, f"AUTH {redis.password}", "CONFIG GET save", "CONFIG GET appendonly")

    assert told.splitlines()[1:] == [
        "*2",
        "$4",
        "save",
        "$0",
        "",
        "*2",
        "$10",
        "appendonly",
        "$2",
        "no",
        "+OK",
    ]


def test_a_postgres_is_one_that_we_support_and_knows_no_one_without_a_password(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url()) as connection:
        assert connection.info.server_version >= 140_000

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url().replace(postgres.server.password, "wrong"))


def test_all_who_ask_in_a_session_get_the_same_server(servers_folder: Path, redis: Server) -> None:
    def start() -> Server:
        raise AssertionError("it runs already")

    assert shared(servers_folder, "redis", start) == redis


def test_a_server_ends_and_its_files_go_when_the_session_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    monkeypatch.setattr("os.getppid", lambda: session.pid)
    server = redis_server.start()
    processes = [psutil.Process(server.pid), psutil.Process(server.keeper)]
    folder = Path(processes[0].cwd())

    session.kill()
    session.wait()

    assert psutil.wait_procs(processes, timeout=60)[1] == []
    assert not folder.exists()
    session.communicate()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no such thing"):
        kept(
            "broken",
            prepare=lambda _folder: None,
            command=lambda _folder, _port: ["/bin/sh", "-c", "echo no such thing; exit 1"],
            ready=lambda _port: True,
        )


def test_a_program_that_cannot_be_run_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be run"):
        kept(
            "missing",
            prepare=lambda _folder: None,
            command=lambda _folder, _port: [str(tmp_path / "nothing")],
            ready=lambda _port: True,
        )
