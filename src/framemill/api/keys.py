"""`/api-keys`: one's own, for people who are signed in; no key can make or end keys."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.repeating import Answers, creates
from framemill.api.texts import WHOLE
from framemill.domain.access import Scope
from framemill.domain.videos import LINE
from framemill.services.access import KeyRecord

router = APIRouter(prefix="/api-keys", tags=["keys"])
_Person = Annotated[Caller, may(Action.KEYS_MANAGE)]


class KeyView(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    name: str
    prefix: str = Field(description="How it begins.")
    scope: Scope
    user: str | None = Field(description="Whose it is; null: the installation's own.")
    workspace: str | None = Field(
        description="The only workspace that exists for it; null: all that its user sees."
    )
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="To the minute.")

    @classmethod
    def of(cls, record: KeyRecord) -> "KeyView":
        """The record for a client."""
        return cls.model_validate(record)


class NewKeyView(KeyView):
    """A key as it is seen once."""

    secret: str


class KeyRequest(BaseModel):
    """A key to be."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"name": "nightly-upload", "scope": "write", "days": 90}]},
    )

    name: Annotated[str, Field(min_length=1, max_length=60, json_schema_extra={"pattern": LINE})]
    scope: Scope = Scope.WRITE
    workspace: str | None = Field(
        None, max_length=64, description="The workspace's name. Not for the scope `admin`."
    )
    days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = Field(
        None, description="How long it works; null: for ever."
    )


@router.get("")
def list_all(
    app: TheApp,
    caller: _Person,
    everybody: Annotated[bool, Query(description="Not only one's own: for admins.")] = False,
) -> tuple[KeyView, ...]:
    """Keys that were not revoked."""
    if everybody:
        caller.must_be_allowed(Action.USERS_MANAGE)
    found = app.access.list_keys(user_id=None if everybody else caller.user_id)
    return tuple(KeyView.of(key) for key in found)


@router.post("", status_code=201)
def create(
    wish: KeyRequest,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.KEYS_MANAGE, Answers.SHOWN_ONCE)],
) -> NewKeyView:
    """Make a key, which never allows more than its user may; its secret is shown this once."""
    new = app.access.create_key(
        wish.name,
        scope=wish.scope,
        workspace=wish.workspace,
        lifetime=None if wish.days is None else timedelta(days=wish.days),
        owner=caller,
    )
    return NewKeyView(**KeyView.of(new.key).model_dump(), secret=new.secret)


@router.delete("/{key_id}", status_code=204)
def revoke(key_id: str, app: TheApp, caller: _Person) -> None:
    """End a key at once; an admin may end anybody's."""
    anybodys = caller.could(Action.USERS_MANAGE)
    app.access.revoke_key(key_id, user_id=None if anybodys else caller.user_id, actor=caller.name)
