"""`/workspaces/{workspace}/webhooks`: addresses that are told what becomes of jobs, and how that went."""

import json
import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from framemill.api.dependencies import Action, Caller, TheApp, may
from framemill.api.editing import IfUnchanged, Showing
from framemill.api.pages import Page, Wanted, cursor_after
from framemill.api.repeating import Answers, creates
from framemill.api.texts import changes_like
from framemill.api.workspaces import seen
from framemill.app import App
from framemill.domain.videos import LINE_OR_NOTHING
from framemill.domain.webhooks import EVENTS, USUAL_EVENTS, DeliveryState, Outcome
from framemill.services.webhook_records import DeliveryRecord, NewWebhook, WebhookRecord
from framemill.services.webhooks import WebhookChanges

router = APIRouter(prefix="/workspaces/{workspace}/webhooks", tags=["webhooks"])
_Manager = Annotated[Caller, may(Action.WEBHOOKS_MANAGE)]
_Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="http or https; a public address, unless the operator allows others.",
        examples=["https://hooks.example.com/framemill"],
    ),
]
_NAMES = "|".join(map(re.escape, EVENTS))
_Events = Annotated[
    tuple[Annotated[str, Field(json_schema_extra={"pattern": f"^({_NAMES})$"})], ...],
    Field(
        min_length=1,
        max_length=40,
        description="What it is told: `job.completed`, `video.ready` and so on.",
        examples=[["job.completed", "job.failed"]],
    ),
]

_Note = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": LINE_OR_NOTHING})]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebhookView(_View):
    """An address that is told things, without its secret."""

    id: str
    workspace_id: str
    url: str
    events: tuple[str, ...]
    note: str
    enabled: bool
    disabled_because: str | None = Field(description="Why nothing is sent; null where something is.")
    failing_since: datetime | None = Field(description="null: the last attempt went well.")
    old_secret_until: datetime | None = Field(
        description="Until then the secret before this one signs too; null: there was none."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, record: WebhookRecord) -> "WebhookView":
        """The record for a client."""
        return cls.model_validate(record)


class NewWebhookView(WebhookView):
    """A webhook as it is seen once."""

    secret: str = Field(description="What its messages are signed with.")

    @classmethod
    def once(cls, new: NewWebhook) -> "NewWebhookView":
        """The record for a client."""
        return cls(**WebhookView.of(new.webhook).model_dump(), secret=new.secret)


class WebhookRequest(_Wish):
    """A webhook to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": "https://hooks.example.com/framemill", "events": ["job.completed", "job.failed"]}
            ]
        }
    )

    url: _Url
    events: _Events = USUAL_EVENTS
    note: _Note = Field("", description="What it is for.")


class WebhookEdit(_Wish):
    """What is to change of a webhook; what is left away stays."""

    model_config = ConfigDict(json_schema_extra=changes_like({"events": ["job.failed"], "enabled": True}))

    url: _Url = ""
    events: _Events = ()
    note: _Note = ""
    enabled: bool = Field(True, description="Turned on again, it is told what happens from then on.")


class AttemptView(_View):
    """One time that a message was sent."""

    at: datetime
    outcome: Outcome
    status: int | None = Field(description="HTTP's; null: there was no answer.")
    latency_ms: int
    excerpt: str = Field(description="How the answer begins.")
    error: str | None = Field(description="Why there was none.")


class DeliveryView(_View):
    """One message."""

    id: str
    webhook_id: str
    message_id: str = Field(description="The header webhook-id: the same however often it is sent.")
    type: str = Field(examples=["job.completed"])
    state: DeliveryState
    created_at: datetime
    next_at: datetime | None = Field(description="When it is sent next; null: not any more.")
    ended_at: datetime | None
    attempts: tuple[AttemptView, ...]
    payload: dict[str, Any] = Field(description="What is sent.")

    @classmethod
    def of(cls, record: DeliveryRecord) -> "DeliveryView":
        """The record for a client."""
        return cls(
            id=record.id,
            webhook_id=record.webhook_id,
            message_id=record.message_id,
            type=record.type,
            state=record.state,
            created_at=record.created_at,
            next_at=record.next_at,
            ended_at=record.ended_at,
            attempts=tuple(AttemptView.model_validate(one) for one in record.attempts),
            payload=json.loads(record.body),
        )


@router.get("")
def list_all(workspace: str, app: TheApp, caller: _Manager) -> Page[WebhookView]:
    """A workspace's webhooks, the oldest first."""
    found = [WebhookView.of(one) for one in app.webhooks.list(seen(app, caller, workspace).id)]
    return Page(items=tuple(found), total=len(found))


