from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from framemill.client.connection import Server

URL = "https://mill.test"
Answer = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Waits:
    """A clock that only waiting moves."""

    waited: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    def now(self) -> float:
        return sum(self.waited)


@dataclass
class Door:
    """Makes servers that answer as they are told, in time that passes only while somebody waits."""

    waits: Waits = field(default_factory=Waits)
    made: list[Server] = field(default_factory=list)

    def __call__(self, answer: Answer, *, key: str | None = "fm_key") -> Server:
        transport = httpx2.MockTransport(answer)
        server = Server(URL, key, transport=transport, wait=self.waits.wait, now=self.waits.now)
        self.made.append(server)
        return server


@pytest.fixture(name="door")
def _door() -> Iterator[Door]:
    door = Door()
    yield door
    for server in door.made:
        server.close()
