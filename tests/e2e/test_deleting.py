"""A video is deleted while a real worker is at it: its programs end, and nothing is left anywhere."""

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from framemill.app import App
from framemill.settings import Settings
from tests.e2e.conftest import Cli, make_clip

pytestmark = pytest.mark.e2e

_PATIENCE_S = 120


def _until(what: Callable[[], object]) -> None:
    limit = time.monotonic() + _PATIENCE_S
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.1)


def _json(cli: Cli, *args: str) -> Any:  # noqa: ANN401 - whatever the document is
    done = cli(*args, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@contextlib.contextmanager
def _a_pool(cli: Cli) -> "Iterator[subprocess.Popen[bytes]]":
    env = {**cli.env, "FRAMEMILL_WATCHDOG_INTERVAL": "1s"}
    pool = subprocess.Popen(cli.argv("worker", "start", "--workers", "1"), cwd=cli.folder, env=env)
    try:
        yield pool
    finally:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if pool.poll() is None:
                pool.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pool.wait(10)


def _programs(pool: "subprocess.Popen[bytes]", work: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.Process(pool.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cwd().startswith(str(work)):
                found.append(process)
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_left_of_a_video_that_a_worker_was_at(cli: Cli) -> None:
    make_clip(cli.folder / "long.mp4", seconds=600, sound=False)
    data = Path(cli.env["FRAMEMILL_DATA_DIR"])
    app = App(Settings(data_dir=data, cache_dir=Path(cli.env["FRAMEMILL_CACHE_DIR"])))
    assert cli("upload", "long.mp4", "--pipeline", "publish").returncode == 0
    (video,) = _json(cli, "videos", "list")
    (job,) = _json(cli, "jobs", "list")

    with _a_pool(cli) as pool:
        _until(lambda: _programs(pool, data / "work"))
        programs = _programs(pool, data / "work")

        deleted = cli("videos", "delete", video["id"], "--yes")

        assert deleted.returncode == 0, deleted.stderr
        assert cli("videos", "show", video["id"]).returncode == 2
        _until(lambda: not any(program.is_running() for program in programs))
        _until(lambda: not list(app.blobs.list("")))
        _until(lambda: app.workspaces.get("default").videos == 0)
    app.close()

    assert _json(cli, "jobs", "show", job["id"])["state"] == "cancelled"
    assert [path for path in (data / "work").rglob("*") if path.is_file()] == []
    assert not list((data / "storage" / "workspaces").glob("*/*"))
