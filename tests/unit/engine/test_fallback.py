"""Steps that use a device, and what happens where it fails."""

import pytest

from framemill.domain.plan import Command, Promise
from framemill.domain.states import JobState
from framemill.engine import actions
from framemill.engine.events import Note
from framemill.engine.workbench import Workbench
from framemill.errors import DiskFull, FramemillError, TimedOut, ToolFailed, WorkerLost
from tests.engines import Bench, a_copy, a_plan

COPY = ("copy", "in/source", "out/copy.txt")


def _fails_with(error: FramemillError | None, monkeypatch: pytest.MonkeyPatch) -> Command:
    def on_device(bench: Workbench, _argv: tuple[str, ...]) -> None:
        (bench.scratch / "out" / "copy.txt").write_text("made on a device")
        if error is not None:
            raise error

    monkeypatch.setitem(actions.ACTIONS, "device", on_device)
    return Command(tool="builtin", argv=("device",), otherwise=COPY)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ToolFailed(tool="ffmpeg", exit_code=1, tail=["Cannot load libcuda.so.1", "Conversion failed!"]),
            "(no NVIDIA driver (libcuda.so.1 is not there))",
        ),
        (TimedOut("the work stalled: no progress for 60 s"), "(the work stalled: no progress for 60 s)"),
        (WorkerLost("ffmpeg was stopped by a signal (SIGKILL)"), "SIGKILL"),
        (None, "has 16 bytes; at most 5 were promised"),  # the device is content, verification is not
    ],
)
def test_what_fails_on_a_device_is_done_in_software_and_said(
    error: FramemillError | None, said: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit()
    command = _fails_with(error, monkeypatch)

    bench.worker(a_plan(a_copy(commands=[command], promise=Promise(kind="data", max_size=5)))).run_job(job)

    done = bench.jobs.get(job)
    assert done.state is JobState.COMPLETED, done.error
    assert (bench.destination / "copy.txt").read_text() == "hello"
    (warning,) = done.warnings
    assert warning.startswith("copy input: encoding on the GPU failed and was done again in software")
    assert said in warning
    assert [e.message for e in bench.watcher.events if isinstance(e, Note)] == [warning]
    assert warning in [entry.message for entry in bench.jobs.logs(job) if entry.level == "warning"]


def test_a_full_disk_is_not_the_devices_fault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.submit()

    full = _fails_with(DiskFull("the disk is full", hint="free some"), monkeypatch)
    bench.worker(a_plan(a_copy(commands=[full]))).run_job(job)

    error = bench.jobs.get(job).error
    assert error is not None
    assert error["code"] == "disk_full"
    assert bench.left_over() == []


def test_where_software_fails_too_its_own_error_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.submit()
    broken = _fails_with(ToolFailed(tool="ffmpeg", exit_code=1, tail=["the GPU is away"]), monkeypatch)

    bench.worker(a_plan(a_copy(commands=[broken], promise=Promise(kind="data", max_size=1)))).run_job(job)

    error = bench.jobs.get(job).error
    assert error is not None
    assert error["code"] == "output_invalid"
    assert bench.jobs.get(job).warnings == ()
