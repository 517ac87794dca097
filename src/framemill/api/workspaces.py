"""`/workspaces` and the collections in them: who may see what, and what is kept together."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.editing import IfUnchanged, Showing
from framemill.api.pages import Page
from framemill.api.repeating import creates
from framemill.api.retention_rules import Rules
from framemill.api.texts import WHOLE, NewCollectionName, NewWorkspaceName, PipelineOfNew, Title, changes_like
from framemill.app import App
from framemill.errors import WorkspaceNotFound
from framemill.services.shelf_records import CollectionRecord, WorkspaceRecord
from framemill.services.workspaces import MOST_BYTES, WorkspaceChanges

router = APIRouter(prefix="/workspaces")
_Reader = Annotated[Caller, may(Action.WORKSPACES_READ)]
_Editor = Annotated[Caller, may(Action.WORKSPACES_EDIT)]
_Manager = Annotated[Caller, may(Action.WORKSPACES_MANAGE)]
_CollectionReader = Annotated[Caller, may(Action.COLLECTIONS_READ)]
_CollectionWriter = Annotated[Caller, may(Action.COLLECTIONS_WRITE)]
_CollectionRemover = Annotated[Caller, may(Action.COLLECTIONS_DELETE)]
# What bounds a workspace is not for those who are bound.
_OF_ADMINS = frozenset({"name", "quota_bytes"})


_Quota = Annotated[int, Field(ge=0, le=MOST_BYTES), WHOLE]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkspaceView(_View):
    """An access boundary, and how much it holds."""

    id: str
    name: str = Field(description="As it stands in addresses and commands.", examples=["main"])
    title: str
    pipeline: str = Field(description="What every new video gets; `none`: it is only kept.")
    quota_bytes: int | None = Field(description="null: no limit.")
    retention: dict[str, Any] | None
    videos: int
    stored_bytes: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, record: WorkspaceRecord) -> "WorkspaceView":
        """The record for a client."""
        return cls.model_validate(record)


class NewWorkspace(_Wish):
    """A workspace to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "harbour", "title": "Harbour cameras", "quota_bytes": 500000000000}]
        }
    )

    name: NewWorkspaceName
    title: Title | None = Field(None, description="Default: the name.")
    pipeline: PipelineOfNew = Field(
        "proxy", description="What every new video gets; `none`: it is only kept."
    )
    quota_bytes: _Quota | None = Field(None, description="null: no limit.")


class WorkspaceEdit(_Wish):
    """What is to change of a workspace; what is left away stays."""

    model_config = ConfigDict(json_schema_extra=changes_like({"title": "Harbour", "quota_bytes": None}))

    name: NewWorkspaceName = ""
    title: Title = ""
    pipeline: PipelineOfNew = ""
    quota_bytes: _Quota | None = Field(None, description="null: no limit.")
    retention: Rules | None = Field(None, description="null: everything is kept.")


class CollectionView(_View):
    """A named group of videos."""

    id: str
    workspace_id: str
    name: str
    videos: int
    stored_bytes: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, record: CollectionRecord) -> "CollectionView":
        """The record for a client."""
        return cls.model_validate(record)


