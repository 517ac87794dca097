"""Uploads in parts in an S3 store, in the words of the port."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from tempfile import SpooledTemporaryFile
from typing import IO

from botocore.exceptions import ClientError

from framemill.errors import BlobNotFound, InvalidUpload, UploadNotFound
from framemill.storage.blobs import MAX_PARTS, MIN_PART, Blob, Part, Unfinished
from framemill.storage.s3.connection import Connection
from framemill.storage.s3.refusals import asking, code_of


def start(connection: Connection, key: str, *, content_type: str) -> str:
    """Begin an upload; returns its id."""
    with asking():
        answer = connection.client.create_multipart_upload(
            Bucket=connection.bucket,
            Key=connection.name(key),
            ContentType=content_type,
            **connection.encryption.stored,
        )
    return answer["UploadId"]


def send(connection: Connection, key: str, upload: str, number: int, body: bytes) -> Part:
    """Store one part that is in memory."""
    return Part(number=number, bytes=len(body), etag=_send(connection, key, upload, number, body))


def put(connection: Connection, key: str, upload: str, number: int, source: Iterable[bytes]) -> Part:
    """Store one part of any size; a large one waits on the disk, as it is sent again where the way breaks."""
    check_number(number)
    with SpooledTemporaryFile(max_size=connection.sizes.part) as file:
        for piece in source:
            file.write(piece)
        size = file.tell()
        file.seek(0)
        return Part(number=number, bytes=size, etag=_send(connection, key, upload, number, file))


def received(connection: Connection, key: str, upload: str) -> tuple[Part, ...]:
    """The parts that are there, by number; UploadNotFound."""
    pages = connection.client.get_paginator("list_parts").paginate(
        Bucket=connection.bucket, Key=connection.name(key), UploadId=some(upload)
    )
    with asking(upload=upload):
        found = [
            Part(number=part["PartNumber"], bytes=part["Size"], etag=bare(part["ETag"]))
            for page in pages
            for part in page.get("Parts", ())
        ]
    return tuple(sorted(found, key=lambda part: part.number))


def complete(connection: Connection, key: str, upload: str, parts: Sequence[Part]) -> Blob:
    """Make the parts one file.

    They are compared with what is there first: stores differ in which of them
    they refuse, and how, and Ceph calls an upload that is gone an error of its own.
    """
    _check(parts, {part.number: part for part in received(connection, key, upload)})
    return join(connection, key, upload, parts)


def join(connection: Connection, key: str, upload: str, parts: Sequence[Part]) -> Blob:
    """Make parts one file that are known to be there."""
    with asking(upload=upload):
        try:
            connection.client.complete_multipart_upload(
                Bucket=connection.bucket,
                Key=connection.name(key),
                UploadId=upload,
                MultipartUpload={
                    "Parts": [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
                },
                **connection.encryption.used,
            )
        except ClientError as error:
            # Asked again after the first answer was lost on the way, the store no longer knows the upload.
            if code_of(error) not in {"NoSuchUpload", "NoSuchKey", "InternalError"}:
                raise
            blob = _joined(connection, key, parts)
            if blob is None:
                raise
            return blob
    # Ceph's answer has no etag in it.
    return stat(connection, key)


def abort(connection: Connection, key: str, upload: str) -> None:
    """Forget the upload; one that is not there is not missed."""
    try:
        with asking(upload=upload):
            connection.client.abort_multipart_upload(
                Bucket=connection.bucket, Key=connection.name(key), UploadId=some(upload)
            )
    except UploadNotFound:
        return


def unfinished(connection: Connection, prefix: str) -> Iterator[Unfinished]:
    """Open uploads of keys that begin with `prefix`."""
    pages = iter(
        connection.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=connection.bucket, Prefix=connection.beginning(prefix)
        )
    )
    while True:
        with asking():
            page = next(pages, None)
        if page is None:
            return
        for found in page.get("Uploads", ()):
            key = connection.key(found["Key"])
            yield Unfinished(key=key, upload=found["UploadId"], started=moment(found["Initiated"]))


def stat(connection: Connection, key: str) -> Blob:
    """What is stored under `key`; BlobNotFound."""
    with asking(key=key):
        found = connection.client.head_object(
            Bucket=connection.bucket, Key=connection.name(key), **connection.encryption.used
        )
    return Blob(
        key=key,
        bytes=found["ContentLength"],
        etag=bare(found["ETag"]),
        modified=moment(found["LastModified"]),
    )


def moment(found: datetime) -> datetime:
    """A time in whole seconds, as a file's own headers have it; lists are finer."""
    return found.astimezone(UTC).replace(microsecond=0)


def bare(etag: str) -> str:
    """An etag without its quotes."""
    return etag.strip('"')


def some(upload: str) -> str:
    """UploadNotFound where the id is empty: to Ceph a part of no upload is a whole file."""
    if not upload:
        raise UploadNotFound(upload)
    return upload


def check_number(number: int) -> None:
    """InvalidUpload where no part can have this number."""
    if not 1 <= number <= MAX_PARTS:
        raise InvalidUpload(f"parts are numbered 1 to {MAX_PARTS}, not {number}")


def _send(connection: Connection, key: str, upload: str, number: int, body: bytes | IO[bytes]) -> str:
    with asking(upload=upload):
        answer = connection.client.upload_part(
            Bucket=connection.bucket,
            Key=connection.name(key),
            UploadId=some(upload),
            PartNumber=number,
            Body=body,
            **connection.encryption.used,
        )
    return bare(answer["ETag"])


def _check(parts: Sequence[Part], there: Mapping[int, Part]) -> None:
    if not parts:
        raise InvalidUpload("an upload has at least one part")
    for before, part in pairwise(parts):
        if part.number <= before.number:
            raise InvalidUpload(f"part {part.number} is named after part {before.number}")
        if before.bytes < MIN_PART:
            raise InvalidUpload(
                f"part {before.number} has {before.bytes} bytes, and {MIN_PART} are the least"
            )
    for part in parts:
        if part.number not in there:
            raise InvalidUpload(f"part {part.number} was not received")
        if there[part.number] != part:
            raise InvalidUpload(f"part {part.number} is not the one that was received")


def _joined(connection: Connection, key: str, parts: Sequence[Part]) -> Blob | None:
    """The file under `key` where it is made of just these parts: its etag is the digest of theirs."""
    try:
        blob = stat(connection, key)
        digests = b"".join(bytes.fromhex(part.etag) for part in parts)
    except (BlobNotFound, ValueError):
        return None
    digest = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    return blob if blob.etag == f"{digest}-{len(parts)}" else None
