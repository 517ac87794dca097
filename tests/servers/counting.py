"""A door in front of a server that counts what comes in through it, and stops it after so many bytes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread


@dataclass
class Counted:
    """How many bytes clients sent, and where they are to send them."""

    port: int
    hold_after: int | None = None  # bytes; what comes then waits until it is released
    bytes: int = 0
    held: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, count: int) -> None:
        with self._lock:
            self.bytes += count
            full = self.hold_after is not None and self.bytes >= self.hold_after
        if full:
            self.held.set()
            self.released.wait()


@contextmanager
def counted(port: int, *, hold_after: int | None = None) -> Iterator[Counted]:
    """A door on this machine that leads to `port`."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        told = Counted(port=door.getsockname()[1], hold_after=hold_after)
        Thread(target=_let_in, args=(door, port, told), daemon=True).start()
        try:
            yield told
        finally:
            told.released.set()


def a_free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def _let_in(door: socket.socket, port: int, told: Counted) -> None:
    with suppress(OSError):  # it was closed
        while True:
            client, _ = door.accept()
            try:
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                client.close()  # as if nobody listened here either
                continue
            Thread(target=_carry, args=(client, server, told), daemon=True).start()
            Thread(target=_carry, args=(server, client, None), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, told: Counted | None) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            if told is not None:
                told.add(len(piece))
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
