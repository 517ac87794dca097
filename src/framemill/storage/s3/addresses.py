"""Addresses that open one file, or take one part, without asking us again."""

from datetime import timedelta
from math import ceil

from framemill.domain.media_types import disposition
from framemill.errors import InvalidSpec, NotSupported
from framemill.storage.s3.connection import DIGEST, Connection
from framemill.storage.s3.encryption import Arguments
from framemill.storage.s3.refusals import asking
from framemill.storage.s3.uploads import check_number, some

_LONGEST = timedelta(days=7)  # that a signature of S3 holds


class Presigned:
    """Makes such addresses for one bucket."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reading(self, key: str, *, lifetime: timedelta, filename: str | None) -> str:
        """A URL that reads a file."""
        c = self._connection
        saved = {} if not filename else {"ResponseContentDisposition": disposition(filename)}
        return self._url("get_object", {"Key": c.name(key), **saved}, lifetime)

    def part(
        self, key: str, upload: str, number: int, *, size: int, lifetime: timedelta, sha256: str | None
    ) -> str:
        """A URL that takes one part of just this size, and with `sha256` of just these bytes."""
        check_number(number)
        bound: Arguments = {} if sha256 is None else {DIGEST: _digest(sha256)}
        what = {"UploadId": some(upload), "PartNumber": number, "ContentLength": size}
        return self._url("upload_part", {"Key": self._connection.name(key), **what, **bound}, lifetime)

    def _url(self, operation: str, arguments: Arguments, lifetime: timedelta) -> str:
        c = self._connection
        if c.encryption.own_key:
            raise NotSupported(
                "no address opens files that are encrypted with a key of one's own: it would carry the key"
            )
        if lifetime <= timedelta(0):
            raise InvalidSpec("an address lives for some time")
        # Whoever needs it for longer asks for another.
        lasting = ceil(min(lifetime, _LONGEST).total_seconds())
        with asking():
            return c.signing.generate_presigned_url(
                operation, Params={"Bucket": c.bucket, **arguments}, ExpiresIn=lasting
            )


def _digest(sha256: str) -> str:
    try:
        raw = bytes.fromhex(sha256)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise InvalidSpec("a SHA-256 has 64 hexadecimal digits")
    return raw.hex()