class CollectionName(_Wish):
    """What a collection is to be called."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Pier, north camera"}]})

    name: NewCollectionName


@router.get("", tags=["workspaces"])
def list_all(app: TheApp, caller: _Reader) -> Page[WorkspaceView]:
    """Every workspace that the caller sees, by name."""
    found = [WorkspaceView.of(record) for record in app.workspaces.list() if caller.sees(record.id)]
    return Page(items=tuple(found), total=len(found))


@router.post("", status_code=201, tags=["workspaces"])
def create(
    wish: NewWorkspace,
    response: Response,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.WORKSPACES_MANAGE)],
) -> WorkspaceView:
    """A new workspace."""
    record = app.workspaces.create(
        wish.name,
        title=wish.title,
        pipeline=wish.pipeline,
        quota_bytes=wish.quota_bytes,
        actor=caller.name,
    )
    response.headers["Location"] = f"/api/v1/workspaces/{record.id}"
    return WorkspaceView.of(record)


@router.get("/{workspace}", tags=["workspaces"])
def show(workspace: str, app: TheApp, caller: _Reader, shown: Showing) -> WorkspaceView:
    """One workspace, by its name or id."""
    record = seen(app, caller, workspace)
    return shown(WorkspaceView.of(record), "workspace", record)


@router.patch("/{workspace}", tags=["workspaces"])
def edit(
    workspace: str, wish: WorkspaceEdit, app: TheApp, caller: _Editor, unchanged: IfUnchanged, shown: Showing
) -> WorkspaceView:
    """Change what is given; the name and the quota are for admins."""
    record = seen(app, caller, workspace)
    if wish.model_fields_set & _OF_ADMINS:
        caller.must_be_allowed(Action.WORKSPACES_MANAGE)
    changes: WorkspaceChanges = wish.model_dump(exclude_unset=True)  # type: ignore[assignment]  # the same fields
    edited = app.workspaces.edit(record.id, changes, actor=caller.name, check=unchanged("workspace"))
    return shown(WorkspaceView.of(edited), "workspace", edited)


@router.delete("/{workspace}", status_code=204, tags=["workspaces"])
def delete(workspace: str, app: TheApp, caller: _Manager) -> None:
    """Delete a workspace with everything in it."""
    app.workspaces.delete(seen(app, caller, workspace).id, actor=caller.name)


@router.get("/{workspace}/collections", tags=["collections"])
def list_collections(workspace: str, app: TheApp, caller: _CollectionReader) -> Page[CollectionView]:
    """A workspace's collections, by name."""
    found = [CollectionView.of(one) for one in app.collections.list(seen(app, caller, workspace).id)]
    return Page(items=tuple(found), total=len(found))


@router.post("/{workspace}/collections", status_code=201, tags=["collections"])
def create_collection(
    workspace: str,
    wish: CollectionName,
    response: Response,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.COLLECTIONS_WRITE)],
) -> CollectionView:
    """A new collection."""
    place = seen(app, caller, workspace)
    record = app.collections.create(place.id, wish.name, actor=caller.name)
    response.headers["Location"] = f"/api/v1/workspaces/{place.id}/collections/{record.id}"
    return CollectionView.of(record)


@router.get("/{workspace}/collections/{collection}", tags=["collections"])
def show_collection(
    workspace: str, collection: str, app: TheApp, caller: _CollectionReader, shown: Showing
) -> CollectionView:
    """One collection, by its name or id."""
    record = app.collections.get(seen(app, caller, workspace).id, collection)
    return shown(CollectionView.of(record), "collection", record)


@router.patch("/{workspace}/collections/{collection}", tags=["collections"])
def rename_collection(
    workspace: str,
    collection: str,
    wish: CollectionName,
    app: TheApp,
    caller: _CollectionWriter,
    unchanged: IfUnchanged,
    shown: Showing,
) -> CollectionView:
    """Give a collection another name."""
    place = seen(app, caller, workspace)
    renamed = app.collections.rename(
        place.id, collection, wish.name, actor=caller.name, check=unchanged("collection")
    )
    return shown(CollectionView.of(renamed), "collection", renamed)


@router.delete("/{workspace}/collections/{collection}", status_code=204, tags=["collections"])
def delete_collection(workspace: str, collection: str, app: TheApp, caller: _CollectionRemover) -> None:
    """Delete a collection with every video in it."""
    app.collections.delete(seen(app, caller, workspace).id, collection, actor=caller.name)


def seen(app: App, caller: Caller, workspace: str) -> WorkspaceRecord:
    """The workspace of this name or id; WorkspaceNotFound also where it does not exist for the caller."""
    record = app.workspaces.get(workspace)
    caller.must_see(record.id, else_=WorkspaceNotFound(workspace))
    return record
