"""Keeping to the rules of retention: what would go, and taking it away, with a note of each.

What the rules mean is `domain.retention`'s. Deleting a whole video is
`services.videos`' work.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from framemill.domain.retention import Made, RetentionRules, Standing, expired, parse_rules
from framemill.domain.videos import VideoState
from framemill.errors import BlobNotFound, NoRules, VideoNotFound
from framemill.services.videos import Videos
from framemill.storage.blobs import BlobStore
from framemill.store import videos as store
from framemill.store.database import Database
from framemill.store.shelves import find_workspace, list_collections, list_workspaces
from framemill.store.tables import Artifact
from framemill.store.video_tables import Video
from framemill.store.workers import audit

_ACTOR: Final = "retention"
_AT_ONCE = 200
_SHOWN = ("rendition", "hls", "dash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One thing that the rules take, or took."""

    workspace: str
    video_id: str
    title: str
    what: Literal["video", "original", "artifact"]
    name: str
    bytes: int
    reason: str
    kept: str | None = None  # why it was not removed after all
    artifact_id: str | None = None


class Retention:
    """The use cases around what is kept for how long."""

    def __init__(self, database: Database, videos: Videos, *, blobs: Callable[[], BlobStore]) -> None:
        self._database = database
        self._videos = videos
        self._blobs = blobs

    def plan(self, workspace: str, *, rules: RetentionRules | None = None) -> Iterator[Removal]:
        """What would go now by the workspace's rules, or by `rules`; nothing is changed. WorkspaceNotFound.

        NoRules where the workspace has none.
        """
        with self._database.read() as session:
            place = find_workspace(session, workspace)
            shelves = [shelf.id for shelf in list_collections(session, place.id)]
        if rules is None and place.retention is None:
            raise NoRules(place.name)
        valid = rules or parse_rules(place.retention or {})
        for shelf in shelves:
            wanted = store.Wanted(
                workspace_id=place.id,
                collection_id=shelf,
                states=(VideoState.READY, VideoState.FAILED),
            )
            yield from self._in(place.name, wanted, valid)

    def apply(self, workspace: str, *, actor: str = _ACTOR) -> Iterator[Removal]:
        """Remove what would go now; each is told, with the reason where it was kept. Errors as `plan`'s."""
        for removal in self.plan(workspace):
            yield replace(removal, kept=self._remove(removal, actor))

    def run(self) -> int:
        """Keep to the rules of every workspace that has some; returns how much was removed."""
        with self._database.read() as session:
            names = [row.id for row in list_workspaces(session) if row.retention]
        return sum(removal.kept is None for name in names for removal in self.apply(name))

    def _in(self, workspace: str, wanted: store.Wanted, rules: RetentionRules) -> Iterator[Removal]:
        before, newer = None, 0
        while True:
            with self._database.read() as session:
                now = self._database.now(session)
                page = store.page_of_videos(session, wanted, before=before, limit=_AT_ONCE)
                ids = [video.id for video in page.videos]
                made = store.artifacts_of_many(session, ids)
                busy = store.worked_on(session, ids)
            for video in page.videos:
                if video.id not in busy:
                    mine = [artifact for artifact in made if artifact.video_id == video.id and artifact.key]
                    yield from _of(workspace, video, mine, newer, rules, now)
                newer += video.state == VideoState.READY
            before = page.next
            if before is None:
                return

    def _remove(self, removal: Removal, actor: str) -> str | None:
        """Why it was kept, None where it was removed."""
        try:
            if removal.what == "video":
                self._videos.delete(removal.video_id, actor=actor, reason=removal.reason)
                return None
            if removal.what == "original":
                return self._remove_original(removal, actor)
            return self._remove_artifact(removal, actor)
        except VideoNotFound:
            return "it is gone already"

    def _remove_original(self, removal: Removal, actor: str) -> str | None:
        with self._database.read() as session:
            shown = [a for a in store.artifacts_of(session, removal.video_id) if a.role in _SHOWN and a.key]
        if not shown or not all(self._is_whole(artifact) for artifact in shown):
            return "the store has not all of its renditions"
        with self._database.write(durable=True) as session:
            video, now = store.get_video(session, removal.video_id, lock=True), self._database.now(session)
            if store.worked_on(session, [video.id]):
                return "a job works on it"
            if video.key is None:
                return "it is gone already"
            # Without bytes, and its key kept: from here on it is going, and who finds it so goes on.
            if video.bytes:
                data = {"key": video.key, "bytes": video.bytes, "sha256": video.sha256}
                _audit(session, removal, "video.original_removed", data, now=now, actor=actor)
            key, video.bytes, video.sha256, video.updated_at = video.key, 0, None, now
            store.count_stored(session, video)
        self._blobs().delete([key])
        with self._database.write() as session, suppress(VideoNotFound):
            store.get_video(session, removal.video_id, lock=True).key = None
        return None

    def _remove_artifact(self, removal: Removal, actor: str) -> str | None:
        with self._database.read() as session:
            made = store.artifacts_of(session, removal.video_id)
        mine = next((a for a in made if a.id == removal.artifact_id), None)
        if mine is None or mine.key is None:
            return "it is gone already"
        others = [a.key for a in made if a.key and a.id != mine.id]
        # First the bytes: where this is interrupted, the rule finds the row again.
        blobs = self._blobs()
        if mine.key.endswith("/"):
            found = (blob.key for blob in blobs.list(mine.key))
            blobs.delete(key for key in found if not any(_covers(other, key) for other in others))
        elif not any(_covers(other, mine.key) for other in others):
            blobs.delete([mine.key])
        with self._database.write(durable=True) as session:
            video, now = store.get_video(session, removal.video_id, lock=True), self._database.now(session)
            row = session.scalars(select(Artifact).where(Artifact.id == mine.id)).one_or_none()
            if row is not None:
                session.delete(row)
                data = {"key": row.key, "bytes": row.bytes, "role": row.role}
                _audit(session, removal, "artifact.removed", data, now=now, actor=actor)
            store.count_stored(session, video)
        return None

    def _is_whole(self, artifact: Artifact) -> bool:
        key, blobs = artifact.key or "", self._blobs()
        if key.endswith("/"):
            return sum(blob.bytes for blob in blobs.list(key)) == artifact.bytes
        try:
            return blobs.stat(key).bytes == artifact.bytes
        except BlobNotFound:
            return False


