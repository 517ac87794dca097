"""Moving the bytes of stored files to clients: bounded memory, and nothing left open when a client goes.

Which bytes, `ranges` decides. A plain file of this machine is lent to the server
where that can have it copied by the kernel, else read here in pieces; what is
stored elsewhere or sealed comes as the store gives it.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from io import FileIO
from typing import Final, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.types import Message, Receive, Scope, Send

from framemill.api.byte_ranges import Span
from framemill.api.zero_copy import ZERO_COPY
from framemill.errors import StorageUnavailable
from framemill.storage.blobs import Blob, BlobStore

# A client that reads slowly holds two of these: one read, one that waits in its connection.
PIECE: Final = 128 * 1024
# What the kernel is asked to send at once: nobody waits longer for it than a client takes for this much.
_STRETCH = 1024 * 1024
# Readers of media wait for disks and stores in a line of their own, so that other requests need not.
_READERS = CapacityLimiter(32)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is to be sent, and the open file that it is in, where that is a plain one."""

    blobs: BlobStore
    blob: Blob
    parts: Sequence[bytes | Span]
    file: FileIO | None


def open_content(
    blobs: BlobStore, blob: Blob, parts: Sequence[bytes | Span], *, file: FileIO | None = None
) -> Content:
    """The parts, text or spans of the file that `blob` describes, ready to be sent once.

    Raises BlobNotFound, and StorageUnavailable where the file has become another.
    """
    return Content(blobs=blobs, blob=blob, parts=parts, file=file or _opened(blobs, blob))


async def send_content(content: Content, start: Message, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with `start` and the content, and close what is open; all ends when the client goes.

    Raises StorageUnavailable, BlobNotFound where there is no first piece to send.
    """
    with content.file or nullcontext():
        if content.file is not None and ZERO_COPY in scope.get("extensions", {}):
            # A server that copies says itself that the client has gone.
            with suppress(ConnectionError):
                await send({**start, ZERO_COPY: True})
                await _lend(content.parts, content.file, send)
            return
        async with aclosing(_read(content)) as pieces:
            first = await anext(pieces)

            async def move() -> None:
                await send(start)
                await send(_message(first))
                async for piece in pieces:
                    await send(_message(piece))
                await send(_message(b"", more=False))

            await _while_connected(receive, move)


async def _lend(parts: Sequence[bytes | Span], file: FileIO, send: Send) -> None:
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        if isinstance(part, bytes):
            await send(_message(part, more=not last))
            continue
        for place in range(part.start, part.stop, _STRETCH):
            count = min(_STRETCH, part.stop - place)
            if not _in_memory(file, place + count - 1):
                await _in_thread(partial(_load, file, place, count))
            more = not last or place + count < part.stop
            await send({"type": ZERO_COPY, "file": file, "offset": place, "count": count, "more_body": more})


async def _read(content: Content) -> AsyncGenerator[bytes, None]:
    """Every byte, piece by piece; text that stands before a span leaves with its first piece."""
    text = b""
    for part in content.parts:
        if isinstance(part, bytes):
            text += part
            continue
        async with aclosing(_pieces(content, part)) as pieces:
            async for piece in pieces:
                yield text + piece if text else piece
                text = b""
    if text:
        yield text


def _pieces(content: Content, span: Span) -> AsyncGenerator[bytes, None]:
    if content.file is not None:
        return _plain(content.file, content.blob, span)
    return _stored(content.blobs, content.blob, span)


async def _plain(file: FileIO, blob: Blob, span: Span) -> AsyncGenerator[bytes, None]:
    place = span.start
    while place < span.stop:
        piece = await _in_thread(partial(os.pread, file.fileno(), min(PIECE, span.stop - place), place))
        if not piece:
            raise _changed(blob)
        place += len(piece)
        yield piece


async def _stored(blobs: BlobStore, blob: Blob, span: Span) -> AsyncGenerator[bytes, None]:
    given = blobs.read(blob.key, start=span.start, stop=span.stop)
    left = span.length
    try:
        while left > 0 and (piece := await _in_thread(partial(next, given, None))) is not None:
            for place in range(0, len(piece), PIECE):
                yield piece[place : place + PIECE]
            left -= len(piece)
        if left:
            raise _changed(blob)
    finally:
        if (close := getattr(given, "close", None)) is not None:
            with anyio.CancelScope(shield=True):
                await _in_thread(close)


async def _while_connected(receive: Receive, work: Callable[[], Awaitable[None]]) -> None:
    """Does the work, and gives it up at once when the client goes."""
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        await work()
        group.cancel_scope.cancel()


def _message(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _in_memory(file: FileIO, place: int) -> bool:
    """Whether the kernel can give the byte without waiting for a disk; False where it does not say."""
    if not hasattr(os, "RWF_NOWAIT"):
        return False
    try:
        os.preadv(file.fileno(), [bytearray(1)], place, os.RWF_NOWAIT)
    except OSError as error:
        # A file system without such reads is one without a disk, or without our worries.
        return not isinstance(error, BlockingIOError)
    return True


def _load(file: FileIO, place: int, count: int) -> None:
    for offset in range(place, place + count, PIECE):
        os.pread(file.fileno(), min(PIECE, place + count - offset), offset)


def _opened(blobs: BlobStore, blob: Blob) -> FileIO | None:
    path = blobs.local_path(blob.key)
    if path is None:
        return None
    try:
        file = FileIO(path)
    except OSError as error:
        raise StorageUnavailable(f"{blob.key!r} cannot be read: {error.strerror}") from error
    if os.fstat(file.fileno()).st_size != blob.bytes:
        file.close()
        raise _changed(blob)
    return file


def _changed(blob: Blob) -> StorageUnavailable:
    return StorageUnavailable(f"{blob.key!r} was replaced while it was read", hint="ask again")


async def _in_thread(work: Callable[[], _T]) -> _T:
    # Not abandoned when cancelled: nothing may be closed while a thread still reads it.
    return await to_thread.run_sync(work, limiter=_READERS)
