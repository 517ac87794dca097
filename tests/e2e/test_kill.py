"""Workers that are killed at any moment, and what a retry makes of it."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from framemill.domain.states import JobState, TaskState
from framemill.engine.recovery import clear_completed
from framemill.tools.programs import find_programs
from tests.e2e.mill import bench
from tests.engines import Bench
from tests.processes import ended

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
RESULTS = ["one.mp4", "three.mp4", "two.mp4"]


@pytest.fixture(scope="module", name="film")
def _film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    subprocess.run(
        [
            *(str(find_programs().ffmpeg), "-v", "error", "-nostdin"),
            *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=4"),
            *("-f", "lavfi", "-i", "sine=duration=4"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
        ],
        check=True,
    )
    return path


@pytest.fixture(name="place")
def _place(tmp_path: Path, film: Path) -> Iterator[Bench]:
    shutil.copy(film, tmp_path / "film.mp4")
    place = bench(tmp_path)
    yield place
    place.database.close()


@contextlib.contextmanager
def _start(place: Bench, what: str, *, slow: str | None = None) -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.mill", str(place.folder), what, *([slow] if slow else [])],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # also one that stands still because its test failed


def _freeze(process: "subprocess.Popen[bytes]", place: Bench) -> None:
    """Stop it between two transactions: inside one it would keep everybody from the database."""
    for _ in range(100):
        process.send_signal(signal.SIGSTOP)
        other = sqlite3.connect(place.folder / "data" / "f.db", timeout=0.2, isolation_level=None)
        with contextlib.closing(other), contextlib.suppress(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    pytest.fail("it never left the database alone")


def _until(what: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Wait for a moment of another process; polling is the only way to see it from outside."""
    limit = time.monotonic() + 60
    while not what():
        assert process.poll() is None, (process.stderr and process.stderr.read()) or "it ended too early"
        assert time.monotonic() < limit
        time.sleep(0.01)


def _running(place: Bench, key: str) -> bool:
    """True once a program works on the step `key`."""
    jobs = place.jobs.list()
    tasks = place.jobs.show(jobs[0].id).tasks if jobs else ()
    here = [task for task in tasks if task.key == key]
    return bool(here) and here[0].state is TaskState.LEASED and bool(_tools(place))


def _tools(place: Bench) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(place.destination) in process.cwd() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _retried(place: Bench) -> None:
    with _start(place, "retry") as process:
        assert process.wait(timeout=120) == 0, process.stderr and process.stderr.read()


def _check_all_is_well(place: Bench) -> None:
    (job,) = place.jobs.list()
    assert (job.state, job.error) == (JobState.COMPLETED, None)
    assert place.left_over() == RESULTS
    assert len(place.jobs.show(job.id).artifacts) == len(RESULTS)
    assert _tools(place) == []


@pytest.mark.parametrize("key", ["one", "two"])
def test_after_kill_9_no_program_lives_on_and_a_retry_redoes_only_what_was_unfinished(
    place: Bench, key: str
) -> None:
    with _start(place, "submit", slow=f"{key}-*") as process:
        _until(lambda: _running(place, key), process)
        process.kill()
    all_ended = ended(*_tools(place))
    unpublished = [path for path in place.left_over() if not path.startswith(".framemill-")]

    _retried(place)

    assert all_ended
    assert unpublished == []
    _check_all_is_well(place)
    steps = {t.key: t.attempt for t in place.jobs.show(place.jobs.list()[0].id).tasks if t.kind == "step"}
    assert steps == {"one": 2 if key == "one" else 1, "two": 2 if key == "two" else 1, "three": 1}


@pytest.mark.parametrize("hundredths", range(5, 365, 40))
def test_killed_at_any_time_a_retry_completes_the_job(place: Bench, hundredths: int) -> None:
    with _start(place, "submit") as process:
        _until(lambda: bool(place.jobs.list()), process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=hundredths / 100)
        process.kill()
    if place.jobs.list()[0].state is not JobState.COMPLETED:
        _retried(place)
    # Killed right after the end; the next job in the same place would do this.
    clear_completed(place.database, place.destination)

    _check_all_is_well(place)


def test_killed_again_and_again_the_job_still_completes(place: Bench) -> None:
    for what, key in (("submit", "one"), ("retry", "one"), ("retry", "two"), ("retry", "two")):
        with _start(place, what, slow=f"{key}-*") as process:
            _until(lambda key=key: _running(place, key), process)  # type: ignore[misc]  # a bound loop variable
            process.kill()

    _retried(place)

    _check_all_is_well(place)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_signal_cancels_the_job_and_leaves_nothing(place: Bench, number: signal.Signals) -> None:
    with _start(place, "submit", slow="two-*") as process:
        _until(lambda: _running(place, "two"), process)
        process.send_signal(number)
        process.wait(timeout=20)  # left alone it takes twice that

    assert place.jobs.list()[0].state is JobState.CANCELLED
    assert not place.destination.exists()
    assert _tools(place) == []


def test_a_worker_is_frozen_until_its_lease_is_gone_and_cannot_harm_the_one_that_took_over(
    place: Bench,
) -> None:
    with _start(place, "submit", slow="two-1") as process:
        _until(lambda: _running(place, "two"), process)
        _freeze(process, place)
        place.clock.pass_by(3600)
        job = place.jobs.list()[0].id
        place.jobs.retry(job)  # as this process sees the time, the lease is long gone
        attempt = place.jobs.show(job).tasks[2].attempt
        process.send_signal(signal.SIGCONT)
        process.wait(timeout=120)

    assert attempt == 1
    assert place.jobs.show(job).tasks[2].attempt == 2
    _check_all_is_well(place)


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "results"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_fails_the_job_with_its_reason_and_is_empty_again(
    small_disk: Path, place: Bench
) -> None:
    with _start(place, "submit") as process:
        process.wait(timeout=60)

    (job,) = place.jobs.list()
    assert job.error is not None
    assert (job.state, job.error["code"]) == (JobState.FAILED, "disk_full")
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("margin", [270_000, 320_000])
def test_a_disk_that_fills_up_with_the_database_on_it_too(
    small_disk: Path, place: Bench, margin: int
) -> None:
    """The database has room for its last words: what was kept for them, and where the work's files were."""
    place.database.close()
    subprocess.run(["mount", "-o", "remount,size=2000k", str(small_disk)], check=True)
    data = small_disk / "data"
    shutil.move(place.folder / "data", data)
    (place.folder / "data").symlink_to(data)
    os.truncate(data / "f.db-reserve", 100_000)  # the work must not get along with that
    _fill(small_disk / "filler", but=margin)

    with _start(place, "submit") as process:
        process.wait(timeout=60)

    again = bench(place.folder)
    jobs = again.jobs.list()
    again.database.close()
    assert [job.state for job in jobs] == [JobState.FAILED]
    assert jobs[0].error is not None
    assert jobs[0].error["code"] == "disk_full"
    assert sorted(p.name for p in small_disk.iterdir()) == ["data", "filler"]


def _fill(filler: Path, *, but: int) -> None:
    """Take all of the disk's room `but` so many bytes."""
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(4096))
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - but)
