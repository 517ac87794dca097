"""`/admin/audit`: what was done, by whom, from where; and all of it as a file."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.moments import Moment
from framemill.services.audit_trail import Format
from framemill.store.auditing import Sought

router = APIRouter(prefix="/admin/audit", tags=["admin"])
_Reader = Annotated[Caller, may(Action.ADMIN_READ)]
_MEDIA = {Format.CSV: "text/csv; charset=utf-8", Format.JSONL: "application/jsonl"}


class EventView(BaseModel):
    """Something that was done."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    at: datetime
    actor: str = Field(description="A user, `key:NAME`, or the part of Framemill that acted by itself.")
    action: str = Field(examples=["job.cancelled"])
    subject: str = Field(examples=["job:0199c0de-0000-7000-8000-000000000000"])
    address: str | None = Field(description="From where; null: on the machine itself, or nobody asked.")
    outcome: str = Field(description="ok, or refused.")
    data: dict[str, Any] | None


class EventPageView(BaseModel):
    """Some of the trail, the newest first."""

    model_config = ConfigDict(frozen=True)

    items: tuple[EventView, ...]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null where there is none.")
    total: int | None = Field(description="How many there are in all, where `total=true` was asked.")


async def _sought(
    actor: Annotated[str | None, Query(max_length=255)] = None,
    action: Annotated[str | None, Query(max_length=64, description="Such as `job.cancelled`.")] = None,
    subject: Annotated[str | None, Query(max_length=255, description="Such as `job:ID`.")] = None,
    outcome: Annotated[str | None, Query(max_length=16, description="ok or refused.")] = None,
    since: Annotated[Moment | None, Query(description="Not before this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Not after this one.")] = None,
) -> Sought:
    return Sought(actor=actor, action=action, subject=subject, outcome=outcome, since=since, until=until)


_Sought = Annotated[Sought, Depends(_sought)]


@router.get("")
def list_audit(
    app: TheApp,
    _: _Reader,
    sought: _Sought,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
    cursor: Annotated[
        str | None,
        Query(max_length=19, pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before."),
    ] = None,
    total: Annotated[bool, Query(description="Also count them all.")] = False,
) -> EventPageView:
    """What was done, the newest first."""
    page = app.audit_trail.page(sought, before=None if cursor is None else int(cursor), limit=limit)
    return EventPageView(
        items=tuple(EventView.model_validate(event) for event in page.events),
        next_cursor=None if page.next is None else str(page.next),
        total=app.audit_trail.count(sought) if total else None,
    )


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {kind: {"schema": {"type": "string"}} for kind in ("text/csv", "application/jsonl")},
            "description": "The trail.",
        }
    },
)
def export_audit(
    app: TheApp,
    caller: _Reader,
    sought: _Sought,
    form: Annotated[Format, Query(alias="format", description="How it is written.")] = Format.JSONL,
) -> StreamingResponse:
    """All that is sought as one file, the newest first; reading it is written down too."""
    pieces = app.audit_trail.export(sought, form, actor=caller.name)
    return StreamingResponse(
        pieces,
        media_type=_MEDIA[form],
        headers={"Content-Disposition": f'attachment; filename="audit.{form}"', "Cache-Control": "no-store"},
    )
