"""Running one program to its end: limits, progress, cancellation, and nothing left behind.

What a failure means is commands.failures' to say; a non-zero exit code is
an ordinary result here.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from framemill.commands.progress import Progress, ProgressReader
from framemill.errors import Cancelled, LimitExceeded, TimedOut
from framemill.interrupts import held_off
from framemill.tools import children, reins
from framemill.tools.limits import Limits

TAIL_LINES = 60
_LINE_BYTES = 2000
_TICK_S = 0.1
_DRAIN_S = 0.5
_BARREN = 10  # times the stall limit that work may go on without output
_READ = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a run ended. A negative exit code is the signal that ended it."""

    exit_code: int
    tail: tuple[str, ...]  # the last lines of stderr
    wall_ms: int
    cpu_ms: int
    peak_memory_bytes: int
    stdout: bytes = b""


def run_tool(
    argv: Sequence[str],
    *,
    cwd: Path,
    limits: Limits,
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    on_start: Callable[[int, float], None] = lambda _pid, _started: None,
    on_line: Callable[[str], None] | None = None,
    max_stdout: int = 32 * 1024 * 1024,
    knows: Mapping[str, str] | None = None,
) -> Finished:
    """Run `argv` in `cwd` until it ends; blocks the calling thread.

    `on_progress` makes ffmpeg report twice a second (its stdout is then
    taken). `on_line` receives stdout line by line instead of keeping it.
    `on_start` gets the pid and the start time that psutil reports, which
    together name a process for good. `knows` is its whole environment, if it
    is not to have the usual one. All callbacks run in the calling
    thread; an error in one ends the program.

    Raises Cancelled, TimedOut (also when stalled) or LimitExceeded (memory,
    stdout) after the whole process group is gone, within two seconds.
    While the group is stopped (SIGSTOP), the clocks stand still.
    """
    run = _Run(limits=limits, on_progress=on_progress, on_line=on_line, max_stdout=max_stdout)
    started = time.monotonic()
    child: children.Child | None = None
    try:
        if cancelled():
            raise Cancelled  # many short runs would else never be stopped
        with held_off():
            child = children.start(
                _with_switches(argv, progress=on_progress is not None), cwd=cwd, limits=limits, knows=knows
            )
        process = child.process
        with reins.current().over(process):
            with contextlib.suppress(psutil.NoSuchProcess):
                on_start(process.pid, psutil.Process(process.pid).create_time())
            run.watch(process, cancelled)
    except BaseException:
        if child is not None:
            children.end(child.process)
        raise
    finally:
        if child is not None:
            usage = children.reap(child)
    return Finished(
        exit_code=process.returncode,
        tail=tuple(run.tail),
        wall_ms=round((time.monotonic() - started - run.paused_s) * 1000),
        cpu_ms=round(usage[0] * 1000),
        # The kernel's figure counts our own size at the fork, so a sampled peak is better.
        peak_memory_bytes=run.peak_bytes or usage[1],
        stdout=bytes(run.stdout),
    )


