"""Keeps one server for a test session and ends it with the session, however that ends.

Run as a program: `keeper.py WATCHED_PID USER FOLDER PROGRAM ARGUMENTS...`. It goes into the
background and says the numbers of the server and of itself. When the watched process has gone,
or on SIGTERM, or when the server ends by itself, it sees that the server is gone and removes
FOLDER. A test session that is killed can clean up nothing, so something outside it has to.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

import psutil

_LOOK_S = 0.5
_GRACE_S = 10


def main() -> None:
    watched, user, folder, *command = sys.argv[1:]
    session = psutil.Process(int(watched))
    if os.fork():
        return
    os.setsid()
    enough = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        enough.set()

    signal.signal(signal.SIGTERM, end)
    server = _started(command, user, Path(folder))
    while server.poll() is None and _lives(session) and not enough.wait(_LOOK_S):
        continue
    # To PostgreSQL: end now, in order, without waiting for clients. To Redis the same as SIGTERM.
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _started(command: list[str], user: str, folder: Path) -> "subprocess.Popen[bytes]":
    account = pwd.getpwnam(user)
    # Only root may, and must, become somebody else.
    who = (account.pw_uid, account.pw_gid, ()) if os.getuid() == 0 else (None, None, None)
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=who[0],
            group=who[1],
            extra_groups=who[2],
        )
        os.write(1, f"{server.pid} {os.getpid()}\n".encode())
        # Who started us reads until nobody holds the other end.
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return server


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    main()
