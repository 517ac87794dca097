"""Jobs left to a real pool: submitted, watched, paused, ended, from the command line alone."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Cli, make_clip

pytestmark = pytest.mark.e2e

_PATIENCE_S = 120


def _until(what: Callable[[], object]) -> None:
    limit = time.monotonic() + _PATIENCE_S
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.fixture(scope="module", name="mill")
def _mill(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A folder with a film, and data of its own."""
    home = tmp_path_factory.mktemp("queue")
    folder = home / "here"
    folder.mkdir()
    make_clip(folder / "film.mp4", seconds=1, sound=False)
    make_clip(folder / "long.mp4", seconds=120, sound=False)
    (folder / "notes.mp4").write_text("no film")
    keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    names = {"HOME": "home", "FRAMEMILL_DATA_DIR": "data", "FRAMEMILL_CACHE_DIR": "cache"}
    return Cli(folder=folder, env={**keep, **{name: str(home / at) for name, at in names.items()}})


@pytest.fixture(scope="module", name="pool")
def _pool(mill: Cli) -> "Iterator[subprocess.Popen[bytes]]":
    with _started(mill) as pool:
        yield pool


@contextlib.contextmanager
def _started(mill: Cli) -> "Iterator[subprocess.Popen[bytes]]":
    """A pool of one worker, which is there."""
    pool = subprocess.Popen(
        mill.argv("worker", "start", "--workers", "1"),
        cwd=mill.folder,
        env=dict(mill.env),
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: [w for w in _json(mill, "worker", "status") if w["pool"] == pool.pid])
        yield pool
    finally:
        for _ in range(2):
            if pool.poll() is None:
                pool.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pool.wait(5)
        if pool.poll() is None:
            pool.kill()
        pool.wait()