@dataclass(slots=True, kw_only=True)
class _Run:
    """What is known of a run while it goes on."""

    limits: Limits
    on_progress: Callable[[Progress], None] | None
    on_line: Callable[[str], None] | None
    max_stdout: int
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    stdout: bytearray = field(default_factory=bytearray)
    peak_bytes: int = 0
    paused_s: float = 0.0
    reader: ProgressReader = field(default_factory=ProgressReader)
    last: Progress | None = None
    lines: int = 0
    rest: dict[str, bytes] = field(default_factory=lambda: {"out": b"", "err": b""})

    def watch(self, process: "subprocess.Popen[bytes]", cancelled: Callable[[], bool]) -> None:
        """Read until the program ends; raises where it must not go on."""
        look = psutil.Process(process.pid)
        clocks = _Clocks(self.limits, time.monotonic())
        with selectors.DefaultSelector() as pipes:
            for pipe, kind in ((process.stdout, "out"), (process.stderr, "err")):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
                    pipes.register(pipe, selectors.EVENT_READ, kind)
            while True:
                self._read(pipes, _TICK_S)
                due = time.monotonic() - clocks.at >= _TICK_S
                if not due and pipes.get_map():
                    continue
                if children.has_ended(process):
                    # Whatever it left behind goes too, while its id cannot be anyone else's.
                    children.signal_group(process, signal.SIGKILL)
                    self._drain(pipes)
                    return
                if not due:
                    time.sleep(0.001)  # it closed its output: the end is near
                    continue
                if cancelled():
                    raise Cancelled
                self._look(look, clocks)

    def _look(self, look: psutil.Process, clocks: "_Clocks") -> None:
        """Sample what the program uses and hold it against the limits."""
        try:
            group = (look, *look.children(recursive=True)) if look.name() == "bwrap" else (look,)
            resident = sum(member.memory_info().rss for member in group)
            times = [member.cpu_times() for member in group]
            paused = look.status() == psutil.STATUS_STOPPED
            # Bytes that reach the disk: a muxer that moves its index to the front of a large file
            # reports nothing for minutes. Bytes that are read: a search for scenes in a day of a still
            # camera prints nothing for hours.
            counts = [m.io_counters() for m in group if hasattr(m, "io_counters")]
            moved = sum(count.write_bytes + count.read_chars for count in counts)
        except psutil.Error:
            return  # it is ending
        self.peak_bytes = max(self.peak_bytes, resident)
        cap = self.limits.memory_bytes
        if cap is not None and resident > cap:
            raise LimitExceeded(
                f"the program used more than {cap // 1_000_000} MB of memory",
                hint="use a smaller size, or ask the operator to raise the limit",
            )
        last = self.last
        seen = (last.out_time_us, last.frame, last.total_size) if last else None
        now = time.monotonic()
        self.paused_s += now - clocks.at if paused else 0.0
        clocks.tick(
            now,
            paused=paused,
            output=(seen, moved, len(self.stdout), self.lines),
            effort=round(sum(t.user + t.system for t in times), 1),
        )

    def _read(self, pipes: selectors.BaseSelector, wait_s: float) -> bool:
        if not pipes.get_map():
            return False
        ready = pipes.select(wait_s)
        for key, _ in ready:
            try:
                data = os.read(key.fd, _READ)
            except BlockingIOError:
                continue
            if not data:
                pipes.unregister(key.fileobj)
            self._take(key.data, data)
        return bool(ready)

    def _drain(self, pipes: selectors.BaseSelector) -> None:
        until = time.monotonic() + _DRAIN_S
        while pipes.get_map() and time.monotonic() < until:
            self._read(pipes, 0.05)

    def _take(self, kind: str, data: bytes) -> None:
        """Split `data` into lines; an empty `data` is the end of the pipe."""
        if kind == "out" and self.on_progress is None and self.on_line is None:
            self.stdout += data
            if len(self.stdout) > self.max_stdout:
                raise LimitExceeded(f"the program printed more than {self.max_stdout // 1_000_000} MB")
            return
        *lines, rest = (self.rest[kind] + data).replace(b"\r", b"\n").split(b"\n")
        # A line without end must not grow in memory: what is over is cut.
        self.rest[kind] = rest[:_LINE_BYTES]
        for raw in lines if data else [*lines, rest]:
            line = raw[:_LINE_BYTES].decode("utf-8", "replace")
            if kind == "err":
                if line.strip():
                    self.tail.append(line)
            elif self.on_progress is not None:
                self._report(line)
            elif self.on_line is not None and line:
                self.lines += 1
                self.on_line(line)

    def _report(self, line: str) -> None:
        if (progress := self.reader.feed(line)) is not None and self.on_progress is not None:
            self.last = progress
            self.on_progress(progress)


@dataclass(slots=True)
class _Clocks:
    """Time at work, and time since anything moved. They stand still while the program is paused."""

    limits: Limits
    at: float
    worked: float = 0.0
    idle: float = 0.0  # nothing came out and no processor time was used
    barren: float = 0.0  # nothing came out
    output: object = None
    effort: object = None

    def tick(self, now: float, *, paused: bool, output: object, effort: object) -> None:
        """Count the time since the last tick; raises TimedOut."""
        step, self.at = now - self.at, now
        if paused:
            return
        self.worked += step
        self.barren = 0.0 if output != self.output else self.barren + step
        self.idle = 0.0 if self.barren == 0 or effort != self.effort else self.idle + step
        self.output, self.effort = output, effort
        wall, stall = self.limits.timeout_s, self.limits.stall_s
        if wall is not None and self.worked > wall:
            raise TimedOut(f"the work took longer than {wall:.0f} s")
        # A search that selects few frames may work long before the first; not for ever.
        if stall is not None and (self.idle > stall or self.barren > stall * _BARREN):
            raise TimedOut(f"the work stalled: no progress for {max(self.idle, self.barren):.0f} s")


def _with_switches(argv: Sequence[str], *, progress: bool) -> list[str]:
    """`argv` with what every ffmpeg run of ours has, wherever the program stands (after bwrap's `--`)."""
    at = argv.index("--") + 1 if Path(argv[0]).name == "bwrap" else 0
    if not Path(argv[at]).name.startswith("ffmpeg"):
        return list(argv)
    # -nostdin: ffmpeg reads keys from a terminal and would stop a background run.
    more = ["-nostdin", "-hide_banner"]
    if progress:
        more += ["-progress", "pipe:1", "-nostats", "-stats_period", "0.5"]
    return [*argv[: at + 1], *more, *argv[at + 1 :]]
