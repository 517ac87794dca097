"""The BlobStore in one bucket. What each request says is in the modules beside this one."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from time import sleep

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from framemill.errors import InvalidSpec, StorageUnavailable
from framemill.storage.blobs import Blob, Part, Unfinished, check_key
from framemill.storage.doors import Doors
from framemill.storage.s3 import reading, uploads, writing
from framemill.storage.s3.addresses import Presigned
from framemill.storage.s3.connection import Connection
from framemill.storage.s3.refusals import asking, refused_keys

_TRIES = 5
_PATIENCE_S = 10
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+", re.ASCII)


class S3Store:
    """Files in an S3-compatible store.

    Addresses lead straight to it. Where each request has to bring the key that
    files are encrypted with, they lead through `doors`.
    """

    def __init__(self, connection: Connection, *, doors: Doors | None = None) -> None:
        self._connection = connection
        through = doors if connection.encryption.own_key else None
        self._addresses = through or Presigned(connection)

    def put(
        self, key: str, source: Path | Iterable[bytes], *, content_type: str = "application/octet-stream"
    ) -> Blob:
        """Store a file, all or nothing; a large one in parts, some of them side by side."""
        return writing.put(self._connection, key, source, content_type=content_type)

    def read(self, key: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, without, `stop`; one replaced meanwhile is StorageUnavailable."""
        if stop is not None and stop <= start:
            self.stat(key)
            return
        yield from reading.read(self._connection, key, start=start, stop=stop)

    def stat(self, key: str) -> Blob:
        """What is stored under `key`; BlobNotFound."""
        return uploads.stat(self._connection, key)

    def list(self, prefix: str) -> Iterator[Blob]:
        """Everything whose key begins with `prefix`, in the order of keys, as pages arrive."""
        c = self._connection
        pages = iter(
            c.client.get_paginator("list_objects_v2").paginate(Bucket=c.bucket, Prefix=c.beginning(prefix))
        )
        while True:
            with asking():
                page = next(pages, None)
            if page is None:
                return
            for found in page.get("Contents", ()):
                yield Blob(
                    key=c.key(found["Key"]),
                    bytes=found["Size"],
                    etag=uploads.bare(found["ETag"]),
                    modified=uploads.moment(found["LastModified"]),
                )

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, many with one request."""
        names = map(self._connection.name, keys)
        while batch := list(islice(names, self._connection.sizes.deleted)):
            self._delete(batch)

    def copy(self, source: str, target: str) -> Blob:
        """Store the file a second time inside of the store; BlobNotFound."""
        return writing.copy(self._connection, source, target)

    def local_path(self, key: str) -> Path | None:
        """None: no file of this machine."""
        check_key(key)
        return None

    def get_url(self, key: str, *, lifetime: timedelta, filename: str | None = None) -> str:
        """A URL that reads the file."""
        return self._addresses.reading(key, lifetime=lifetime, filename=filename)

    def start_parts(self, key: str, *, content_type: str = "application/octet-stream") -> str:
        """Begin an upload in parts; returns its id."""
        return uploads.start(self._connection, key, content_type=content_type)

    def part_url(
        self,
        key: str,
        upload: str,
        number: int,
        *,
        bytes: int,  # noqa: A002 - the field's name everywhere
        lifetime: timedelta,
        sha256: str | None = None,
    ) -> str:
        """A URL that takes one part by PUT, of exactly this size.

        With `sha256` the request must carry it, in hex, as `x-amz-content-sha256`:
        the one digest that every S3-compatible store checks.
        """
        return self._addresses.part(key, upload, number, size=bytes, lifetime=lifetime, sha256=sha256)

    def put_part(self, key: str, upload: str, number: int, source: Iterable[bytes]) -> Part:
        """Store one part from here; UploadNotFound."""
        return uploads.put(self._connection, key, upload, number, source)

    def parts(self, key: str, upload: str) -> tuple[Part, ...]:
        """What has been received, by number; UploadNotFound."""
        return uploads.received(self._connection, key, upload)

    def complete_parts(self, key: str, upload: str, parts: Sequence[Part]) -> Blob:
        """Make the parts one file; UploadNotFound, InvalidUpload."""
        return uploads.complete(self._connection, key, upload, parts)

    def abort_parts(self, key: str, upload: str) -> None:
        """Forget the upload and what it received; one that is not there is not missed."""
        uploads.abort(self._connection, key, upload)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Uploads in parts below `prefix` that are still open; what `put` is just sending is among them."""
        return uploads.unfinished(self._connection, prefix)

    def allow_origins(self, origins: Iterable[str]) -> None:
        """Let pages of these origins read files and send parts, and read the etags that they get for them.

        Replaces whatever the bucket allowed before. InvalidSpec where one is no origin.
        """
        allowed = list(origins)
        for origin in allowed:
            if not _ORIGIN.fullmatch(origin):
                raise InvalidSpec(
                    f"{origin!r} is no origin", hint="write scheme and host only: https://mill.example.com"
                )
        with asking():
            self._connection.client.put_bucket_cors(
                Bucket=self._connection.bucket,
                CORSConfiguration={
                    "CORSRules": [
                        {
                            "AllowedOrigins": allowed,
                            "AllowedMethods": ["GET", "HEAD", "PUT"],
                            "AllowedHeaders": ["*"],
                            "ExposeHeaders": ["ETag", "Content-Length", "Content-Range", "Accept-Ranges"],
                            "MaxAgeSeconds": 3600,
                        }
                    ]
                },
            )

    def lets_in(self, origin: str) -> bool:
        """Whether pages of this origin may send parts, asked as a browser does; StorageUnavailable."""
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        url = self.get_url("origin", lifetime=timedelta(minutes=1))
        with asking():
            answer = URLLib3Session(timeout=_PATIENCE_S).send(
                AWSRequest(method="OPTIONS", url=url, headers=asked).prepare()
            )
        return answer.headers.get("Access-Control-Allow-Origin") in {origin, "*"}

    def _delete(self, names: Sequence[str]) -> None:
        left = list(names)
        for attempt in range(_TRIES):
            with asking():
                answer = self._connection.client.delete_objects(
                    Bucket=self._connection.bucket,
                    Delete={"Objects": [{"Key": name} for name in left], "Quiet": True},
                )
            left = refused_keys(answer.get("Errors", ()))
            if not left:
                return
            sleep(0.1 * 2**attempt)
        raise StorageUnavailable(f"the S3 store did not delete {len(left)} files")
