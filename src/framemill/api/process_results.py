"""Results of the job service on their way out: what was made, and the bytes of it within a window."""

import asyncio
from collections.abc import Iterator
from typing import Final

from framemill.api.job_views import ArtifactView
from framemill.api.process_desk import Desk
from framemill.api.process_frames import MOST_CHUNK, result_frame
from framemill.api.process_messages import Completed, MadeView, ResultChunk, ResultView
from framemill.api.process_outbox import Outbox
from framemill.errors import StorageUnavailable
from framemill.services.order_records import Finished, ResultFile, Results

WINDOW: Final = 1 << 20  # bytes on their way that were not acknowledged


class Delivery:
    """The files of one job, to one connection."""

    def __init__(self, job_id: str, desk: Desk, outbox: Outbox) -> None:
        self._job_id = job_id
        self._desk = desk
        self._outbox = outbox
        self._sent = 0
        self._arrived = 0
        self._complete = False
        self._moved = asyncio.Event()

    def arrived(self, count: int) -> None:
        """The client has so many bytes in all; more than were sent counts as those."""
        self._arrived = max(self._arrived, min(count, self._sent))
        self._moved.set()

    @property
    def fetched(self) -> bool:
        """True where all of it was sent, and has arrived."""
        return self._complete and self._arrived >= self._sent

    async def run(self, results: Results) -> None:
        """Say what was made and, where it was asked for so, send it; returns when all has arrived.

        Raises StorageUnavailable, BlobNotFound.
        """
        service = self._desk.app.order_results
        if results == "urls":
            found = await self._desk.work(lambda: service.addressed(self._job_id))
        else:
            found = await self._desk.work(lambda: service.list(self._job_id))
        files = [file for one in found.made for file in one.files]
        self._outbox.say(_completed(self._job_id, results, found))
        if results == "stream":
            for index, file in enumerate(files):
                await self._send(index, file)
            self._complete = True
            await self._until(bound=self._sent)

    async def _send(self, index: int, file: ResultFile) -> None:
        pieces = self._desk.app.order_results.read(file, piece=MOST_CHUNK)
        seq = came = 0
        last = False
        while not last:
            await self._until(bound=self._sent - WINDOW + MOST_CHUNK)
            piece = await self._desk.work(lambda: _next(pieces))
            came += len(piece)
            last = came >= file.bytes
            if came > file.bytes or not (piece or last):
                raise StorageUnavailable("a result changed while it was sent", hint="attach to the job again")
            header = ResultChunk(job_id=self._job_id, index=index, seq=seq, last=last)
            self._sent += len(piece)
            await self._outbox.put(result_frame(header, piece))
            seq += 1

    async def _until(self, *, bound: int) -> None:
        """Wait until so many bytes have arrived."""
        while self._arrived < bound:
            self._moved.clear()
            await self._moved.wait()


def _next(pieces: Iterator[bytes]) -> bytes:
    return next(pieces, b"")


def _completed(job_id: str, results: Results, found: Finished) -> Completed:
    index = 0
    made = []
    for one in found.made:
        files = []
        for file in one.files:
            files.append(ResultView(index=index, name=file.name, bytes=file.bytes, url=file.url))
            index += 1
        made.append(MadeView(artifact=ArtifactView.of(one.artifact), files=tuple(files)))
    return Completed(
        job_id=job_id,
        results=results,
        artifacts=tuple(made),
        bytes=sum(file.bytes for one in made for file in one.files),
        notes=found.notes,
        warnings=found.warnings,
        expires_at=found.expires_at,
    )
