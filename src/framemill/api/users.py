"""`/users`: people, for admins of the installation; and `/workspaces/{workspace}/members`."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from framemill.api import workspaces
from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.editing import IfUnchanged, Showing
from framemill.api.pages import Page, Wanted, cursor_after
from framemill.api.repeating import creates
from framemill.api.texts import changes_like
from framemill.domain.access import Role
from framemill.services.members import MemberRecord
from framemill.services.passwords import LEAST, MOST
from framemill.services.users import LONGEST_NAME, UserChanges, UserRecord

router = APIRouter()
_Admin = Annotated[Caller, may(Action.USERS_MANAGE)]
_Manager = Annotated[Caller, may(Action.MEMBERS_MANAGE)]
_User = Annotated[str, Path(max_length=64, description="The user's name or id.")]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UserView(_View):
    """A person, without their password."""

    id: str
    name: str
    admin: bool
    disabled: bool
    has_password: bool
    created_at: datetime
    signed_in_at: datetime | None

    @classmethod
    def of(cls, record: UserRecord) -> "UserView":
        """The record for a client."""
        return cls.model_validate(record)


class NewUser(_Wish):
    """A user to be."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "ann", "password": "a long sentence of hers"}]}
    )

    name: str = Field(
        max_length=LONGEST_NAME,
        description="Small letters, digits, and . _ @ + -",
        examples=["ann"],
        json_schema_extra={"pattern": "^[A-Za-z0-9][A-Za-z0-9._@+-]*$"},
    )
    password: Annotated[SecretStr, Field(min_length=LEAST, max_length=MOST)] | None = Field(
        None, description="Without one nobody can sign in yet."
    )
    admin: bool = False


class UserEdit(_Wish):
    """What is to change of a user; what is left away stays."""

    model_config = ConfigDict(json_schema_extra=changes_like({"disabled": True}))

    admin: bool = False
    disabled: bool = Field(False, description="Ends all sessions, and keys do nothing until it is undone.")
    password: SecretStr = Field(
        SecretStr(""), min_length=LEAST, max_length=MOST, description="Ends all sessions."
    )


class MemberView(_View):
    """Somebody who may come into a workspace."""

    user_id: str
    name: str
    role: Role
    since: datetime

    @classmethod
    def of(cls, record: MemberRecord) -> "MemberView":
        """The record for a client."""
        return cls.model_validate(record)


class MemberWish(_Wish):
    """As what somebody may come in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "operator"}]})

    role: Role


@router.get("/users", tags=["users"])
def list_all(app: TheApp, _: _Admin, paging: Wanted) -> Page[UserView]:
    """All users, the oldest first."""
    found = app.users.list(after=paging.after, limit=paging.limit + 1)
    shown = found[: paging.limit]
    return Page(
        items=tuple(UserView.of(one) for one in shown),
        next_cursor=cursor_after(shown[-1].id if len(found) > len(shown) else None),
        total=len(app.users.list()) if paging.total else None,
    )


@router.post("/users", status_code=201, tags=["users"])
def create(
    wish: NewUser,
    response: Response,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.USERS_MANAGE)],
) -> UserView:
    """A new user, who is a member of no workspace yet."""
    password = None if wish.password is None else wish.password.get_secret_value()
    record = app.users.create(wish.name, password=password, admin=wish.admin, actor=caller.name)
    response.headers["Location"] = f"/api/v1/users/{record.id}"
    return UserView.of(record)


@router.get("/users/{user}", tags=["users"])
def show(user: _User, app: TheApp, _: _Admin, shown: Showing) -> UserView:
    """One user."""
    record = app.users.get(user)
    return shown(UserView.of(record), "user", record)


@router.patch("/users/{user}", tags=["users"])
def edit(
    user: _User, wish: UserEdit, app: TheApp, caller: _Admin, unchanged: IfUnchanged, shown: Showing
) -> UserView:
    """Change what is given: admin or not, disabled or not, the password."""
    changes: UserChanges = {}
    if "admin" in wish.model_fields_set:
        changes["admin"] = wish.admin
    if "disabled" in wish.model_fields_set:
        changes["disabled"] = wish.disabled
    if "password" in wish.model_fields_set:
        changes["password"] = wish.password.get_secret_value()
    edited = app.users.edit(user, changes, actor=caller.name, check=unchanged("user"))
    return shown(UserView.of(edited), "user", edited)


@router.get("/workspaces/{workspace}/members", tags=["members"])
def list_members(workspace: str, app: TheApp, caller: _Manager) -> Page[MemberView]:
    """A workspace's members, by name."""
    place = workspaces.seen(app, caller, workspace)
    found = [MemberView.of(one) for one in app.members.list(place.id)]
    return Page(items=tuple(found), total=len(found))


@router.put("/workspaces/{workspace}/members/{user}", tags=["members"])
def put_member(workspace: str, user: _User, wish: MemberWish, app: TheApp, caller: _Manager) -> MemberView:
    """Let a user in, or with another role."""
    place = workspaces.seen(app, caller, workspace)
    return MemberView.of(app.members.put(place.id, user, wish.role, actor=caller.name))


@router.delete("/workspaces/{workspace}/members/{user}", status_code=204, tags=["members"])
def remove_member(workspace: str, user: _User, app: TheApp, caller: _Manager) -> None:
    """Let a user in no more, at once."""
    app.members.remove(workspaces.seen(app, caller, workspace).id, user, actor=caller.name)
