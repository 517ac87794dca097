"""Moving the bytes of stored files to clients: bounded memory, and nothing left open when a client goes.

Which bytes, `ranges` decides. A plain file of this machine is read here in
pieces; what is stored elsewhere or sealed comes as the store gives it.
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import Final, Protocol, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.types import Receive

from framemill.api.byte_ranges import Span
from framemill.errors import StorageUnavailable
from framemill.storage.blobs import Blob, BlobStore

# A client that reads slowly holds two of these: one read, one that waits in its connection.
PIECE: Final = 128 * 1024
# Readers of media wait for disks and stores in a line of their own, so that other requests need not.
_READERS = CapacityLimiter(32)
_T = TypeVar("_T")


class Opened(Protocol):
    """A stored file whose bytes can be had."""

    def pieces(self, span: Span) -> AsyncGenerator[bytes, None]:
        """All bytes of the span in order; StorageUnavailable where the file has become another."""


@asynccontextmanager
async def opened(blobs: BlobStore, blob: Blob) -> AsyncIterator[Opened]:
    """The file that `blob` describes, for as long as the block lasts; BlobNotFound."""
    descriptor = await _in_thread(partial(_descriptor, blobs, blob))
    if descriptor is None:
        yield _Stored(blobs, blob)
        return
    try:
        yield _Plain(descriptor, blob)
    finally:
        os.close(descriptor)


async def stream(source: Opened, parts: Sequence[bytes | Span]) -> AsyncGenerator[bytes, None]:
    """The parts one after the other; text that stands before a span leaves with its first piece."""
    text = b""
    for part in parts:
        if isinstance(part, bytes):
            text += part
            continue
        async with aclosing(source.pieces(part)) as pieces:
            async for piece in pieces:
                yield text + piece if text else piece
                text = b""
    if text:
        yield text


async def while_connected(receive: Receive, work: Callable[[], Awaitable[None]]) -> None:
    """Does the work, and gives it up at once when the client goes."""
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        await work()
        group.cancel_scope.cancel()


class _Plain:
    """A plain file of this machine."""

    def __init__(self, descriptor: int, blob: Blob) -> None:
        self._descriptor = descriptor
        self._blob = blob

    async def pieces(self, span: Span) -> AsyncGenerator[bytes, None]:
        place = span.start
        while place < span.stop:
            wanted = min(PIECE, span.stop - place)
            piece = await _in_thread(partial(os.pread, self._descriptor, wanted, place))
            if not piece:
                raise _changed(self._blob)
            place += len(piece)
            yield piece


class _Stored:
    """A file that only the store can read."""

    def __init__(self, blobs: BlobStore, blob: Blob) -> None:
        self._blobs = blobs
        self._blob = blob

    async def pieces(self, span: Span) -> AsyncGenerator[bytes, None]:
        given = self._blobs.read(self._blob.key, start=span.start, stop=span.stop)
        left = span.length
        try:
            while left > 0 and (piece := await _in_thread(partial(next, given, None))) is not None:
                for place in range(0, len(piece), PIECE):
                    yield piece[place : place + PIECE]
                left -= len(piece)
            if left:
                raise _changed(self._blob)
        finally:
            if (close := getattr(given, "close", None)) is not None:
                with anyio.CancelScope(shield=True):
                    await _in_thread(close)


def _descriptor(blobs: BlobStore, blob: Blob) -> int | None:
    path = blobs.local_path(blob.key)
    if path is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageUnavailable(f"{blob.key!r} cannot be read: {error.strerror}") from error
    if os.fstat(descriptor).st_size != blob.bytes:
        os.close(descriptor)
        raise _changed(blob)
    return descriptor


def _changed(blob: Blob) -> StorageUnavailable:
    return StorageUnavailable(f"{blob.key!r} was replaced while it was read", hint="ask again")


async def _in_thread(work: Callable[[], _T]) -> _T:
    # Not abandoned when cancelled: nothing may be closed while a thread still reads it.
    return await to_thread.run_sync(work, limiter=_READERS)
