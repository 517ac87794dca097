"""Reading a range that survives broken connections, and never glues two contents together."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from framemill.errors import StorageUnavailable
from framemill.storage.s3.connection import Connection
from framemill.storage.s3.encryption import Arguments
from framemill.storage.s3.refusals import BROKEN, asking, broken, code_of

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

PIECE: Final = 256 * 1024  # what a broken connection may lose of what it brought
_TRIES = 6  # in a row that bring less than a piece


def read(
    connection: Connection,
    key: str,
    *,
    start: int,
    stop: int | None,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[bytes]:
    """The bytes from `start` up to, without, `stop`, of one content; BlobNotFound, StorageUnavailable."""
    at, etag, futile = start, None, 0
    while stop is None or at < stop:
        response = _ask(connection, key, at, stop, etag)
        if response is None:
            return
        etag, begun = response["ETag"], at
        try:
            with closing(response["Body"]) as body:
                while piece := body.read(PIECE):
                    at += len(piece)
                    yield piece
                return
        except BROKEN as error:
            futile = 0 if at - begun >= PIECE else futile + 1
            if futile == _TRIES:
                raise broken(error) from error
            pause(0.1 * 2**futile)


def _ask(
    connection: Connection, key: str, at: int, stop: int | None, etag: str | None
) -> "GetObjectOutputTypeDef | None":
    """The answer that begins at byte `at`; None where the file ends before."""
    whole = at == 0 and stop is None
    asked: Arguments = {} if whole else {"Range": f"bytes={at}-{'' if stop is None else stop - 1}"}
    if etag is not None:
        asked["IfMatch"] = etag
    with asking(key=key):
        try:
            response = connection.client.get_object(
                Bucket=connection.bucket,
                Key=connection.name(key),
                **asked,
                **connection.encryption.used,
            )
        except ClientError as error:
            if code_of(error) in {"InvalidRange", "416"}:
                return None
            raise
    if not whole and not response.get("ContentRange", "").startswith(f"bytes {at}-"):
        response["Body"].close()
        raise StorageUnavailable("the S3 store sends other bytes than it was asked for")
    return response
