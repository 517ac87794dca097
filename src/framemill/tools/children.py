"""One child process and its group: starting it so that it cannot outlive us, ending it, collecting it.

Watching it while it runs is tools.process'.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from framemill.errors import InputNotFound, ToolMissing
from framemill.tools.inmates import Inmate
from framemill.tools.launching import launch
from framemill.tools.limits import Limits

_KILL_AFTER_S = 1.5  # TERM first: ffmpeg then closes its file and ends by itself
# What a program may know of our environment: nothing secret can be in these.
_ENVIRONMENT = (
    *("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("XDG_CACHE_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"),
    *("LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH"),
)


def environment() -> dict[str, str]:
    """What a program gets to know: found libraries and devices, and quiet, plain output."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1", "SVT_LOG": "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A started program, and the process inside it where it is a sandbox."""

    process: "subprocess.Popen[bytes]"
    inmate: Inmate | None = None


def start(argv: Sequence[str], *, cwd: Path, limits: Limits, knows: Mapping[str, str] | None = None) -> Child:
    """Start `argv` as the leader of its own session and group, under `limits`.

    `knows` is its whole environment, where it is not to have the usual one.
    Raises ToolMissing, or InputNotFound where `cwd` is not there.
    """
    inmate = Inmate() if Path(argv[0]).name == "bwrap" else None
    if inmate is not None:
        argv = (argv[0], "--json-status-fd", str(inmate.status_fd), *argv[1:])
    try:
        launched = launch(argv, limits=limits)
        process = subprocess.Popen(
            launched.argv,
            cwd=cwd,
            env=environment() if knows is None else dict(knows),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=() if inmate is None else (inmate.status_fd,),
            preexec_fn=launched.prepare,  # noqa: PLW1509 - where there is one, it only makes system calls
        )
    except OSError as error:
        if inmate is not None:
            inmate.started()
            inmate.collect()
        if not isinstance(error, FileNotFoundError | PermissionError):
            raise
        if not cwd.is_dir():
            raise InputNotFound(str(cwd)) from error
        raise ToolMissing(Path(argv[0]).name, looked_in=(str(Path(argv[0]).parent),)) from error
    if inmate is not None:
        inmate.started()
    return Child(process=process, inmate=inmate)


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """True once it ended; it stays a zombie, so that its id cannot be given to another process."""
    if sys.platform == "darwin":  # waitid came to macOS with Python 3.13
        return bool(psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Send `number` to the whole group, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def end(process: "subprocess.Popen[bytes]") -> None:
    """TERM, then KILL, while its output is read so that it can end."""
    if process.returncode is not None:
        return
    signal_group(process, signal.SIGTERM)
    signal_group(process, signal.SIGCONT)  # a stopped program would not see TERM
    until = time.monotonic() + _KILL_AFTER_S
    try:
        while time.monotonic() < until and not has_ended(process):
            for pipe in (process.stdout, process.stderr):
                _discard(pipe)
            time.sleep(0.01)
    finally:
        signal_group(process, signal.SIGKILL)


def _discard(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        os.set_blocking(pipe.fileno(), False)
        with contextlib.suppress(BlockingIOError, OSError):
            os.read(pipe.fileno(), 65_536)


def reap(child: Child) -> tuple[float, int]:
    """Collect the exit code, close the pipes; processor seconds and peak bytes as the kernel counted."""
    process = child.process
    seconds, peak = 0.0, 0
    if process.returncode is None:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = usage.ru_utime + usage.ru_stime
        peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    if child.inmate is not None:
        more, inner = child.inmate.collect()
        seconds, peak = seconds + more, max(peak, inner)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    return seconds, peak