def _json(mill: Cli, *args: str) -> Any:  # noqa: ANN401 - as json.loads
    done = mill(*args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _submitted(mill: Cli, *args: str) -> str:
    done = mill(*args, "--async")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _tools(pool: "subprocess.Popen[bytes]", folder: Path) -> list[psutil.Process]:
    """The programs that work for the pool, in a working folder below `folder`."""
    found = []
    for process in psutil.Process(pool.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if ".framemill-" in process.cwd() and process.cwd().startswith(str(folder)):
                found.append(process)
    return found


def test_without_a_worker_the_job_waits_and_the_user_is_told(cli: Cli, film: str) -> None:
    done = cli("transcode", film, "-o", "waits.mp4", "--async", "--priority", "9")
    job = done.stdout.strip()

    shown = _json(cli, "jobs", "show", job)
    _json(cli, "jobs", "cancel", job)

    assert (done.returncode, shown["state"], shown["priority"]) == (0, "queued", 9)
    assert "framemill worker start" in done.stderr
    assert not (cli.folder / "waits.mp4").exists()


@pytest.mark.usefixtures("pool")
def test_a_job_that_is_left_to_the_pool_can_be_watched_to_its_end(mill: Cli) -> None:
    job = _submitted(mill, "transcode", "film.mp4", "-o", "made.mp4", "--preset", "ultrafast")

    watched = mill("jobs", "watch", job[-12:])
    logs = mill("jobs", "logs", "--follow", job)

    assert watched.returncode == 0, watched.stderr
    assert "made.mp4" in watched.stdout
    assert (mill.folder / "made.mp4").exists()
    assert logs.stdout.splitlines()[-1].endswith("completed: 1 results")


@pytest.mark.usefixtures("pool")
def test_watching_ends_with_the_exit_code_of_the_job(mill: Cli) -> None:
    job = _submitted(mill, "transcode", "notes.mp4", "-o", "never.mp4")

    watched = mill("jobs", "watch", job, "--json")

    assert watched.returncode == 3
    assert json.loads(watched.stdout)["error"]["code"] == "input_unreadable"


def test_a_paused_jobs_programs_stand_still_and_go_on(mill: Cli, pool: "subprocess.Popen[bytes]") -> None:
    job = _submitted(mill, "transcode", "long.mp4", "-o", "slow.mp4", "--preset", "veryslow")
    _until(lambda: _tools(pool, mill.folder))

    paused = _json(mill, "jobs", "pause", job)
    _until(lambda: all(tool.status() == psutil.STATUS_STOPPED for tool in _tools(pool, mill.folder)))
    standing = len(_tools(pool, mill.folder))
    (worker,) = _json(mill, "worker", "status")
    resumed = _json(mill, "jobs", "resume", job)
    _until(lambda: not [t for t in _tools(pool, mill.folder) if t.status() == psutil.STATUS_STOPPED])
    # And once more, to be cancelled while it stands still.
    _json(mill, "jobs", "pause", job)
    _until(lambda: all(tool.status() == psutil.STATUS_STOPPED for tool in _tools(pool, mill.folder)))
    _json(mill, "jobs", "cancel", job)
    _until(lambda: not _tools(pool, mill.folder))
    watched = mill("jobs", "watch", job)

    assert (paused["state"], resumed["state"]) == ("paused", "running")
    assert standing > 0
    assert [held["job_id"] for held in worker["at"]] == [job]
    assert watched.returncode == 130
    _until(lambda: not list(mill.folder.glob(".framemill-*")))
    assert not (mill.folder / "slow.mp4").exists()


def test_a_pool_is_stopped_by_name_and_a_drained_one_ends_by_itself(cli: Cli) -> None:
    make_clip(cli.folder / "long.mp4", seconds=60, sound=False)
    with _started(cli) as first:
        # What is paused does not hold it up until its grace is over, which is ten minutes.
        job = _submitted(cli, "transcode", "long.mp4", "-o", "slow.mp4", "--preset", "veryslow")
        _until(lambda: _tools(first, cli.folder))
        _json(cli, "jobs", "pause", job)
        _until(lambda: all(t.status() == psutil.STATUS_STOPPED for t in _tools(first, cli.folder)))
        done = cli("worker", "stop", str(first.pid))
        left = _json(cli, "jobs", "show", job)
        _json(cli, "jobs", "cancel", job)
        assert left["state"] == "paused"
        assert {task["state"] for task in left["tasks"] if task["kind"] == "step"} <= {"blocked", "done"}
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"pool {first.pid} ended\n"
        assert first.wait(10) == 0
    with _started(cli) as second:
        mine = [str(worker["pid"]) for worker in _json(cli, "worker", "status")]
        assert cli("worker", "drain", *mine).returncode == 0
        assert second.wait(_PATIENCE_S) == 0


def test_an_unknown_pool_or_worker_is_a_usage_error(mill: Cli) -> None:
    assert mill("worker", "stop", "999999").returncode == 2
    assert mill("worker", "drain", "999999").returncode == 2
    assert mill("worker", "drain").returncode == 2


def test_numbers_and_settings_are_shown(cli: Cli, film: str) -> None:
    _json(cli, "jobs", "cancel", _submitted(cli, "transcode", film, "-o", "no.mp4"))

    report = _json(cli, "stats", "--since", "1h")
    told = cli("stats", "--since", "ever")
    grouped = _json(cli, "stats", "--by", "operation")
    by_hour = cli("stats", "--since", "2h", "--by", "hour")
    shown = cli("config", "show", "--origin", env={"FRAMEMILL_DATABASE_URL": "sqlite:////tmp/secret-word.db"})

    assert report["ended"]["cancelled"] == 1
    assert "Ended ever" in told.stdout
    assert [(group["key"], group["tally"]["cancelled"]) for group in grouped["groups"]] == [("transcode", 1)]
    assert len(by_hour.stdout.splitlines()) == 6
    assert cli("stats", "--by", "moon").returncode == 2
    assert "secret-word" not in shown.stdout
    rows = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
    assert rows["data_dir"][-1] == rows["database_url"][-1] == "environment"
    assert rows["lease_ttl"] == ["1m", "default"]


def test_cleaning_forgets_what_has_ended(cli: Cli, film: str) -> None:
    _json(cli, "jobs", "cancel", _submitted(cli, "transcode", film, "-o", "no.mp4"))

    before = _json(cli, "jobs", "list", "--state", "cancelled,failed,completed")

    would = _json(cli, "jobs", "clean", "--older-than", "0s", "--dry-run")
    done = _json(cli, "jobs", "clean", "--older-than", "0s", "--state", "cancelled")

    assert would == {"jobs": len(before), "dry_run": True}
    assert done["jobs"] == len([job for job in before if job["state"] == "cancelled"]) > 0
    assert _json(cli, "jobs", "list", "--state", "cancelled") == []
