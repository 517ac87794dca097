"""Finishing deletions: first the row says so, then the jobs end, then the bytes go, then the rows.

So a crash anywhere leaves a row that says what is left to do. Any number of
processes may finish the same deletion.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, exists
from sqlalchemy.orm import Session

from framemill.domain.videos import VideoState, next_video_state
from framemill.engine.reusing import scope_of_video
from framemill.errors import IllegalTransition, JobNotFound, VideoNotFound
from framemill.services.originals import prefix_of
from framemill.storage.blobs import BlobStore
from framemill.storage.kept import Kept
from framemill.store import shelves, videos
from framemill.store.database import Database
from framemill.store.video_tables import Collection, Video, Workspace
from framemill.store.workers import audit

# Whoever completes an upload says so every few seconds.
_COMPLETING: Final = timedelta(minutes=1)
# Uploads and downloads end long before, or their rows and jobs say that they are at it.
_FORSAKEN: Final = timedelta(days=1)
_ACTOR: Final = "janitor"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Remover:
    """Takes away what is marked as going."""

    database: Database
    blobs: Callable[[], BlobStore]
    cancel: Callable[[str], None]  # of a job
    kept: Callable[[], Kept | None] = lambda: None  # what later jobs on the same video might have used

    def remove(self, video_id: str) -> bool:
        """Take away a video that is marked; False where somebody still works on it.

        A worker sees within seconds that its job was cancelled. Raises what
        the store raises; the mark stays, and it can be done again.
        """
        with self.database.read() as session:
            try:
                video = videos.get_video(session, video_id, going=True)
            except VideoNotFound:
                return True
            jobs = videos.jobs_to_end(session, video_id)
        if video.state != VideoState.DELETING:
            return False
        for job_id in jobs:
            with suppress(IllegalTransition, JobNotFound):  # it ended a moment before
                self.cancel(job_id)
        # Asked before the bytes go: what nobody holds then, nobody adds to any more.
        with self.database.read() as session:
            held = self._is_held(session, video_id)
        self.clear(video.workspace_id, video_id)
        if held:
            return False
        with self.database.write(durable=True) as session:
            if self._is_held(session, video_id):
                return False
            session.execute(
                delete(Video)
                .where(Video.id == video_id, Video.state == VideoState.DELETING)
                .execution_options(synchronize_session=False)
            )
        return True

    def sweep(self, *, at_most: int = 10_000) -> int:
        """Take away what is marked and nobody holds, up to `at_most` videos; returns how many went."""
        gone, left = 0, set[str]()
        while gone < at_most:
            limit = min(_AT_ONCE, at_most - gone) + len(left)
            with self.database.read() as session:
                ids = [i for i in videos.going(session, limit=limit) if i not in left]
            if not ids:
                break
            done = {video_id for video_id in ids if self.remove(video_id)}
            left |= set(ids) - done
            gone += len(done)
        self._remove_shelves()
        return gone

    def give_up(self) -> int:
        """Take away videos whose original nobody brings any more; returns how many."""
        with self.database.read() as session:
            before = self.database.now(session) - _FORSAKEN
            ids = videos.forsaken(session, before=before, limit=_AT_ONCE)
        gone = []
        for video_id in ids:
            with self.database.write(durable=True) as session, suppress(VideoNotFound):
                video, now = videos.get_video(session, video_id, lock=True), self.database.now(session)
                if video.state != VideoState.UPLOADING or video.updated_at >= before:
                    continue  # it moved meanwhile
                video.state, video.updated_at = (
                    next_video_state(VideoState.UPLOADING, VideoState.DELETING),
                    now,
                )
                data = {"filename": video.filename, "bytes": video.bytes}
                subject = f"video:{video.id}"
                audit(session, at=now, actor=_ACTOR, action="video.given_up", subject=subject, data=data)
                gone.append(video_id)
        return sum(self.remove(video_id) for video_id in gone)

    def clear(self, workspace_id: str, video_id: str) -> None:
        """Remove every byte that is stored for a video, and what is on its way; rows stay."""
        prefix, blobs = prefix_of(workspace_id, video_id), self.blobs()
        # First what could still become a file.
        for upload in list(blobs.unfinished(prefix)):
            blobs.abort_parts(upload.key, upload.upload)
        blobs.delete(blob.key for blob in blobs.list(prefix))
        if (kept := self.kept()) is not None:
            kept.forget(scope_of_video(video_id))

    def _remove_shelves(self) -> None:
        """Collections and workspaces go when nothing is left in them."""
        with self.database.read() as session:
            collections, workspaces = shelves.going(session, limit=_AT_ONCE)
            jobs = [job for place in workspaces for job in shelves.open_jobs(session, place.id)]
        for job_id in jobs:
            with suppress(IllegalTransition, JobNotFound):
                self.cancel(job_id)
        for table, column, rows in (
            (Collection, Video.collection_id, collections),
            (Workspace, Video.workspace_id, workspaces),
        ):
            for row in rows:
                with self.database.write() as session:
                    session.execute(
                        delete(table)
                        .where(table.id == row.id, ~exists().where(column == row.id))
                        .execution_options(synchronize_session=False)
                    )

    def _is_held(self, session: Session, video_id: str) -> bool:
        now = self.database.now(session)
        return videos.is_held(session, video_id, now=now, completing_since=now - _COMPLETING)
