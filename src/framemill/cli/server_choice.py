"""Which server a command asks, if any: as its options say, those before it, the environment or the file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from framemill.errors import NotSupported

if TYPE_CHECKING:
    from framemill.client.connection import Server
    from framemill.domain.sources import Source
    from framemill.settings import Settings

KEY = "FRAMEMILL_KEY"  # the key itself, where there is no place for a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What was said on the command line."""

    server: str | None = None
    key_file: str | None = None
    workspace: str | None = None
    collection: str | None = None

    def over(self, other: "Named") -> "Named":
        """This, and where it says nothing, `other`."""
        return Named(
            server=self.server or other.server,
            key_file=self.key_file or other.key_file,
            workspace=self.workspace or other.workspace,
            collection=self.collection or other.collection,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A server, the key for it, and where files go there."""

    server: str
    key_file: Path | None
    workspace: str | None
    collection: str


_NOTHING = Named()
_before: ContextVar[Named] = ContextVar("_before", default=_NOTHING)


def say(named: Named) -> None:
    """Note what stood before the command."""
    _before.set(named)


def chosen(named: Named = _NOTHING) -> Choice | None:
    """The server to ask; None where the work is done here."""
    said = named.over(_before.get())
    if said.server is None and not _may_be_set():
        return None
    from framemill.app import read_settings

    settings = read_settings()
    server = said.server or settings.server
    return _choice(server, said, settings) if server else None


def must_be_here(what: str) -> None:
    """NotSupported where a server was named on the command line."""
    if _before.get().server is not None:
        raise not_there(what)


def not_there(what: str) -> NotSupported:
    """The refusal of what works on this machine only."""
    return NotSupported(
        f"{what} works on the machine that it is started on, and not on a server from afar",
        hint="leave --server and FRAMEMILL_SERVER away, or do it on the server itself",
    )


@contextmanager
def connected(choice: Choice) -> "Iterator[Server]":
    """The server while this holds; InvalidSettings, AddressRefused."""
    from framemill.client.address import checked_key, read_key
    from framemill.client.connection import Server

    key: str | None = None
    if choice.key_file is not None:
        key = read_key(choice.key_file)
    elif os.environ.get(KEY):
        key = checked_key(os.environ[KEY], place=KEY)
    server = Server(choice.server, key)
    try:
        yield server
    finally:
        server.close()


def finder(choice: Choice | None) -> "Callable[[str | Path], Source]":
    """What an input's name means: a file, an address, and to a server also the id of a video."""
    from framemill.operations.binding import path_of, source_of

    if choice is None:
        return source_of
    from framemill.client import shelf

    def find(name: str | Path) -> "Source":
        if isinstance(name, str) and shelf.is_video_id(name) and not path_of(name).exists():
            with connected(choice) as server:
                return shelf.video(server, name)
        return source_of(name)

    return find


def _choice(server: str, said: Named, settings: "Settings") -> Choice:
    from framemill.operations.binding import path_of

    return Choice(
        server=server,
        key_file=path_of(said.key_file) if said.key_file else settings.api_key_file,
        workspace=said.workspace or settings.server_workspace,
        collection=said.collection or settings.server_collection,
    )


def _may_be_set() -> bool:
    """Whether settings can name a server: reading them costs a quarter of a second."""
    if "FRAMEMILL_SERVER" in os.environ or "FRAMEMILL_CONFIG" in os.environ:
        return True
    from platformdirs import user_config_path

    return (user_config_path("framemill", appauthor=False) / "framemill.toml").exists()
