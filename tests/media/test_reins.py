"""Programs that are stopped and go on, with everything below them."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from framemill.errors import Cancelled
from framemill.tools.limits import Limits
from framemill.tools.process import Finished, run_tool
from framemill.tools.reins import Reins
from framemill.tools.sandbox import sandboxed, working_bwrap

# Counts, and has a child that counts.
_COUNTER = """
import os, sys, time
name = "parent" if os.fork() else "child"
n = 0
while not os.path.exists("stop"):
    n += 1
    with open(name + ".new", "w") as file:
        file.write(str(n))
    os.replace(name + ".new", name)
    time.sleep(0.01)
"""


class _Run(threading.Thread):
    def __init__(self, folder: Path, reins: Reins, *, sandbox: bool) -> None:
        super().__init__(daemon=True)
        argv = (sys.executable, "-S", "-c", _COUNTER)
        readable = (Path(sys.prefix), Path(sys.base_prefix))
        mode = "require" if sandbox else "off"
        self._argv = sandboxed(argv, readable=readable, writable=(folder,), mode=mode)  # type: ignore[arg-type]  # one of the modes
        self._folder, self._reins = folder, reins
        self.pid = 0
        self.cancelled = False
        self.end: Finished | BaseException | None = None

    def run(self) -> None:
        def started(pid: int, _at: float) -> None:
            self.pid = pid

        try:
            with self._reins.applied():
                self.end = run_tool(
                    self._argv,
                    cwd=self._folder,
                    limits=Limits(),
                    cancelled=lambda: self.cancelled,
                    on_start=started,
                )
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.end = error


@pytest.fixture(name="begin")
def _begin(tmp_path: Path) -> Iterator[Callable[..., _Run]]:
    runs: list[_Run] = []

    def begin(reins: Reins, *, sandbox: bool = False) -> _Run:
        runs.append(_Run(tmp_path, reins, sandbox=sandbox))
        runs[-1].start()
        return runs[-1]

    yield begin
    for run in runs:
        run.cancelled = True
        run.join(20)


def _until(what: Callable[[], object]) -> None:
    limit = time.monotonic() + 30
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.01)


def _count(folder: Path, name: str) -> int:
    path = folder / name
    return int(path.read_text() or 0) if path.exists() else 0


def _family_stands_still(run: _Run) -> bool:
    process = psutil.Process(run.pid)
    return all(p.status() == psutil.STATUS_STOPPED for p in (process, *process.children(recursive=True)))


@pytest.mark.parametrize("sandbox", [False, True])
def test_a_stopped_program_stands_still_with_its_children_and_goes_on(
    begin: Callable[..., _Run], tmp_path: Path, sandbox: bool
) -> None:
    if sandbox and working_bwrap() is None:
        pytest.skip("bwrap does not work here")
    reins = Reins()
    run = begin(reins, sandbox=sandbox)
    _until(lambda: _count(tmp_path, "parent") and _count(tmp_path, "child"))

    reins.pull()
    _until(lambda: _family_stands_still(run))
    before = [_count(tmp_path, name) for name in ("parent", "child")]
    time.sleep(0.3)
    after = [_count(tmp_path, name) for name in ("parent", "child")]
    reins.loosen()

    assert before == after
    _until(lambda: _count(tmp_path, "parent") > after[0] and _count(tmp_path, "child") > after[1])
    (tmp_path / "stop").touch()
    run.join(30)
    assert isinstance(run.end, Finished)
    assert run.end.exit_code == 0


def test_a_program_that_starts_under_pulled_reins_waits(begin: Callable[..., _Run]) -> None:
    reins = Reins()
    reins.pull()

    run = begin(reins)

    _until(lambda: run.pid and _family_stands_still(run))


def test_the_time_that_a_program_was_stopped_is_no_work(begin: Callable[..., _Run], tmp_path: Path) -> None:
    reins = Reins()
    began = time.monotonic()
    run = begin(reins)
    _until(lambda: _count(tmp_path, "parent"))
    reins.pull()
    time.sleep(2)
    (tmp_path / "stop").touch()
    reins.loosen()
    run.join(30)
    whole = time.monotonic() - began

    assert isinstance(run.end, Finished)
    assert run.end.wall_ms < 1000 * (whole - 0.5)


def test_a_stopped_program_can_be_cancelled(begin: Callable[..., _Run], tmp_path: Path) -> None:
    reins = Reins()
    run = begin(reins)
    _until(lambda: _count(tmp_path, "child"))
    reins.pull()
    _until(lambda: _family_stands_still(run))
    family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]

    run.cancelled = True
    run.join(20)

    assert isinstance(run.end, Cancelled)
    assert psutil.wait_procs(family, timeout=10)[1] == []
