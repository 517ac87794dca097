"""Real servers for a test session: one of a kind for all its workers, on a loopback port.

They end with the session; `keeper.py` sees to that.

What a server is and how it is set up is said in the modules beside this one.
"""

import fcntl
import getpass
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest

_KEEPER = Path(__file__).with_name("keeper.py")
_READY_S = 60
_PORTS_TRIED = 5


class Unavailable(Exception):
    """A server cannot be had on this machine; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs for this session."""

    port: int
    pid: int
    keeper: int
    password: str


def shared(folder: Path, name: str, start: Callable[[], Server]) -> Server:
    """The server called `name` of the session whose workers share `folder`; the first who asks starts it.

    Where it cannot be had, tests that want it are skipped; in CI they fail, because a green
    run must have run them.
    """
    folder.mkdir(exist_ok=True)
    state = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not state.exists():
            try:
                found = asdict(start())
            except Unavailable as error:
                found = {"reason": str(error)}
            state.write_text(json.dumps(found))
    told = json.loads(state.read_text())
    if "reason" not in told:
        return Server(**told)
    if os.environ.get("CI") == "true":
        pytest.fail(told["reason"])
    pytest.skip(told["reason"])


def unprivileged_user() -> str:
    """Who runs the server: ourselves, or nobody where we are root, as PostgreSQL refuses to be root."""
    return "nobody" if os.getuid() == 0 else getpass.getuser()


def run_as_unprivileged(*command: str | Path, cwd: Path) -> None:
    """Run a program that prepares a server's files, as who will run the server.

    Raises Unavailable where it fails.
    """
    account = pwd.getpwnam(unprivileged_user())
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()} if os.getuid() == 0 else {}
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=120, **who)  # type: ignore[call-overload]  # mypy loses the overload over `who`
    except OSError as error:
        raise Unavailable(f"{command[0]} cannot be run: {error}") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{command[0]} failed: {error.stderr[-2000:]}") from error


def kept(
    name: str,
    *,
    prepare: Callable[[Path], None],
    command: Callable[[Path, int], Sequence[str]],
    ready: Callable[[int], bool],
    ready_s: float = _READY_S,
) -> tuple[int, int, int]:
    """Start a server under a keeper; its port, its number and the keeper's, once it answers.

    `prepare` fills its folder, `command` says how it is started there on a port.
    Raises Unavailable with its last words. A free port may be somebody else's a
    moment later; then the server ends, and another is tried.
    """
    said = ""
    for _ in range(_PORTS_TRIED):
        port, folder = _free_port(), _new_folder(name)
        # Open before the server writes it, so that it can be read after it is gone.
        with (folder / "server.log").open("w+", errors="replace") as log:
            try:
                prepare(folder)
                pid, keeper = _started(folder, command(folder, port))
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            until = time.monotonic() + ready_s
            while psutil.pid_exists(keeper):
                # The answer of a stranger on the same port proves nothing.
                if _listens(pid, port) and ready(port):
                    return port, pid, keeper
                if time.monotonic() > until:
                    os.kill(keeper, signal.SIGTERM)
                    break
                time.sleep(0.05)
            said = log.read()[-2000:]
    raise Unavailable(f"the {name} server did not start: {said}")


def _new_folder(name: str) -> Path:
    # Not below pytest's own folders: only root may enter those.
    folder = Path(tempfile.mkdtemp(prefix=f"framemill-{name}-"))
    if os.getuid() == 0:
        shutil.chown(folder, unprivileged_user())
    return folder


def _started(folder: Path, command: Sequence[str]) -> tuple[int, int]:
    # Workers of pytest-xdist come and go; the process that started them all is the session.
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    said = subprocess.run(
        [sys.executable, str(_KEEPER), str(session), unprivileged_user(), str(folder), *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if not said.stdout:
        raise Unavailable(f"{command[0]} cannot be run: {said.stderr.strip().splitlines()[-1:]}")
    pid, keeper = said.stdout.split()
    return int(pid), int(keeper)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(pid: int, port: int) -> bool:
    try:
        sockets = psutil.Process(pid).net_connections("tcp4")
    except psutil.Error:
        return False
    return any(s.status == psutil.CONN_LISTEN and s.laddr == ("127.0.0.1", port) for s in sockets)
