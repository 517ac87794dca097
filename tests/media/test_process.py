import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from framemill.commands.failures import classify
from framemill.commands.progress import Progress
from framemill.errors import Cancelled, DiskFull, LimitExceeded, TimedOut, ToolMissing
from framemill.tools.limits import Limits
from framemill.tools.process import Finished, run_tool
from framemill.tools.programs import Programs
from framemill.tools.reins import Reins
from framemill.tools.sandbox import sandboxed, working_bwrap
from tests.processes import ended

pytestmark = pytest.mark.media

PYTHON = sys.executable
LIMITS = Limits(timeout_s=60)
# Real time: without it a synthetic source encodes at a thousand frames a second.
ENDLESS = (
    "-re",
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=160x90:rate=25",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
)


@pytest.fixture(autouse=True, name="nothing_left")
def _nothing_left() -> Iterator[None]:
    """No child, thread or descriptor outlives a run."""
    me = psutil.Process()
    before = (threading.active_count(), me.num_fds())
    theirs = me.children(recursive=True)
    yield
    assert set(me.children(recursive=True)) <= set(theirs)
    assert (threading.active_count(), me.num_fds()) == before


def _python(code: str, cwd: Path, **limits: object) -> Finished:
    return run_tool((PYTHON, "-c", code), cwd=cwd, limits=Limits(**{"timeout_s": 30, **limits}))  # type: ignore[arg-type]  # tests name real fields


def test_a_run_reports_its_end_its_words_and_what_it_used(tmp_path: Path) -> None:
    code = (
        "import sys,time; x=bytearray(80_000_000); print('out'); print('err', file=sys.stderr)\n"
        "time.sleep(.4); sys.exit(3)"
    )

    done = _python(code, tmp_path)

    assert (done.exit_code, done.tail, done.stdout) == (3, ("err",), b"out\n")
    assert 400 <= done.wall_ms < 20_000
    assert done.cpu_ms > 0
    assert 80_000_000 < done.peak_memory_bytes < 400_000_000


class _Interrupted(Reins):
    @contextlib.contextmanager
    def over(self, process: "subprocess.Popen[bytes]") -> Iterator[None]:
        if process.poll() is None:
            raise KeyboardInterrupt
        yield


def test_ctrl_c_right_after_the_start_ends_the_program_too(tmp_path: Path) -> None:
    started = time.monotonic()

    with _Interrupted().applied(), pytest.raises(KeyboardInterrupt):
        _python("import time; time.sleep(60)", tmp_path)

    assert time.monotonic() - started < 20


def test_progress_counts_up_to_the_end(programs: Programs, tmp_path: Path) -> None:
    seen: list[Progress] = []
    argv = (
        str(programs.ffmpeg),
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4", "-c:v", "libx264", "out.mp4"),
    )

    done = run_tool(argv, cwd=tmp_path, limits=LIMITS, on_progress=seen.append)

    assert done.exit_code == 0
    assert seen[-1].finished
    assert seen[-1].frame == 100
    assert seen[-1].percent(duration_us=4_000_000) == 100
    assert (tmp_path / "out.mp4").stat().st_size > 1000


def test_only_the_last_lines_are_kept_and_long_ones_are_cut(tmp_path: Path) -> None:
    code = "import sys\nfor i in range(500): print(i, file=sys.stderr)\nprint('x'*1_000_000, file=sys.stderr)"

    tail = _python(code, tmp_path).tail

    assert len(tail) == 60
    assert tail[0] == "441"
    assert tail[-1] == "x" * 2000


def test_lines_of_output_can_be_taken_as_they_come(tmp_path: Path) -> None:
    lines: list[str] = []

    run_tool((PYTHON, "-c", "print('a\\nb', end='')"), cwd=tmp_path, limits=LIMITS, on_line=lines.append)

    assert lines == ["a", "b"]


def test_endless_output_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded):
        run_tool(
            (PYTHON, "-c", "while True: print('x'*9999)"), cwd=tmp_path, limits=LIMITS, max_stdout=100_000
        )


def _cancelling_takes(
    *argv: str, cwd: Path, ready: Callable[[], bool], on_start: Callable[[int, float], None] | None = None
) -> float:
    """Seconds from asking the program to end, once it is `ready`, until nothing of it is left."""
    asked: list[float] = []

    def cancelled() -> bool:
        if ready():
            asked.append(time.monotonic())
        return bool(asked)

    with pytest.raises(Cancelled):
        run_tool(argv, cwd=cwd, limits=LIMITS, cancelled=cancelled, on_start=on_start or (lambda *_: None))
    return time.monotonic() - asked[0]


# A machine that is busy with something else gets another chance to keep the promised two seconds.
CHANCES = 5


def test_cancelling_ends_the_program_within_two_seconds(programs: Programs, tmp_path: Path) -> None:
    def takes(name: str) -> float:
        argv = (str(programs.ffmpeg), *ENDLESS, name)
        return _cancelling_takes(*argv, cwd=tmp_path, ready=(tmp_path / name).exists)

    assert any(takes(f"{n}.mkv") < 2 for n in range(CHANCES))