@router.post("", status_code=201)
def create(
    workspace: str,
    wish: WebhookRequest,
    response: Response,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.WEBHOOKS_MANAGE, Answers.SHOWN_ONCE)],
) -> NewWebhookView:
    """Tell an address what happens from now on; the secret that signs is shown this once."""
    place = seen(app, caller, workspace)
    new = app.webhooks.create(place.id, wish.url, events=wish.events, note=wish.note, actor=caller.name)
    response.headers["Location"] = f"/api/v1/workspaces/{place.id}/webhooks/{new.webhook.id}"
    return NewWebhookView.once(new)


@router.get("/{webhook_id}")
def show(workspace: str, webhook_id: str, app: TheApp, caller: _Manager, shown: Showing) -> WebhookView:
    """One webhook."""
    record = _found(app, caller, workspace, webhook_id)
    return shown(WebhookView.of(record), "webhook", record)


@router.patch("/{webhook_id}")
def edit(
    workspace: str,
    webhook_id: str,
    wish: WebhookEdit,
    app: TheApp,
    caller: _Manager,
    unchanged: IfUnchanged,
    shown: Showing,
) -> WebhookView:
    """Change what is given; turn it off, or on again."""
    record = _found(app, caller, workspace, webhook_id)
    changes: WebhookChanges = wish.model_dump(include=wish.model_fields_set)  # type: ignore[assignment]  # the same fields
    edited = app.webhooks.edit(record.id, changes, actor=caller.name, check=unchanged("webhook"))
    return shown(WebhookView.of(edited), "webhook", edited)


@router.delete("/{webhook_id}", status_code=204)
def delete(workspace: str, webhook_id: str, app: TheApp, caller: _Manager) -> None:
    """Tell it nothing more, and forget what it was told."""
    app.webhooks.delete(_found(app, caller, workspace, webhook_id).id, actor=caller.name)


@router.post("/{webhook_id}/secret")
def rotate_secret(
    workspace: str,
    webhook_id: str,
    app: TheApp,
    caller: Annotated[Caller, creates(Action.WEBHOOKS_MANAGE, Answers.SHOWN_ONCE)],
) -> NewWebhookView:
    """A new secret, shown this once; messages carry the old one's signature too for a day."""
    record = _found(app, caller, workspace, webhook_id)
    return NewWebhookView.once(app.webhooks.rotate(record.id, actor=caller.name))


@router.post("/{webhook_id}/test")
def test(workspace: str, webhook_id: str, app: TheApp, caller: _Manager) -> DeliveryView:
    """Send it `webhook.test`, once and at once, and say how that went."""
    record = _found(app, caller, workspace, webhook_id)
    return DeliveryView.of(app.webhooks.test(record.id, actor=caller.name))


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    workspace: str,
    webhook_id: str,
    app: TheApp,
    caller: _Manager,
    page: Wanted,
    state: Annotated[DeliveryState | None, Query(description="Only those.")] = None,
) -> Page[DeliveryView]:
    """What it was told, the newest first, with every attempt."""
    record = _found(app, caller, workspace, webhook_id)
    found = app.webhooks.deliveries(record.id, state=state, after=page.after, limit=page.limit + 1)
    shown = found[: page.limit]
    return Page(
        items=tuple(DeliveryView.of(one) for one in shown),
        next_cursor=cursor_after(shown[-1].id if len(found) > page.limit else None),
        total=app.webhooks.count(record.id, state=state) if page.total else None,
    )


@router.get("/{webhook_id}/deliveries/{delivery_id}")
def show_delivery(
    workspace: str, webhook_id: str, delivery_id: str, app: TheApp, caller: _Manager
) -> DeliveryView:
    """One message, with every attempt."""
    record = _found(app, caller, workspace, webhook_id)
    return DeliveryView.of(app.webhooks.delivery(delivery_id, webhook_id=record.id))


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
def redeliver(
    workspace: str, webhook_id: str, delivery_id: str, response: Response, app: TheApp, caller: _Manager
) -> DeliveryView:
    """Send a message again, soon and as it was, for another day if need be."""
    record = _found(app, caller, workspace, webhook_id)
    again = app.webhooks.redeliver(delivery_id, webhook_id=record.id, actor=caller.name)
    there = f"/api/v1/workspaces/{record.workspace_id}/webhooks/{record.id}/deliveries/{again.id}"
    response.headers["Location"] = there
    return DeliveryView.of(again)


def _found(app: App, caller: Caller, workspace: str, webhook_id: str) -> WebhookRecord:
    place = seen(app, caller, workspace)
    return app.webhooks.get(webhook_id, workspace_id=place.id)