def _of(
    workspace: str,
    video: Video,
    artifacts: Sequence[Artifact],
    newer: int,
    rules: RetentionRules,
    now: datetime,
) -> Iterator[Removal]:
    """What the rules take of one video."""
    standing = Standing(
        created_at=video.created_at,
        # What never came takes nobody's place.
        newer=newer if video.state == VideoState.READY else 0,
        has_original=video.key is not None and video.state == VideoState.READY,
        artifacts=[Made(id=a.id, role=a.role, created_at=a.created_at) for a in artifacts],
    )
    gone = expired(rules, standing, now=now)
    first = Removal(
        workspace=workspace,
        video_id=video.id,
        title=video.title,
        what="video",
        name=video.filename,
        bytes=video.stored_bytes,
        reason="",
    )
    if gone.video is not None:
        yield replace(first, reason=gone.video)
        return
    if gone.original is not None:
        yield replace(first, what="original", bytes=video.bytes, reason=gone.original)
    for artifact in artifacts:
        if (reason := gone.artifacts.get(artifact.id)) is not None:
            yield replace(
                first,
                what="artifact",
                name=artifact.path,
                bytes=artifact.bytes,
                reason=reason,
                artifact_id=artifact.id,
            )


def _covers(key: str, other: str) -> bool:
    """True where the file `other` belongs to the artifact at `key`."""
    return other.startswith(key) if key.endswith("/") else other == key


def _audit(
    session: Session, removal: Removal, action: str, data: dict[str, Any], *, now: datetime, actor: str
) -> None:
    audit(
        session,
        at=now,
        actor=actor,
        action=action,
        subject=f"video:{removal.video_id}",
        data={**data, "reason": removal.reason},
    )
