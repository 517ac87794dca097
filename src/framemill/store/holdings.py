"""How much room is taken: bytes and how many things, by workspace and by what they are."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framemill.domain.videos import VideoState
from framemill.store.tables import Artifact
from framemill.store.video_tables import Video

ORIGINAL: Final = "original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a workspace holds of one kind."""

    workspace_id: str
    role: str
    objects: int  # files, and packaged streams as one each
    bytes: int


def holdings(session: Session, workspaces: Collection[str] | None = None) -> list[Holding]:
    """What each workspace holds, by kind; of what was made only an index is read, of videos their rows."""
    originals = select(Video.workspace_id, func.count(), func.sum(Video.bytes)).where(
        Video.state == VideoState.READY, Video.key.is_not(None)
    )
    made = (
        select(Video.workspace_id, Artifact.role, func.count(), func.sum(Artifact.bytes))
        .join(Video, Video.id == Artifact.video_id)
        .where(Artifact.video_id.is_not(None))
    )
    if workspaces is not None:
        originals = originals.where(Video.workspace_id.in_(list(workspaces)))
        made = made.where(Video.workspace_id.in_(list(workspaces)))
    rows = [
        (workspace_id, ORIGINAL, count, size)
        for workspace_id, count, size in session.execute(originals.group_by(Video.workspace_id))
    ]
    by_role = session.execute(made.group_by(Video.workspace_id, Artifact.role))
    rows += [(workspace_id, role, count, size) for workspace_id, role, count, size in by_role]
    return [
        Holding(workspace_id=workspace_id, role=role, objects=count, bytes=int(size or 0))
        for workspace_id, role, count, size in sorted(rows)
    ]
