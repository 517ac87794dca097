"""Reading and locking workspaces and collections, and what they hold. Videos are `store.videos`' work.

What is being deleted is not found here; who finishes deletions asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.videos import VideoState, is_id
from framemill.errors import CollectionNotFound, WorkspaceNotFound
from framemill.store.tables import Job
from framemill.store.video_tables import Collection, Video, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a workspace or a collection holds; what is going counts until it has gone."""

    videos: int = 0
    stored_bytes: int = 0


def is_taken(error: IntegrityError) -> bool:
    """True where a row was refused because another one has what may stand once only."""
    return "unique constraint" in str(error.orig).lower()


def find_workspace(session: Session, name_or_id: str, *, lock: bool = False) -> Workspace:
    """The workspace; WorkspaceNotFound.

    Whoever adds to what it holds locks it: so quotas are counted one by one.
    """
    query = select(Workspace).where(Workspace.deleting_at.is_(None))
    if is_id(name_or_id):
        query = query.where(Workspace.id == str(UUID(name_or_id)))
    elif not _is_text(name_or_id):
        raise WorkspaceNotFound(name_or_id)
    else:
        query = query.where(Workspace.name == name_or_id)
    # Key share: rows that refer to a locked one may be written meanwhile, as its key stays.
    found = session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if found is None:
        raise WorkspaceNotFound(name_or_id)
    return found


def list_workspaces(session: Session) -> list[Workspace]:
    """All of them by name."""
    query = select(Workspace).where(Workspace.deleting_at.is_(None)).order_by(Workspace.name)
    return list(session.scalars(query))


def find_collection(session: Session, workspace_id: str, name_or_id: str) -> Collection:
    """The workspace's collection; CollectionNotFound."""
    query = select(Collection).where(
        Collection.workspace_id == workspace_id, Collection.deleting_at.is_(None)
    )
    if is_id(name_or_id):
        query = query.where(Collection.id == str(UUID(name_or_id)))
    elif not _is_text(name_or_id):
        raise CollectionNotFound(name_or_id)
    else:
        query = query.where(Collection.name == name_or_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise CollectionNotFound(name_or_id)
    return found


def list_collections(session: Session, workspace_id: str) -> list[Collection]:
    """A workspace's collections by name."""
    return list(
        session.scalars(
            select(Collection)
            .where(Collection.workspace_id == workspace_id, Collection.deleting_at.is_(None))
            .order_by(Collection.name)
        )
    )


def held_by_workspaces(session: Session, workspace_ids: Sequence[str]) -> dict[str, Held]:
    """What each of these workspaces holds."""
    column = Video.workspace_id
    rows = session.execute(
        select(column, func.count(), func.sum(Video.stored_bytes))
        .where(column.in_(workspace_ids))
        .group_by(column)
    )
    # PostgreSQL's sum of whole numbers is a Decimal.
    found = {row[0]: Held(videos=row[1], stored_bytes=int(row[2])) for row in rows}
    return {workspace_id: found.get(workspace_id, Held()) for workspace_id in workspace_ids}


def held_by_collections(session: Session, workspace_id: str) -> dict[str, Held]:
    """What each collection of a workspace holds; those that hold nothing are left out."""
    rows = session.execute(
        select(Video.collection_id, func.count(), func.sum(Video.stored_bytes))
        .where(Video.workspace_id == workspace_id)
        .group_by(Video.collection_id)
    )
    return {row[0]: Held(videos=row[1], stored_bytes=int(row[2])) for row in rows}


def mark_videos(session: Session, *, workspace_id: str, collection_id: str | None, now: datetime) -> None:
    """Everything in the workspace or collection is being deleted from now on."""
    change = update(Video).where(Video.workspace_id == workspace_id, Video.state != VideoState.DELETING)
    if collection_id is not None:
        change = change.where(Video.collection_id == collection_id)
    # Without its digest the row is in nobody's way.
    session.execute(
        change.values(state=VideoState.DELETING, sha256=None, updated_at=now).execution_options(
            synchronize_session=False
        )
    )


def going(session: Session, *, limit: int) -> tuple[list[Collection], list[Workspace]]:
    """Collections and workspaces that are being deleted."""
    collections = select(Collection).where(Collection.deleting_at.is_not(None)).limit(limit)
    workspaces = select(Workspace).where(Workspace.deleting_at.is_not(None)).limit(limit)
    return list(session.scalars(collections)), list(session.scalars(workspaces))


def open_jobs(session: Session, workspace_id: str, *, limit: int = 1000) -> list[str]:
    """Ids of jobs of a workspace that have not ended."""
    return list(
        session.scalars(
            select(Job.id)
            .where(Job.workspace_id == workspace_id, Job.state.in_(["queued", "running", "paused"]))
            .limit(limit)
        )
    )


def _is_text(name: str) -> bool:
    """False for what no database takes as text, so that nothing is called so."""
    return "\0" not in name and not any("\ud800" <= c <= "\udfff" for c in name)