def test_a_program_that_ignores_term_is_killed_with_its_children(tmp_path: Path) -> None:
    code = (
        "import signal,subprocess,sys,time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "c=subprocess.Popen([sys.executable,'-c','import time,signal;"
        'signal.signal(signal.SIGTERM, signal.SIG_IGN);open("ready","w");time.sleep(60)\'])\n'
        "open('pid','w').write(str(c.pid)); time.sleep(60)"
    )

    def takes(name: str) -> float:
        folder = tmp_path / name
        folder.mkdir()
        ready = (folder / "ready").exists
        seconds = _cancelling_takes(PYTHON, "-c", code, cwd=folder, ready=ready)
        _gone(int((folder / "pid").read_text()))
        return seconds

    assert any(takes(str(n)) < 2 for n in range(CHANCES))


def test_a_child_left_behind_by_a_program_that_ended_is_killed(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys\n"
        "c=subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)'])\n"
        "open('pid','w').write(str(c.pid))"
    )

    done = _python(code, tmp_path)

    assert done.exit_code == 0
    assert done.wall_ms < 20_000
    _gone(int((tmp_path / "pid").read_text()))


def test_time_and_standstill_are_limited(tmp_path: Path, programs: Programs) -> None:
    with pytest.raises(TimedOut, match="longer than"):
        _python("while True: pass", tmp_path, timeout_s=0.5)
    with pytest.raises(TimedOut, match="stalled"):
        _python("import time; time.sleep(60)", tmp_path, stall_s=0.5)
    # A pipe that nobody writes to: ffmpeg waits for its first byte.
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TimedOut, match="stalled"):
        run_tool(
            (str(programs.ffmpeg), "-f", "mpegts", "-i", "file:pipe", "-f", "null", "-"),
            cwd=tmp_path,
            limits=Limits(stall_s=1.5),
            on_progress=lambda _p: None,
        )


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not count what a program reads")
def test_a_program_that_reads_is_at_work_however_long_it_prints_nothing(tmp_path: Path) -> None:
    search = "import time; f = open('/dev/zero', 'rb', 0)\nfor _ in range(20): f.read(9); time.sleep(0.1)"

    assert _python(search, tmp_path, stall_s=0.7).exit_code == 0


def test_the_clocks_stand_still_while_a_program_is_paused(tmp_path: Path) -> None:
    timers: list[threading.Timer] = []

    def pause(pid: int, _started: float) -> None:
        os.killpg(pid, signal.SIGSTOP)
        timers.append(threading.Timer(4, os.killpg, (pid, signal.SIGCONT)))
        timers[0].start()

    began = time.monotonic()
    done = run_tool(
        (PYTHON, "-c", "print('woke')"), cwd=tmp_path, limits=Limits(timeout_s=3, stall_s=3), on_start=pause
    )
    spent_ms = 1000 * (time.monotonic() - began)
    timers[0].join()

    assert done.stdout == b"woke\n"
    assert done.wall_ms < spent_ms - 3900


def test_a_paused_program_can_be_cancelled(tmp_path: Path) -> None:
    def takes() -> float:
        paused: list[int] = []

        def pause(pid: int, _started: float) -> None:
            os.killpg(pid, signal.SIGSTOP)
            paused.append(pid)

        code = "import time; time.sleep(60)"
        return _cancelling_takes(PYTHON, "-c", code, cwd=tmp_path, ready=lambda: bool(paused), on_start=pause)

    assert any(takes() < 2 for _ in range(CHANCES))


def test_memory_is_limited(tmp_path: Path) -> None:
    code = "import time; x=bytearray(300_000_000); time.sleep(60)"

    with pytest.raises(LimitExceeded, match="memory"):
        _python(code, tmp_path, memory_bytes=150_000_000)


def test_the_kernel_limits_hold(programs: Programs, tmp_path: Path) -> None:
    big = _python("f=open('big','wb'); f.write(bytes(50_000)); f.flush()", tmp_path, file_bytes=10_240)
    busy = _python("while True: pass", tmp_path, cpu_s=1)
    many = _python("f=[open('/dev/null') for _ in range(100)]", tmp_path, open_files=20)

    assert (tmp_path / "big").stat().st_size == 10_240
    # Python ignores SIGXFSZ and reports the error; ffmpeg dies of it.
    assert "File too large" in big.tail[-1]
    assert busy.exit_code == -signal.SIGXCPU
    assert "Too many open files" in many.tail[-1]
    argv = (str(programs.ffmpeg), "-f", "lavfi", "-i", "testsrc2=duration=5", "-c:v", "rawvideo", "out.avi")
    end = run_tool(argv, cwd=tmp_path, limits=Limits(file_bytes=1_000_000))
    assert isinstance(
        classify(tool="ffmpeg", exit_code=end.exit_code, tail=end.tail, name="a"), LimitExceeded
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_named(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "out.avi").symlink_to("/dev/full")
    argv = (
        str(programs.ffmpeg),
        "-y",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=duration=2",
        "-c:v",
        "rawvideo",
        "out.avi",
    )

    end = run_tool(argv, cwd=tmp_path, limits=LIMITS)

    assert end.exit_code != 0
    assert isinstance(classify(tool="ffmpeg", exit_code=end.exit_code, tail=end.tail, name="a"), DiskFull)


def test_an_error_in_a_callback_ends_the_program(programs: Programs, tmp_path: Path) -> None:
    pids: list[int] = []

    def fail(_progress: Progress) -> None:
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        run_tool(
            (str(programs.ffmpeg), *ENDLESS, "out.mkv"),
            cwd=tmp_path,
            limits=LIMITS,
            on_progress=fail,
            on_start=lambda pid, _: pids.append(pid),
        )

    _gone(pids[0])


def test_the_start_is_reported_with_the_time_that_names_the_process(tmp_path: Path) -> None:
    seen: list[tuple[int, float, float]] = []

    run_tool(
        (PYTHON, "-c", ""),
        cwd=tmp_path,
        limits=LIMITS,
        on_start=lambda pid, at: seen.append((pid, at, psutil.Process(pid).create_time())),
    )

    assert seen[0][1] == seen[0][2]
    assert seen[0][1] >= psutil.Process().create_time()


def test_a_program_sees_no_secrets_and_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEMILL_SECRET_KEY", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")

    done = _python(
        "import os,sys; print(os.environ, repr(sys.stdin.read()), os.getpid()==os.getsid(0))", tmp_path
    )

    assert b"s3cret" not in done.stdout
    assert done.stdout.endswith(b"'' True\n")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="ffmpeg"):
        run_tool(("/nowhere/ffmpeg", "-version"), cwd=tmp_path, limits=LIMITS)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
