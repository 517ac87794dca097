"""A Redis that a test may kill and start again, which the session's own is not for."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import redis


@dataclass(kw_only=True)
class MortalRedis:
    """Keeps its port over its deaths, and nothing else."""

    program: str
    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it; it answers when this returns."""
        self._process = subprocess.Popen(
            [
                *(self.program, "--bind", "127.0.0.1", "--port", str(self.port)),
                *("--dir", str(self.folder), "--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        limit = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        assert self._process is not None
        sockets = psutil.Process(self._process.pid).net_connections("tcp4")
        if not any(s.status == psutil.CONN_LISTEN and s.laddr.port == self.port for s in sockets):
            return False  # or it is somebody else's
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextmanager
def a_redis() -> Iterator[MortalRedis]:
    """One that is running; it ends with the block."""
    program = (
        os.environ.get("FRAMEMILL_TEST_REDIS")
        or shutil.which("redis-server")
        or shutil.which("valkey-server")
    )
    if program is None:
        missing = "there is no Redis; FRAMEMILL_TEST_REDIS can name a redis-server"
        # Under CI a green run must have run it.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="framemill-redis-") as folder:
        broker = MortalRedis(program=program, folder=Path(folder), port=port)
        try:
            broker.start()
            yield broker
        finally:
            broker.kill()
