"""Clients who ask at once, each over one connection, and each again as soon as it has its answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one of them sends, and what it must be answered."""

    method: str
    path: str
    key: str = ""
    body: bytes = b""
    status: int = 200

    def text(self) -> bytes:
        """As it goes over the connection."""
        head = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        if self.key:
            head.append(f"Authorization: Bearer {self.key}")
        if self.body:
            head += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*head, "", ""]).encode() + self.body


def ask(port: int, requests: Sequence[Request], *, clients: int) -> list[float]:
    """Milliseconds of each answer, from the request's first byte to the answer's last."""
    return asyncio.run(_ask(port, requests, clients))


async def _ask(port: int, requests: Sequence[Request], clients: int) -> list[float]:
    spent: list[float] = []
    waiting = iter(requests)
    async with asyncio.TaskGroup() as crowd:
        for _ in range(clients):
            crowd.create_task(_client(port, waiting, spent))
    return spent


async def _client(port: int, waiting: Iterator[Request], spent: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        began = time.perf_counter()
        writer.write(request.text())
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        spent.append((time.perf_counter() - began) * 1000)
        if int(head[9:12]) != request.status:
            raise SystemExit(f"{request.method} {request.path}: {head[:12]!r} {body[:300]!r}")
    writer.close()


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return int(next(line for line in lines if line.startswith(_LENGTH))[len(_LENGTH) :])