@pytest.mark.parametrize("boxed", [False, True])
def test_ffmpeg_dies_with_a_worker_that_is_killed(programs: Programs, tmp_path: Path, boxed: bool) -> None:
    if boxed and working_bwrap() is None:
        pytest.skip("bwrap does not work here")
    code = (
        "import sys; from pathlib import Path\n"
        "from framemill.tools.limits import Limits; from framemill.tools.process import run_tool\n"
        "from framemill.tools.sandbox import sandboxed\n"
        f"argv = sandboxed({(str(programs.ffmpeg), *ENDLESS, 'out.mkv')!r}, readable=(),"
        f" writable=(Path('.'),), mode={'require' if boxed else 'off'!r})\n"
        "run_tool(argv, cwd=Path('.'), limits=Limits(), on_progress=lambda p: print(p.frame, flush=True))"
    )
    with subprocess.Popen((PYTHON, "-c", code), cwd=tmp_path, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline()
        children = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
        worker.wait()

    assert children
    for child in children:
        _gone(child.pid)


@pytest.mark.skipif(working_bwrap() is None, reason="bwrap does not work here")
def test_a_sandboxed_program_sees_only_its_folders(programs: Programs, tmp_path: Path) -> None:
    work, secret, given = tmp_path / "work", tmp_path / "secret.txt", tmp_path / "store" / "film.mkv"
    work.mkdir()
    given.parent.mkdir()
    secret.write_text("secret")
    argv = (str(programs.ffmpeg), "-f", "lavfi", "-i", "testsrc2=duration=1", str(given))
    assert run_tool(argv, cwd=tmp_path, limits=LIMITS).exit_code == 0
    (work / "in").mkdir()
    (work / "in" / "source").symlink_to(given)

    def boxed(*command: str) -> Finished:
        argv = sandboxed(command, readable=(given,), writable=(work,), mode="require")
        return run_tool(argv, cwd=work, limits=LIMITS)

    assert boxed(str(programs.ffmpeg), "-i", "file:in/source", "-c", "copy", "copy.mkv").exit_code == 0
    assert (work / "copy.mkv").stat().st_size > 1000
    assert boxed("/bin/cat", str(secret)).exit_code != 0
    assert boxed("/bin/cat", "/etc/passwd").exit_code != 0
    assert boxed("/bin/sh", "-c", f"echo x > {given}").exit_code != 0
    assert boxed("/bin/ls", "/sys/class/net").stdout.split() in ([b"lo"], [])


def test_the_processor_time_of_a_sandboxed_program_is_counted(tmp_path: Path, programs: Programs) -> None:
    if working_bwrap() is None:
        pytest.skip("bwrap does not work here")
    work = ("-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=25", "-frames:v", "100", "-f", "null", "-")
    argv = (str(programs.ffmpeg), "-v", "error", *work)

    plain, inside = (
        run_tool(sandboxed(argv, readable=(), writable=(tmp_path,), mode=mode), cwd=tmp_path, limits=Limits())
        for mode in ("off", "require")
    )

    assert inside.cpu_ms > plain.cpu_ms / 2


def _gone(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        assert ended(psutil.Process(pid)), f"process {pid} lives on"
