"""Addresses that open one file, or take one part, without asking us again."""

from datetime import timedelta
from urllib.parse import quote

from framemill.errors import InvalidSpec, NotSupported
from framemill.storage.s3.connection import DIGEST, Connection
from framemill.storage.s3.refusals import asking
from framemill.storage.s3.uploads import check_number, some

_LONGEST = timedelta(days=7)  # that a signature of S3 holds


def reading(connection: Connection, key: str, *, lifetime: timedelta, filename: str | None) -> str:
    """A URL that reads the file."""
    saved = {} if filename is None else {"ResponseContentDisposition": disposition(filename)}
    with asking():
        return connection.signing.generate_presigned_url(
            "get_object",
            Params={"Bucket": connection.bucket, "Key": connection.name(key), **saved},
            ExpiresIn=_seconds(connection, lifetime),
        )


def part(
    connection: Connection,
    key: str,
    upload: str,
    number: int,
    *,
    size: int,
    lifetime: timedelta,
    sha256: str | None,
) -> str:
    """A URL that takes one part of just this size, and with `sha256` of just these bytes."""
    check_number(number)
    bound = {} if sha256 is None else {DIGEST: _digest(sha256)}
    with asking():
        return connection.signing.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": connection.bucket,
                "Key": connection.name(key),
                "UploadId": some(upload),
                "PartNumber": number,
                "ContentLength": size,
                **bound,
            },
            ExpiresIn=_seconds(connection, lifetime),
        )


def disposition(filename: str) -> str:
    """The header that makes browsers save a file under `filename`, whatever is in that: RFC 6266.

    The plain form for old clients has `_` for what is not plain; the other form has all of it.
    """
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%/' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"


def _seconds(connection: Connection, lifetime: timedelta) -> int:
    if connection.encryption.own_key:
        raise NotSupported(
            "an address cannot open files that are encrypted with a key of one's own: it would carry the key",
            hint="let them pass through the API, or set FRAMEMILL_S3_SSE to s3 or kms",
        )
    if not timedelta(seconds=1) <= lifetime <= _LONGEST:
        raise InvalidSpec("an address of an S3 store lives from one second to seven days")
    return int(lifetime.total_seconds())


def _digest(sha256: str) -> str:
    try:
        raw = bytes.fromhex(sha256)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise InvalidSpec("a SHA-256 has 64 hexadecimal digits")
    return raw.hex()
