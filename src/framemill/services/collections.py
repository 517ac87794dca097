"""Making, naming and ending collections of videos in a workspace."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.videos import DEFAULT_COLLECTION, collection_name
from framemill.errors import CollectionNotFound, NameTaken
from framemill.services.shelf_records import CollectionRecord
from framemill.services.workspaces import Workspaces, nobodys
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.shelves import (
    Held,
    find_collection,
    find_workspace,
    held_by_collections,
    is_taken,
    list_collections,
    mark_videos,
)
from framemill.store.video_tables import Collection
from framemill.store.workers import audit


class Collections:
    """The use cases around collections. One called `uploads` is in every workspace that is asked for it."""

    def __init__(self, database: Database, workspaces: Workspaces, *, sweep: Callable[[], object]) -> None:
        self._database = database
        self._workspaces = workspaces
        self._sweep = sweep

    def create(self, workspace: str, name: str, *, actor: str = "") -> CollectionRecord:
        """A new collection; WorkspaceNotFound, InvalidSpec, NameTaken."""
        place = self._workspaces.get(workspace).id
        row = Collection(id=new_id(), workspace_id=place, name=collection_name(name))
        try:
            with self._database.write(durable=True) as session:
                # Locked, or it would be added to a workspace that is being deleted.
                find_workspace(session, place, lock=True)
                row.created_at = row.updated_at = now = self._database.now(session)
                session.add(row)
                data = {"name": row.name, "workspace": place}
                _audit(session, row, now=now, actor=actor, action="collection.created", data=data)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise NameTaken(row.name) from None
        return CollectionRecord.of(row, Held())

    def get(self, workspace: str, name_or_id: str = DEFAULT_COLLECTION) -> CollectionRecord:
        """One collection; WorkspaceNotFound, CollectionNotFound."""
        place = self._workspaces.get(workspace).id
        try:
            with self._database.read() as session:
                row = find_collection(session, place, name_or_id)
                held = held_by_collections(session, place).get(row.id, Held())
                return CollectionRecord.of(row, held)
        except CollectionNotFound:
            if name_or_id != DEFAULT_COLLECTION:
                raise
        try:
            return self.create(place, DEFAULT_COLLECTION)
        except NameTaken:  # somebody else was as quick
            return self.get(place, name_or_id)

    def list(self, workspace: str) -> tuple[CollectionRecord, ...]:
        """A workspace's collections by name; WorkspaceNotFound."""
        place = self._workspaces.get(workspace).id
        with self._database.read() as session:
            held = held_by_collections(session, place)
            return tuple(
                CollectionRecord.of(row, held.get(row.id, Held())) for row in list_collections(session, place)
            )

    def rename(
        self,
        workspace: str,
        name_or_id: str,
        name: str,
        *,
        actor: str = "",
        check: Callable[[CollectionRecord], None] = lambda _: None,
    ) -> CollectionRecord:
        """Give it another name; WorkspaceNotFound, CollectionNotFound, InvalidSpec, NameTaken.

        Nothing is changed where `check` raises something at the sight of how it is.
        """
        place, wanted = self._workspaces.get(workspace).id, collection_name(name)
        try:
            with self._database.write(durable=True) as session:
                find_workspace(session, place, lock=True)
                row, now = find_collection(session, place, name_or_id), self._database.now(session)
                check(CollectionRecord.of(row, Held()))
                data = {"name": wanted, "before": row.name}
                row.name, row.updated_at = wanted, now
                _audit(session, row, now=now, actor=actor, action="collection.renamed", data=data)
                held = held_by_collections(session, place).get(row.id, Held())
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise NameTaken(wanted) from None
        return CollectionRecord.of(row, held)

    def delete(self, workspace: str, name_or_id: str, *, actor: str = "") -> None:
        """Delete a collection with everything in it; WorkspaceNotFound, CollectionNotFound."""
        place = self._workspaces.get(workspace).id
        with self._database.write(durable=True) as session:
            # Locked, or a video would be added meanwhile.
            find_workspace(session, place, lock=True)
            row, now = find_collection(session, place, name_or_id), self._database.now(session)
            held = held_by_collections(session, place).get(row.id, Held())
            data = {"name": row.name, "videos": held.videos, "stored_bytes": held.stored_bytes}
            row.deleting_at, row.name = now, nobodys(row.id)
            mark_videos(session, workspace_id=place, collection_id=row.id, now=now)
            _audit(session, row, now=now, actor=actor, action="collection.deleted", data=data)
        self._sweep()


def _audit(
    session: Session, row: Collection, *, now: datetime, actor: str, action: str, data: dict[str, Any]
) -> None:
    audit(session, at=now, actor=actor, action=action, subject=f"collection:{row.id}", data=data)
