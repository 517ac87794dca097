"""Live events from a server in a process of its own: killed among listeners, and with many and slow ones."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest
from sqlalchemy import insert
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.domain.states import JobState
from framemill.engine import controls, endings
from framemill.settings import Settings
from framemill.store.event_tables import JobEvent
from framemill.store.jobs import new_id
from tests.docs.pages import DOCS
from tests.unit.api.conftest import a_job

pytestmark = pytest.mark.e2e

_JOBS = 20


@pytest.fixture(name="app")
def _app(tmp_path: Path) -> Iterator[App]:
    app = open_app(Settings(data_dir=tmp_path / "data"))
    yield app
    app.close()


@contextmanager
def _served(app: App, port: int = 0) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """`framemill serve` and its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "framemill", "serve", "--no-workers", "--port", str(port)],
        env={**os.environ, "FRAMEMILL_DATA_DIR": str(app.settings.data_dir)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "serving at" in line)
            yield process, line.split()[-1]
        finally:
            process.kill()


def test_listeners_miss_no_change_though_the_server_is_killed_among_them(app: App) -> None:
    key = app.access.create_key("listener", scope=Scope.READ).secret
    jobs = [a_job(app) for _ in range(_JOBS)]
    since = app.events.span()[1]
    stop = threading.Event()
    told: tuple[list[int], ...] = ([], [], [])
    with _served(app) as (process, url):
        port = int(url.rsplit(":", 1)[1])
        threads = [
            threading.Thread(target=_by_stream, args=(url, key, since, told[0], stop)),
            threading.Thread(target=_by_socket, args=(url, key, since, told[1], stop)),
            threading.Thread(target=_by_the_page, args=(url, key, since, told[2], stop)),
        ]
        for thread in threads:
            thread.start()
        _until(lambda: all(told) or not _walk(app, jobs))
        process.kill()
        process.wait()
        _walk(app, jobs)
    with _served(app, port):
        _walk(app, jobs)
        for job_id in jobs:
            endings.cancelled(app.database, job_id)
        expected = [event.id for event in app.events.after(since, limit=10_000)]
        _until(lambda: all(ids and ids[-1] == expected[-1] for ids in told))
        stop.set()
        for thread in threads:
            thread.join(60)

    assert told == (expected,) * 3
    assert len(expected) >= 5 * _JOBS


def _walk(app: App, jobs: list[str]) -> bool:
    """Let every job change twice."""
    for job_id in jobs:
        controls.pause(app.database, job_id, actor="")
        controls.resume(app.database, job_id, actor="")
    return True


def _by_stream(url: str, key: str, last: int, ids: list[int], stop: threading.Event) -> None:
    while not stop.is_set():
        headers = {"Authorization": f"Bearer {key}", "Last-Event-ID": str(last)}
        with (
            suppress(httpx.HTTPError),
            httpx.stream("GET", f"{url}/api/v1/events", headers=headers, timeout=2) as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    last = int(line[4:])
                    ids.append(last)
        time.sleep(0.05)


def _by_the_page(url: str, key: str, last: int, ids: list[int], stop: threading.Event) -> None:
    """As the example of the page on live events does it."""
    found = re.search(r"```python\n(.*?)```", (DOCS / "live.md").read_text(), re.DOTALL)
    assert found is not None
    with subprocess.Popen(
        [sys.executable, "-c", found[1]],
        env={**os.environ, "URL": url, "KEY": key, "SINCE": str(last)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None

        def end() -> None:
            stop.wait()
            process.kill()

        threading.Thread(target=end, daemon=True).start()
        ids.extend(int(line.split()[0]) for line in process.stdout)


def _by_socket(url: str, key: str, last: int, ids: list[int], stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(OSError, ConnectionClosed), _socket(url, key, since=last) as listening:
            while not stop.is_set():
                with suppress(TimeoutError):
                    message = json.loads(listening.recv(timeout=0.2))
                    if message["type"] == "state":
                        last = message["id"]
                        ids.append(last)
        time.sleep(0.05)


@contextmanager
def _socket(url: str, key: str, **wish: object) -> Iterator[ClientConnection]:
    """A socket that hears of all jobs."""
    with connect(f"{url.replace('http', 'ws')}/ws/jobs", open_timeout=60) as listening:
        listening.send(json.dumps({"type": "auth", "token": key}))
        listening.send(json.dumps({"type": "subscribe", "all": True, **wish}))
        while json.loads(listening.recv(timeout=60))["type"] != "subscribed":
            continue
        yield listening


def test_many_idle_listeners_are_cheap_and_slow_ones_are_sent_away(app: App) -> None:
    keys = [app.access.create_key(f"k{number}", scope=Scope.READ).secret for number in range(6)]
    with _served(app) as (process, url), ExitStack() as held:
        server = psutil.Process(process.pid)
        for number in range(40):
            held.enter_context(_socket(url, keys[number % 5]))
        before = server.memory_info().rss
        for number in range(200):
            held.enter_context(_socket(url, keys[number % 5]))
        each_kb = (server.memory_info().rss - before) / 200 / 1024
        held.close()

        slow = held.enter_context(_raw(url, keys[5]))
        quick = held.enter_context(_socket(url, keys[5]))
        idle = server.memory_info().rss
        most = _flood(app, 30_000)
        heard = _hear_until(quick, most)
        grown_mb = (server.memory_info().rss - idle) / 2**20
        slow.settimeout(60)
        with suppress(ConnectionResetError):  # cut off, with what was unsent
            while slow.recv(1 << 20):
                continue

    assert each_kb <= 60
    assert heard == 30_000
    assert grown_mb <= 25


@contextmanager
def _raw(url: str, key: str) -> Iterator[socket.socket]:
    """A listener to all jobs whose messages nobody reads."""
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, int(port)))
        client.sendall(
            f"GET /ws/jobs HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {'A' * 22}==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {key}\r\n\r\n".encode()
        )
        assert b"101" in client.recv(100)
        said = json.dumps({"type": "subscribe", "all": True}).encode()
        # Masked with zeros: as it is.
        client.sendall(bytes([0x81, 0x80 | len(said), 0, 0, 0, 0]) + said)
        yield client


def _flood(app: App, count: int) -> int:
    """So many events at once; the last one's id."""
    with app.database.write() as session:
        job_id, now = new_id(), app.database.now(session)
        row = {"job_id": job_id, "at": now, "type": "started", "state": JobState.RUNNING}
        session.execute(insert(JobEvent), [row] * count)
    return app.events.span()[1]


def _hear_until(listening: ClientConnection, last: int) -> int:
    heard = 0
    while True:
        message: dict[str, Any] = json.loads(listening.recv(timeout=60))
        heard += int(message["type"] == "state")
        if message.get("id") == last:
            return heard


def _until(true: Any) -> None:  # noqa: ANN401 - a question
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)
