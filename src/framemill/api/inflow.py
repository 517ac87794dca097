"""A request body for code that runs in a thread: piece by piece, in flat memory however many come at once."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from anyio import CapacityLimiter, from_thread, to_thread
from fastapi import Request

T = TypeVar("T")

# Threads of their own: senders take their time, and the other endpoints must not wait for them.
_AT_ONCE = 32
_LEAST, _MOST = 64 << 10, 256 << 10  # bytes of a piece: few hops to a thread where few send, little memory
_ALL = 4 << 20

_threads = CapacityLimiter(_AT_ONCE)


async def received(request: Request, act: Callable[[Iterator[bytes]], T]) -> T:
    """What `act` makes of the body, in a thread. A client that goes away raises ClientDisconnect in it."""
    stream = aiter(request.stream())

    def pieces() -> Iterator[bytes]:
        while piece := from_thread.run(_gathered, stream):
            yield piece

    return await to_thread.run_sync(lambda: act(pieces()), limiter=_threads)


async def _gathered(stream: AsyncIterator[bytes]) -> bytes:
    """The next bytes, as many as are worth a hop; none at the end."""
    wanted = max(_LEAST, min(_MOST, _ALL // max(1, int(_threads.borrowed_tokens))))
    some, size = [], 0
    async for chunk in stream:
        some.append(chunk)
        size += len(chunk)
        if size >= wanted:
            break
    return some[0] if len(some) == 1 else b"".join(some)
