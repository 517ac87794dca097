"""Making, changing and ending workspaces. What lies in them is other services' work."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypedDict

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framemill.domain.retention import as_json, parse_rules
from framemill.domain.videos import (
    DEFAULT_COLLECTION,
    DEFAULT_WORKSPACE,
    checked_title,
    workspace_name,
)
from framemill.errors import InvalidSpec, NameTaken
from framemill.planner.pipelines import PIPELINES, TEMPLATES
from framemill.services.shelf_records import WorkspaceRecord
from framemill.store.database import Database
from framemill.store.jobs import new_id
from framemill.store.shelves import (
    Held,
    find_workspace,
    held_by_workspaces,
    is_taken,
    list_collections,
    list_workspaces,
    mark_videos,
)
from framemill.store.video_tables import Collection, Workspace
from framemill.store.workers import audit

NO_PIPELINE: Final = "none"  # new videos are only kept
PIPELINES_OF_NEW: Final = (*PIPELINES, *TEMPLATES, NO_PIPELINE)
MOST_BYTES: Final = 10**18


class WorkspaceChanges(TypedDict, total=False):
    """What may be changed of a workspace; what is not given stays."""

    name: str
    title: str
    pipeline: str
    quota_bytes: int | None  # None: no limit
    retention: dict[str, Any] | None  # Any: as domain.retention reads it


class Workspaces:
    """The use cases around workspaces. One called `default` exists from the first use on."""

    def __init__(self, database: Database, *, sweep: Callable[[], object]) -> None:
        self._database = database
        self._sweep = sweep  # finishes deletions

    def create(
        self,
        name: str,
        *,
        title: str | None = None,
        pipeline: str = "proxy",
        quota_bytes: int | None = None,
        actor: str = "",
    ) -> WorkspaceRecord:
        """A new workspace with a collection for uploads; InvalidSpec, NameTaken."""
        row = Workspace(
            id=new_id(),
            name=workspace_name(name),
            title=checked_title(name if title is None else title),
            pipeline=_pipeline(pipeline),
            quota_bytes=_quota(quota_bytes),
        )
        try:
            with self._database.write(durable=True) as session:
                now = self._database.now(session)
                _add(session, row, now=now)
                data = {"name": row.name, "quota_bytes": row.quota_bytes}
                _audit(session, row, now=now, actor=actor, action="workspace.created", data=data)
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise NameTaken(name) from None
        return WorkspaceRecord.of(row, Held())

    def get(self, name_or_id: str) -> WorkspaceRecord:
        """One workspace; WorkspaceNotFound."""
        if name_or_id == DEFAULT_WORKSPACE:
            self._ensure_default()
        with self._database.read() as session:
            row = find_workspace(session, name_or_id)
            return WorkspaceRecord.of(row, held_by_workspaces(session, [row.id])[row.id])

    def list(self) -> tuple[WorkspaceRecord, ...]:
        """All of them by name."""
        with self._database.read() as session:
            rows = list_workspaces(session)
            held = held_by_workspaces(session, [row.id for row in rows])
        if not rows:
            return (self.get(DEFAULT_WORKSPACE),)
        return tuple(WorkspaceRecord.of(row, held[row.id]) for row in rows)

    def edit(
        self,
        name_or_id: str,
        changes: WorkspaceChanges,
        *,
        actor: str = "",
        check: Callable[[WorkspaceRecord], None] = lambda _: None,
    ) -> WorkspaceRecord:
        """Change what is given; what it holds stays. InvalidSpec, NameTaken, WorkspaceNotFound.

        With another name, addresses with the old one end. Nothing is changed
        where `check` raises something at the sight of how it is.
        """
        checked = {name: _CHECKS[name](value) for name, value in changes.items()}
        if name_or_id == DEFAULT_WORKSPACE:
            self._ensure_default()
        try:
            with self._database.write(durable=True) as session:
                row, now = find_workspace(session, name_or_id, lock=True), self._database.now(session)
                check(WorkspaceRecord.of(row, Held()))
                for column, value in checked.items():
                    setattr(row, column, value)
                row.updated_at = now
                _audit(session, row, now=now, actor=actor, action="workspace.changed", data=checked)
                session.flush()
                return WorkspaceRecord.of(row, held_by_workspaces(session, [row.id])[row.id])
        except IntegrityError as error:
            if not is_taken(error):
                raise
            raise NameTaken(str(checked.get("name"))) from None

    def delete(self, name_or_id: str, *, actor: str = "") -> None:
        """Delete a workspace with everything in it; WorkspaceNotFound.

        Nobody sees it from the moment it is accepted, and its name is free.
        What takes longer, or is interrupted, the janitor finishes.
        """
        with self._database.write(durable=True) as session:
            row, now = find_workspace(session, name_or_id, lock=True), self._database.now(session)
            held = held_by_workspaces(session, [row.id])[row.id]
            data = {"name": row.name, "videos": held.videos, "stored_bytes": held.stored_bytes}
            row.deleting_at, row.name = now, nobodys(row.id)
            for shelf in list_collections(session, row.id):
                shelf.deleting_at, shelf.name = now, nobodys(shelf.id)
            mark_videos(session, workspace_id=row.id, collection_id=None, now=now)
            _audit(session, row, now=now, actor=actor, action="workspace.deleted", data=data)
        self._sweep()

    def _ensure_default(self) -> None:
        with self._database.read() as session:
            if session.scalars(select(Workspace.id).where(Workspace.name == DEFAULT_WORKSPACE)).first():
                return
        try:
            with self._database.write(durable=True) as session:
                row = Workspace(id=new_id(), name=DEFAULT_WORKSPACE, title="Default", pipeline="proxy")
                _add(session, row, now=self._database.now(session))
        except IntegrityError as error:
            if not is_taken(error):
                raise
            # Somebody else was as quick.


def nobodys(row_id: str) -> str:
    """What is being deleted is called so: a name that nobody can ask for."""
    return f"~{row_id}"


def _add(session: Session, row: Workspace, *, now: datetime) -> None:
    row.created_at = row.updated_at = now
    session.add(row)
    session.flush()
    session.add(
        Collection(id=new_id(), workspace_id=row.id, name=DEFAULT_COLLECTION, created_at=now, updated_at=now)
    )


def _audit(
    session: Session, row: Workspace, *, now: datetime, actor: str, action: str, data: dict[str, Any]
) -> None:
    audit(session, at=now, actor=actor, action=action, subject=f"workspace:{row.id}", data=data)


def _pipeline(name: str) -> str:
    """The name of a pipeline that every installation has; InvalidSpec."""
    wanted = name.replace("-", "_")
    if wanted not in PIPELINES_OF_NEW:
        raise InvalidSpec(
            f"there is no pipeline {name[:80]!r} for new videos", hint=f"one of {', '.join(PIPELINES_OF_NEW)}"
        )
    return wanted


def _quota(quota_bytes: int | None) -> int | None:
    if quota_bytes is not None and not 0 <= quota_bytes <= MOST_BYTES:
        raise InvalidSpec(f"{quota_bytes} bytes are no quota", hint="none means no limit")
    return quota_bytes


def _retention(rules: dict[str, Any] | None) -> dict[str, Any] | None:
    return rules and as_json(parse_rules(rules))


_CHECKS: dict[str, Callable[[Any], Any]] = {  # Any: as WorkspaceChanges says, by name
    "name": workspace_name,
    "title": checked_title,
    "pipeline": _pipeline,
    "quota_bytes": _quota,
    "retention": _retention,
}
