"""Videos as people manage them: coming in, listing, editing, deleting with everything made from them."""

import time
from collections.abc import Callable, Sequence
from collections.abc import Collection as Several
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.sniffing import ENDINGS
from framemill.domain.videos import VideoState, checked_notes, checked_title, next_video_state
from framemill.errors import InvalidSpec, VideoExists, VideoNotFound
from framemill.services import originals
from framemill.services.collections import Collections
from framemill.services.deletion import Remover
from framemill.services.originals import NewOriginal
from framemill.services.shelf_records import Arrival, StoredArtifact, VideoDetail, VideoPage, VideoRecord
from framemill.store import videos as store
from framemill.store.base import Json
from framemill.store.database import Database
from framemill.store.shelves import find_collection, find_workspace, is_taken
from framemill.store.video_tables import Collection, Video, Workspace
from framemill.store.workers import audit

_LET_GO_S = 5.0  # a worker sees within two seconds that its job was cancelled
_LOOK_S = 0.2


class VideoChanges(TypedDict, total=False):
    """What may be changed of a video; what is not given stays."""

    title: str
    notes: str
    recorded_at: datetime | None
    collection: str  # another one of the same workspace


class Videos:
    """The use cases around videos."""

    def __init__(
        self,
        database: Database,
        collections: Collections,
        remover: Remover,
        *,
        accepted: Several[str] = ENDINGS.keys(),
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database = database
        self._collections = collections
        self._remover = remover
        self._accepted = accepted
        self._wait = wait

    def begin(self, new: NewOriginal, *, workspace: str, collection: str) -> Arrival:
        """Room for an original that is on its way to the record's `key`, or the video that has it already.

        Raises WorkspaceNotFound, CollectionNotFound, InvalidSpec, InvalidUpload
        for an ending that is not taken in, QuotaExceeded.
        """
        shelf = self._collections.get(workspace, collection)
        with self._database.write(durable=True) as session:
            now = self._database.now(session)
            video, there = originals.begin(
                session,
                new,
                workspace=shelf.workspace_id,
                collection=shelf.id,
                now=now,
                accepted=self._accepted,
            )
            return Arrival(video=VideoRecord.of(video), duplicate=there)

    def arrived(
        self,
        video_id: str,
        *,
        bytes: int,  # noqa: A002 - the field's name everywhere
        sha256: str,
        content_type: str | None = None,
    ) -> Arrival:
        """The original is stored under its key and verified; telling it again changes nothing.

        Where its collection has this content already, that video is returned
        and the new bytes go. Raises what `originals.arrive` raises; where the
        video was deleted meanwhile, the bytes go too.
        """
        try:
            with self._database.write(durable=True) as session:
                now = self._database.now(session)
                video, there = originals.arrive(
                    session, video_id, bytes=bytes, sha256=sha256, content_type=content_type, now=now
                )
                arrival = Arrival(video=VideoRecord.of(video), duplicate=there)
        except VideoNotFound:
            self._remover.remove(video_id)
            raise
        if there:
            self._remover.remove(video_id)
        return arrival

    def failed(self, video_id: str, error: Json) -> VideoRecord:
        """The original did not come: what came of it goes, `error` is kept for people."""
        with self._database.write(durable=True) as session:
            video = originals.fail(session, video_id, error, now=self._database.now(session))
            record = VideoRecord.of(video)
        self._remover.clear(record.workspace_id, record.id)
        return record

    def page(
        self, wanted: store.Wanted, *, before: str | None = None, limit: int = 50, count: bool = False
    ) -> VideoPage:
        """The newest videos that are wanted; `before` is the `next` of the page before."""
        if before is not None:
            try:
                before = str(UUID(before))
            except ValueError:
                raise InvalidSpec(f"{before!r} is not where a page ended", hint="give a whole id") from None
        with self._database.read() as session:
            found = store.page_of_videos(session, wanted, before=before, limit=limit)
            return VideoPage(
                videos=tuple(VideoRecord.of(row) for row in found.videos),
                next=found.next,
                total=store.count_videos(session, wanted) if count else None,
            )

    def find(self, part: str) -> tuple[str, ...]:
        """Ids of videos, a few at most, that begin with `part` or, of the newest, end with it."""
        with self._database.read() as session:
            return tuple(store.ids_like(session, part))

    def get(self, video_id: str) -> VideoRecord:
        """One video; VideoNotFound."""
        with self._database.read() as session:
            return VideoRecord.of(store.get_video(session, video_id))

    def show(self, video_id: str) -> VideoDetail:
        """One video with what was made from it; VideoNotFound."""
        with self._database.read() as session:
            video = store.get_video(session, video_id)
            return VideoDetail(
                video=VideoRecord.of(video),
                workspace=session.get_one(Workspace, video.workspace_id).name,
                collection=session.get_one(Collection, video.collection_id).name,
                artifacts=_artifacts(session, video.id),
            )

    def artifacts(self, video_id: str) -> Sequence[StoredArtifact]:
        """What was made from a video, the oldest first; VideoNotFound."""
        with self._database.read() as session:
            return _artifacts(session, store.get_video(session, video_id).id)

    def edit(
        self,
        video_id: str,
        changes: VideoChanges,
        *,
        actor: str = "",
        check: Callable[[VideoRecord], None] = lambda _: None,
    ) -> VideoRecord:
        """Change what is given; VideoNotFound, CollectionNotFound, InvalidSpec.

        Nothing is changed where `check` raises something at the sight of how
        it is. Raises VideoExists where the other collection has this content
        already.
        """
        checked: dict[str, Any] = {}  # Any: columns of Video
        if "title" in changes:
            checked["title"] = checked_title(changes["title"])
        if "notes" in changes:
            checked["notes"] = checked_notes(changes["notes"])
        if "recorded_at" in changes:
            checked["recorded_at"] = _aware(changes["recorded_at"])
        try:
            with self._database.write(durable=True) as session:
                video = store.get_video(session, video_id)
                if "collection" in changes:
                    # Locked, or the collection could go meanwhile.
                    find_workspace(session, video.workspace_id, lock=True)
                    shelf = find_collection(session, video.workspace_id, changes["collection"])
                    checked["collection_id"] = shelf.id
                video, now = store.get_video(session, video_id, lock=True), self._database.now(session)
                check(VideoRecord.of(video))
                for column, value in checked.items():
                    setattr(video, column, value)
                video.updated_at = now
                data = {"changed": sorted(checked), "collection": checked.get("collection_id")}
                _audit(session, video, now=now, actor=actor, action="video.changed", data=data)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise VideoExists(changes.get("collection", "")) from None
        return VideoRecord.of(video)

    def delete(self, video_id: str, *, actor: str = "", reason: str | None = None) -> bool:
        """Delete a video with everything made from it; nobody sees it any more. VideoNotFound.

        Its jobs are cancelled. False where a worker has not let go of it yet:
        then the janitor removes the rest.
        """
        with self._database.write(durable=True) as session:
            video, now = store.get_video(session, video_id, lock=True), self._database.now(session)
            data = {name: getattr(video, name) for name in ("title", "filename", "stored_bytes", "sha256")}
            data |= {"collection": video.collection_id, "reason": reason}
            video.state = next_video_state(VideoState(video.state), VideoState.DELETING)
            # Without it the row is in nobody's way.
            video.sha256, video.updated_at = None, now
            _audit(session, video, now=now, actor=actor, action="video.deleted", data=data)
        waited = 0.0
        while not self._remover.remove(video.id):
            if waited >= _LET_GO_S:
                return False
            self._wait(_LOOK_S)
            waited += _LOOK_S
        return True


def _artifacts(session: Session, video_id: str) -> tuple[StoredArtifact, ...]:
    return tuple(StoredArtifact.of(row) for row in store.artifacts_of(session, video_id))


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidSpec("the time of recording needs a time zone", hint="such as 2026-11-02T12:00:00Z")
    return moment


def _audit(
    session: Session, video: Video, *, now: datetime, actor: str, action: str, data: dict[str, Any]
) -> None:
    audit(session, at=now, actor=actor, action=action, subject=f"video:{video.id}", data=data)
