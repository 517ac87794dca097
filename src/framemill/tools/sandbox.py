"""Wrapping a command in bubblewrap: no network, a read-only system, only the named files.

Where bwrap is missing or may not make namespaces, the whitelists and limits
of every command still hold.
"""

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from framemill.errors import ToolMissing
from framemill.tools.devices import device_nodes

Mode = Literal["auto", "require", "off"]

_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/opt/intel", "/opt/rocm")
_ETC = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/fonts", "/etc/alternatives")
_MORE = ("/sys/dev/char", "/sys/devices", "/sys/class/drm")
_FOR_DEVICES = ("/sys/bus/pci", "/sys/module/nvidia", "/run/opengl-driver")  # how drivers find a GPU


def sandboxed(
    argv: Sequence[str],
    *,
    readable: Sequence[Path],
    writable: Sequence[Path],
    mode: Mode,
    devices: bool = False,
) -> tuple[str, ...]:
    """`argv` inside bwrap, or as it is where `mode` allows that.

    `readable` are real files or folders: for a scratch folder that holds
    links, the files they lead to. The first of `writable`, if any, is where
    the command runs. `devices` lets it reach the GPUs. Raises ToolMissing for
    `require` without a working bwrap.
    """
    if mode == "off":
        return tuple(argv)
    bwrap = working_bwrap()
    if bwrap is None:
        if mode == "require":
            raise ToolMissing(
                "bwrap",
                looked_in=("PATH, or it may not make namespaces here",),
                hint="install bubblewrap and allow user namespaces, or set FRAMEMILL_SANDBOX=auto",
            )
        return tuple(argv)
    program = Path(argv[0]).resolve()
    binds = dict.fromkeys((program, *(p.resolve() for p in readable)), "--ro-bind")
    binds.update({path.resolve(): "--bind" for path in writable})
    return (
        bwrap,
        *_BASE,
        *(word for p in _present(_SYSTEM + _ETC + _MORE) for word in ("--ro-bind", p, p)),
        *(word for p in _present(_FOR_DEVICES) if devices for word in ("--ro-bind", p, p)),
        *(word for p in device_nodes() if devices for word in ("--dev-bind", p, p)),
        # Outer folders first, or they would cover what is bound inside them.
        *(
            word
            for path in sorted(binds, key=lambda p: len(p.parts))
            for word in (binds[path], str(path), str(path))
        ),
        *(("--chdir", str(writable[0].resolve())) if writable else ("--chdir", "/")),
        "--",
        str(program),
        *argv[1:],
    )


@cache
def working_bwrap() -> str | None:
    """bwrap's path where it really works here; tried once per process.

    Containers and hardened kernels often have the program and forbid the namespaces.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return None
    binds = (word for p in _present(_SYSTEM) for word in ("--ro-bind", p, p))
    try:
        done = subprocess.run(
            [bwrap, *_BASE, *binds, "--", "/bin/true"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return bwrap if done.returncode == 0 else None


_BASE = (
    "--unshare-all",  # user, pid, network, ipc, uts and cgroup namespaces of its own
    "--die-with-parent",
    *("--proc", "/proc"),
    *("--dev", "/dev"),
    *("--tmpfs", "/tmp"),  # noqa: S108 - the sandbox's own, empty one
    *("--cap-drop", "ALL"),
)


def _present(paths: Sequence[str]) -> list[str]:
    return [p for p in paths if Path(p).exists()]
