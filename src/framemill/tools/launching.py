"""How a program is started: under limits, and so that it dies with us, even after `kill -9`.

A fork copies our page tables: from a worker of 200 MB it took ten times what the
program's own start takes. So on Linux setpriv and a shell, which are small, set
what the program is to have. Elsewhere the child does it between fork and exec.
"""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from framemill.tools.limits import Limits, rlimits

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_SHELL = "/bin/sh"
_TRY_S = 5
# POSIX's ulimit counts files in 512 bytes, address space in 1024.
_ULIMITS = {
    resource.RLIMIT_CORE: ("c", 512),
    resource.RLIMIT_CPU: ("t", 1),
    resource.RLIMIT_FSIZE: ("f", 512),
    resource.RLIMIT_NOFILE: ("n", 1),
    resource.RLIMIT_AS: ("v", 1024),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What to start, and what the child has to do by itself before."""

    argv: tuple[str, ...]
    prepare: Callable[[], None] | None


def launch(argv: Sequence[str], *, limits: Limits) -> Launch:
    """`argv` so that it gets `limits` and the kernel kills it when the thread that started it ends.

    Raises FileNotFoundError where there is no such program.
    """
    setpriv = _working_setpriv()
    if setpriv is None:
        return Launch(argv=tuple(argv), prepare=_preparation(limits))
    if shutil.which(argv[0]) is None:
        raise FileNotFoundError(argv[0])
    # The signal comes to whoever has a parent still: so that is asked after it was wished for.
    script = " && ".join((f'[ "$PPID" = {os.getpid()} ]', *_ulimits(limits), 'exec "$@"'))
    return Launch(argv=(setpriv, "--pdeathsig", "KILL", _SHELL, "-c", script, _SHELL, *argv), prepare=None)


def _ulimits(limits: Limits) -> list[str]:
    commands = []
    for kind, (soft, hard) in rlimits(limits):
        letter, unit = _ULIMITS[kind]
        commands += [f"ulimit -S -{letter} {soft // unit}", f"ulimit -H -{letter} {hard // unit}"]
    return commands


def _preparation(limits: Limits) -> Callable[[], None]:
    values, parent = rlimits(limits), os.getpid()

    def prepare() -> None:
        # The kernel ties this to the thread that forked: that is the one that waits in run_tool.
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
        for kind, pair in values:
            resource.setrlimit(kind, pair)

    return prepare


@cache
def _working_setpriv() -> str | None:
    """setpriv's path where it can tie a program to us; tried once per process. BusyBox' cannot."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if setpriv is None:
        return None
    try:
        done = subprocess.run(
            [setpriv, "--pdeathsig", "KILL", _SHELL, "-c", "ulimit -v >/dev/null"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRY_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return setpriv if done.returncode == 0 else None
