"""What an order made: its files, read piece by piece, or addresses that they are fetched from."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from framemill.domain.media_types import media_type
from framemill.errors import BlobNotFound, StorageUnavailable
from framemill.services.jobs import Jobs
from framemill.services.order_records import Finished, Made, ResultFile
from framemill.services.orders import PREFIX
from framemill.services.records import ArtifactRecord
from framemill.storage.blobs import BlobStore

_ENDING = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)


class OrderResults:
    """The use cases around results of orders."""

    def __init__(self, jobs: Jobs, *, folder: Path, blobs: Callable[[], BlobStore], keep: timedelta) -> None:
        self._jobs = jobs
        self._folder = folder
        self._blobs = blobs
        self._keep = keep

    def list(self, order_id: str) -> Finished:
        """All that the job made; JobNotFound, StorageUnavailable."""
        detail = self._jobs.show(order_id)
        return Finished(
            made=tuple(
                Made(artifact=one, files=tuple(self._files(order_id, one))) for one in detail.artifacts
            ),
            notes=detail.job.notes,
            warnings=detail.job.warnings,
            expires_at=None,
        )

    def addressed(self, order_id: str) -> Finished:
        """The same, with an address for each file; what lies on this machine is put into the store first."""
        found, blobs = self.list(order_id), self._blobs()
        number = 0
        made = []
        for one in found.made:
            files = []
            for file in one.files:
                stored = self._stored(blobs, order_id, number, file)
                number += 1
                name = file.name.rpartition("/")[2]
                url = blobs.get_url(stored.key or "", lifetime=self._keep, filename=name)
                files.append(replace(stored, url=url))
            made.append(replace(one, files=tuple(files)))
        return replace(found, made=tuple(made), expires_at=datetime.now(UTC) + self._keep)

    def read(self, file: ResultFile, *, piece: int) -> Iterator[bytes]:
        """The bytes of a file in pieces of at most `piece`; StorageUnavailable, BlobNotFound."""
        if file.path is None:
            for some in self._blobs().read(file.key or ""):
                for start in range(0, len(some), piece):
                    yield some[start : start + piece]
            return
        try:
            with file.path.open("rb", buffering=0) as stream:
                while some := stream.read(piece):
                    yield some
        except OSError as error:
            raise StorageUnavailable("the result cannot be read", hint="attach to the job again") from error

    def _files(self, order_id: str, one: ArtifactRecord) -> Iterator[ResultFile]:
        if one.key is not None:
            yield from self._of_store(one, one.key)
            return
        out = self._folder / order_id / "out"
        paths = sorted(one.path.rglob("*")) if one.path.is_dir() else [one.path]
        for path in paths:
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(out).as_posix()
                yield ResultFile(name=name, bytes=path.stat().st_size, path=path)

    def _of_store(self, one: ArtifactRecord, key: str) -> Iterator[ResultFile]:
        if not key.endswith("/"):
            yield ResultFile(name=str(one.path), bytes=one.bytes, key=key)
            return
        # A packaged stream is called by its manifest, whose folder the key is.
        folder = str(one.path).partition("/")[0]
        for blob in self._blobs().list(key):
            yield ResultFile(name=f"{folder}/{blob.key.removeprefix(key)}", bytes=blob.bytes, key=blob.key)

    def _stored(self, blobs: BlobStore, order_id: str, number: int, file: ResultFile) -> ResultFile:
        if file.path is None:
            return file
        ending = file.path.suffix.lower()
        key = f"{PREFIX}{order_id}/{number:05}{ending if _ENDING.fullmatch(ending) else ''}"
        with suppress(BlobNotFound):
            if blobs.stat(key).bytes == file.bytes:
                return replace(file, key=key)
        blobs.put(key, file.path, content_type=media_type(key))
        return replace(file, key=key)
