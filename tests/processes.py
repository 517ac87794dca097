"""Waiting until processes have ended, however busy the machine is."""

import time

import psutil


def ended(*processes: psutil.Process, within_s: float = 20) -> bool:
    """True as soon as none of them lives. The dead count as gone: where nobody collects them, they stay."""
    limit = time.monotonic() + within_s
    while any(_lives(process) for process in processes):
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
