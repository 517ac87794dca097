"""How much room is taken, by workspace and by what it is."""

from collections.abc import Collection
from dataclasses import dataclass

from framemill.store.database import Database
from framemill.store.holdings import holdings
from framemill.store.shelves import list_workspaces


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUse:
    """Things of one kind."""

    role: str  # original, or what was made: rendition, hls ...
    objects: int  # files, and packaged streams as one each
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceUse:
    """What a workspace holds."""

    id: str
    name: str  # "" while it is being deleted
    quota_bytes: int | None
    objects: int
    bytes: int
    roles: tuple[RoleUse, ...]  # the largest first


class Holdings:
    """The use cases around the room that is taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_workspace(self, workspaces: Collection[str] | None = None) -> tuple[WorkspaceUse, ...]:
        """What each workspace holds, the largest first; HLS and DASH count files that they share twice."""
        with self._database.read() as session:
            rows = holdings(session, workspaces)
            there = {row.id: row for row in list_workspaces(session)}
        ids = {row.workspace_id for row in rows} | {
            workspace_id for workspace_id in there if workspaces is None or workspace_id in workspaces
        }
        found = []
        for workspace_id in ids:
            mine = [row for row in rows if row.workspace_id == workspace_id]
            roles = [RoleUse(role=row.role, objects=row.objects, bytes=row.bytes) for row in mine]
            known = there.get(workspace_id)
            found.append(
                WorkspaceUse(
                    id=workspace_id,
                    name=known.name if known else "",
                    quota_bytes=known.quota_bytes if known else None,
                    objects=sum(role.objects for role in roles),
                    bytes=sum(role.bytes for role in roles),
                    roles=tuple(sorted(roles, key=lambda role: (-role.bytes, role.role))),
                )
            )
        return tuple(sorted(found, key=lambda one: (-one.bytes, one.name, one.id)))
