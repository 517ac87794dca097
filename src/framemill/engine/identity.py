"""Who holds a lease: host, process and when it started. So a worker that died here need not be waited for."""

import os
import socket
from functools import cache
from pathlib import Path

import psutil

# psutil counts a process's start from the boot time, which the system may correct by a little.
_SAME_START_S = 2.0


@cache
def host() -> str:
    """This machine since it booted, as far as process numbers mean the same thing on it.

    Two containers may share a host name, but not a namespace of process numbers.
    """
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    if boot.exists() and namespace.exists():
        parts += [boot.read_text().strip()[:8], namespace.readlink().name.strip("pid:[]")]
    return "/".join(parts)


def worker_id(pid: int | None = None) -> str:
    """What a lease of this process says: `host:pid:start`."""
    pid = os.getpid() if pid is None else pid
    return f"{host()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def is_gone(worker: str) -> bool:
    """True where `worker` ran on this host and is certainly dead; False where nothing is known."""
    where, pid, started = worker.rsplit(":", 2)
    return where == host() and process_of(int(pid), float(started)) is None


def process_of(pid: int, started: float) -> psutil.Process | None:
    """The process of this number, where it is still the one that started then."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) > _SAME_START_S or process.status() == psutil.STATUS_ZOMBIE:
            return None
    except psutil.Error:
        return None
    return process


def end_leftover(pid: int, started: float) -> bool:
    """Kill a tool that outlived its worker, with its children; True where there was one."""
    process = process_of(pid, started)
    if process is None:
        return False
    try:
        family = [*process.children(recursive=True), process]
    except psutil.Error:
        family = [process]
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(family, timeout=5)
    return True
