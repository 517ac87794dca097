"""What nobody comes back to: uploads whose completion broke off, that ran out of time, or that no row names.

Any number of watchdogs may run, in any process.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from framemill.domain.videos import UploadState, next_upload_state
from framemill.engine.failures import KEEPS_WORK
from framemill.errors import FramemillError, InvalidUpload, UploadNotFound
from framemill.services.upload_ends import HOLD, UploadEnds
from framemill.storage.blobs import BlobStore, Unfinished
from framemill.store import named
from framemill.store.database import Database
from framemill.store.uploads import forget_completed, get_upload, uploads_in
from framemill.store.workers import audit

_AT_ONCE = 200
_OURS = ("workspaces/", "work/")  # what keys begin with; in a bucket there may be others beside
_SWEEPING = timedelta(hours=1)
# A process may have begun an upload in the store and not yet written down how it is called there.
_GRACE = timedelta(hours=1)
# After its time has run out, so that a repeated request still finds what became of it.
_REMEMBERED = timedelta(days=1)
_ACTOR = "watchdog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How much a round did."""

    completed: int = 0  # that somebody else had left
    removed: int = 0  # whose time had run out
    swept: int = 0  # of the store's, that no row names

    @property
    def all(self) -> int:
        """Of everything together."""
        return self.completed + self.removed + self.swept


class UploadWatch:
    """Looks after uploads that were left."""

    def __init__(self, database: Database, blobs: BlobStore, ends: UploadEnds) -> None:
        self._database = database
        self._blobs = blobs
        self._ends = ends
        self._swept: datetime | None = None

    def tidy(self) -> Watched:
        """One round: what was left each time, the store once an hour."""
        with self._database.read() as session:
            now = self._database.now(session)
            left = uploads_in(session, UploadState.COMPLETING, silent_since=now - HOLD, limit=_AT_ONCE)
            late = uploads_in(session, UploadState.OPEN, expired=now, limit=_AT_ONCE)
            failed = uploads_in(session, UploadState.FAILED, expired=now, limit=_AT_ONCE)
            given_up = uploads_in(session, UploadState.ABORTED, limit=_AT_ONCE)
        completed = _each(left, self._ends.settle)
        removed = _each(late, self._expire) + _each([*given_up, *failed], self._ends.remove)
        if self._swept is not None and now - self._swept < _SWEEPING:
            return Watched(completed=completed, removed=removed)
        with self._database.write() as session:
            forget_completed(session, expired=now - _REMEMBERED)
        swept = self._sweep(now)
        self._swept = now
        return Watched(completed=completed, removed=removed, swept=swept)

    def _expire(self, upload_id: str) -> None:
        with self._database.write(durable=True) as session:
            row, now = get_upload(session, upload_id, lock=True), self._database.now(session)
            if row.state != UploadState.OPEN or row.expires_at > now:
                return
            row.state = next_upload_state(UploadState(row.state), UploadState.ABORTED)
            audit(session, at=now, actor=_ACTOR, action="upload.expired", subject=f"video:{row.video_id}")
        self._ends.remove(upload_id)

    def _sweep(self, now: datetime) -> int:
        """Abort what the store holds open and nobody waits for."""
        swept = 0
        begun = chain.from_iterable(map(self._blobs.unfinished, _OURS))
        for some in _by(_AT_ONCE, begun):
            old = [one for one in some if one.started < now - _GRACE]
            with self._database.read() as session:
                wanted = named.awaited(session, [(one.key, one.upload) for one in old], keeps_work=KEEPS_WORK)
            for one in old:
                if one.upload not in wanted:
                    self._blobs.abort_parts(one.key, one.upload)
                    swept += 1
        return swept


def _each(ids: Iterable[str], act: Callable[[str], None]) -> int:
    """How many it went well with, or was decided about; the others wait for the next round."""
    done = 0
    for upload_id in ids:
        with suppress(FramemillError):
            # Refused, which its row says; or somebody else was as quick.
            with suppress(InvalidUpload, UploadNotFound):
                act(upload_id)
            done += 1
    return done


def _by(count: int, coming: Iterator[Unfinished]) -> Iterator[list[Unfinished]]:
    while some := list(islice(coming, count)):
        yield some
