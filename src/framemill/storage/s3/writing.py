"""Storing files whole: in one request, or in parts side by side that become one file in the end."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Final

from framemill.errors import FramemillError, NotSupported, StorageUnavailable
from framemill.storage.blobs import MAX_PARTS, Blob, Part
from framemill.storage.s3 import uploads
from framemill.storage.s3.connection import Connection
from framemill.storage.s3.reading import read
from framemill.storage.s3.refusals import asking

_IN_MEMORY: Final = 64 << 20  # bytes of parts on their way
_PIECE: Final = 1 << 20

# Stores the part of this number of this upload.
Send = Callable[[str, int], Part]


def put(connection: Connection, key: str, source: Path | Iterable[bytes], *, content_type: str) -> Blob:
    """Store a file, all or nothing."""
    name = connection.name(key)
    if isinstance(source, Path):
        size = -(-source.stat().st_size // MAX_PARTS)
        bodies = _bodies(_pieces(source), lambda _number: max(connection.sizes.part, size))
    else:
        bodies = _bodies(iter(source), partial(_growing, connection.sizes.part))
    first, second = next(bodies, b""), next(bodies, None)
    if second is None:
        with asking():
            connection.client.put_object(
                Bucket=connection.bucket,
                Key=name,
                Body=first,
                ContentType=content_type,
                **connection.encryption.stored,
            )
        return uploads.stat(connection, key)
    side_by_side = max(1, min(connection.sizes.side_by_side, _IN_MEMORY // len(first)))
    sends = (partial(_send, connection, key, body) for body in chain((first, second), bodies))
    return _in_parts(connection, key, sends, content_type=content_type, side_by_side=side_by_side)


def copy(connection: Connection, source: str, target: str) -> Blob:
    """Store the file a second time, inside of the store where it can; BlobNotFound."""
    connection.name(target)
    found = uploads.stat(connection, source)
    if source == target:
        return found
    try:
        if found.bytes > connection.sizes.copied:
            return _copy_in_parts(connection, found, target)
        _copy_at_once(connection, source, target)
        return uploads.stat(connection, target)
    except NotSupported:
        # Ceph copies nothing that is encrypted.
        pieces = read(connection, source, start=0, stop=None)
        return put(connection, target, pieces, content_type=_content_type(connection, source))


def _copy_at_once(connection: Connection, source: str, target: str) -> None:
    with asking(key=source):
        connection.client.copy_object(
            Bucket=connection.bucket,
            Key=connection.name(target),
            CopySource={"Bucket": connection.bucket, "Key": connection.name(source)},
            **connection.encryption.stored,
            **connection.encryption.copied,
        )


def _copy_in_parts(connection: Connection, source: Blob, target: str) -> Blob:
    step = max(connection.sizes.copied_part, -(-source.bytes // MAX_PARTS))
    sends = (
        partial(_copy_part, connection, source, target, at, min(at + step, source.bytes))
        for at in range(0, source.bytes, step)
    )
    return _in_parts(
        connection,
        target,
        sends,
        content_type=_content_type(connection, source.key),
        side_by_side=connection.sizes.side_by_side,
        sure=partial(_same, connection, source),
    )


def _same(connection: Connection, source: Blob) -> None:
    # Ceph copies parts of whatever is there, and does not look at the etag that was asked for.
    if uploads.stat(connection, source.key) != source:
        raise StorageUnavailable("the file was replaced while it was copied")


def _in_parts(
    connection: Connection,
    key: str,
    sends: Iterable[Send],
    *,
    content_type: str,
    side_by_side: int,
    sure: Callable[[], None] = lambda: None,
) -> Blob:
    upload = uploads.start(connection, key, content_type=content_type)
    try:
        with ThreadPoolExecutor(side_by_side, thread_name_prefix="s3") as pool:
            done = list(_sent(pool, upload, sends, side_by_side))
        sure()
        return uploads.join(connection, key, upload, done)
    except BaseException as error:
        # What nobody forgets is paid for.
        with suppress(FramemillError):
            uploads.abort(connection, key, upload)
        if isinstance(error, FramemillError) and error.code == "upload_not_found":
            raise StorageUnavailable("the S3 store lost an upload that was under way") from error
        raise


def _sent(pool: ThreadPoolExecutor, upload: str, sends: Iterable[Send], side_by_side: int) -> Iterator[Part]:
    """The parts in their order, no more than `side_by_side` of them under way or in memory."""
    under_way: deque[Future[Part]] = deque()
    for number, send in enumerate(sends, 1):
        under_way.append(pool.submit(send, upload, number))
        if len(under_way) == side_by_side:
            yield under_way.popleft().result()
    for future in under_way:
        yield future.result()


def _send(connection: Connection, key: str, body: bytes, upload: str, number: int) -> Part:
    return uploads.send(connection, key, upload, number, body)


def _copy_part(
    connection: Connection, source: Blob, target: str, start: int, stop: int, upload: str, number: int
) -> Part:
    with asking(key=source.key):
        answer = connection.client.upload_part_copy(
            Bucket=connection.bucket,
            Key=connection.name(target),
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": connection.bucket, "Key": connection.name(source.key)},
            CopySourceRange=f"bytes={start}-{stop - 1}",
            CopySourceIfMatch=f'"{source.etag}"',
            **connection.encryption.used,
            **connection.encryption.copied,
        )
    return Part(
        number=number, bytes=stop - start, etag=uploads.bare(answer["CopyPartResult"].get("ETag", ""))
    )


def _content_type(connection: Connection, key: str) -> str:
    with asking(key=key):
        found = connection.client.head_object(
            Bucket=connection.bucket, Key=connection.name(key), **connection.encryption.used
        )
    return found["ContentType"]


def _growing(size: int, number: int) -> int:
    """The size of part `number` of a file of unknown size: 10,000 parts must do for the largest."""
    return size * (1 + number // 1000)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece


def _bodies(pieces: Iterator[bytes], size: Callable[[int], int]) -> Iterator[bytes]:
    """What `pieces` bring, cut anew: all but the last have the size that their number has."""
    numbers = count(1)
    wanted, held = size(next(numbers)), bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= wanted:
            yield bytes(held[:wanted])
            del held[:wanted]
            wanted = size(next(numbers))
    if held:
        yield bytes(held)
