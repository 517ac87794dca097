"""Webhooks: who is told what becomes of a workspace's jobs, and the record of what was told.

Sending is the courier's (`services.courier`).
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict

from sqlalchemy import update
from sqlalchemy.orm import Session

from framemill.domain.videos import LINE_OR_NOTHING
from framemill.domain.webhooks import TEST_EVENT, USUAL_EVENTS, DeliveryState, checked_events
from framemill.errors import IllegalTransition, InvalidSpec, LimitExceeded
from framemill.services.webhook_messages import of_test
from framemill.services.webhook_records import DeliveryRecord, NewWebhook, WebhookRecord
from framemill.services.webhook_secrets import Sealed, new_secret
from framemill.store import webhooks as rows
from framemill.store.database import Database
from framemill.store.events import settle, span
from framemill.store.jobs import new_id
from framemill.store.shelves import find_workspace
from framemill.store.webhook_tables import Delivery, Webhook
from framemill.store.workers import audit

MOST: Final = 50  # webhooks of a workspace
OVERLAP: Final = timedelta(days=1)  # as long a replaced secret signs too
BY_HAND: Final = "it was turned off"
_FORGOTTEN_AT_ONCE: Final = 1000
_LONGEST_NOTE: Final = 200


class WebhookChanges(TypedDict, total=False):
    """What may be changed of a webhook; what is not given stays."""

    url: str
    events: Sequence[str]
    note: str
    enabled: bool


class Webhooks:
    """The use cases around webhooks."""

    def __init__(
        self,
        database: Database,
        *,
        judge: Callable[[str], object],
        sealed: Callable[[], Sealed],
        send: Callable[[str], object],
        keep: timedelta = timedelta(days=14),
    ) -> None:
        self._database = database
        self._judge = judge  # raises AddressRefused for what nothing could be sent to
        self._sealed = sealed
        self._send = send  # sends one message at once
        self._keep = keep

    def create(
        self,
        workspace: str,
        url: str,
        *,
        events: Sequence[str] = USUAL_EVENTS,
        note: str = "",
        actor: str = "",
    ) -> NewWebhook:
        """Tell `url` what happens from now on; its secret is shown this once.

        Raises WorkspaceNotFound, AddressRefused, InvalidSpec, and
        LimitExceeded where the workspace has too many.
        """
        self._judge(url)
        wanted, secret = checked_events(events), new_secret()
        settle(self._database)
        with self._database.write(durable=True) as session:
            # Locked, so that two at once cannot both be the last that there is room for.
            place, now = find_workspace(session, workspace, lock=True), self._database.now(session)
            if len(rows.webhooks_of(session, place.id)) >= MOST:
                raise LimitExceeded(
                    f"the workspace has {MOST} webhooks", hint="remove one that is not needed"
                )
            row = Webhook(
                id=new_id(),
                workspace_id=place.id,
                url=url,
                events=wanted,
                note=_checked_note(note),
                cursor=span(session)[1],
                created_at=now,
                updated_at=now,
            )
            row.secret = self._sealed().seal(secret, owner=row.id)
            session.add(row)
            _audit(session, row, now=now, actor=actor, action="created", data={"events": wanted})
            session.flush()
            return NewWebhook(webhook=WebhookRecord.of(row), secret=secret)

    def list(self, workspace: str | None = None) -> tuple[WebhookRecord, ...]:
        """A workspace's webhooks, or all; the oldest first. WorkspaceNotFound."""
        with self._database.read() as session:
            place = None if workspace is None else find_workspace(session, workspace).id
            return tuple(WebhookRecord.of(row) for row in rows.webhooks_of(session, place))

    def get(self, webhook_id: str, *, workspace_id: str | None = None) -> WebhookRecord:
        """One of them; WebhookNotFound."""
        with self._database.read() as session:
            return WebhookRecord.of(rows.find_webhook(session, webhook_id, workspace_id=workspace_id))

    def edit(
        self,
        webhook_id: str,
        changes: WebhookChanges,
        *,
        actor: str = "",
        check: Callable[[WebhookRecord], None] = lambda _: None,
    ) -> WebhookRecord:
        """Change what is given. WebhookNotFound, AddressRefused, InvalidSpec.

        One that is turned on again hears of what happens from then on.
        """
        if "url" in changes:
            self._judge(changes["url"])
        settle(self._database)
        with self._database.write(durable=True) as session:
            row, now = rows.find_webhook(session, webhook_id, lock=True), self._database.now(session)
            check(WebhookRecord.of(row))
            row.url = changes.get("url", row.url)
            row.note = _checked_note(changes.get("note", row.note))
            row.events = checked_events(changes.get("events", row.events))
            if "enabled" in changes and changes["enabled"] != (row.disabled_at is None):
                if changes["enabled"]:
                    _turn_on(session, row)
                else:
                    turn_off(session, row, because=BY_HAND, now=now)
            row.updated_at = now
            # Addresses may hold secrets of their own.
            told = {name: value for name, value in changes.items() if name != "url"}
            _audit(session, row, now=now, actor=actor, action="changed", data=told | _named(changes))
            return WebhookRecord.of(row)

    def delete(self, webhook_id: str, *, actor: str = "") -> None:
        """Tell it nothing more, and forget what it was told; WebhookNotFound."""
        with self._database.write(durable=True) as session:
            row, now = rows.find_webhook(session, webhook_id, lock=True), self._database.now(session)
            _audit(session, row, now=now, actor=actor, action="deleted")
            session.delete(row)

    def rotate(self, webhook_id: str, *, actor: str = "") -> NewWebhook:
        """Give it a new secret, shown this once; the old one signs too for a day. WebhookNotFound."""
        secret = new_secret()
        with self._database.write(durable=True) as session:
            row, now = rows.find_webhook(session, webhook_id, lock=True), self._database.now(session)
            row.old_secret, row.old_secret_until = row.secret, now + OVERLAP
            row.secret = self._sealed().seal(secret, owner=row.id)
            row.updated_at = now
            _audit(session, row, now=now, actor=actor, action="secret_replaced")
            return NewWebhook(webhook=WebhookRecord.of(row), secret=secret)

    def test(self, webhook_id: str, *, actor: str = "") -> DeliveryRecord:
        """Send it a message that means nothing, once and at once; says how that went. WebhookNotFound."""
        with self._database.write(durable=True) as session:
            row, now = rows.find_webhook(session, webhook_id), self._database.now(session)
            message = Delivery(
                id=new_id(),
                webhook_id=row.id,
                type=TEST_EVENT,
                body=of_test(row, now=now),
                state=DeliveryState.PENDING,
                created_at=now,
                tried_since=now,
            )
            session.add(message)
            _audit(session, row, now=now, actor=actor, action="tested")
        self._send(message.id)
        return self.delivery(message.id)

    def deliveries(
        self,
        webhook_id: str,
        *,
        state: DeliveryState | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> tuple[DeliveryRecord, ...]:
        """What it was told, the newest first, from behind `after`; WebhookNotFound."""
        with self._database.read() as session:
            row = rows.find_webhook(session, webhook_id)
            found = rows.deliveries_of(session, row.id, state=state, after=after, limit=limit)
            tries = rows.attempts_of(session, [one.id for one in found])
            return tuple(DeliveryRecord.of(one, tries[one.id]) for one in found)

    def count(self, webhook_id: str, *, state: DeliveryState | None = None) -> int:
        """How many messages there are."""
        with self._database.read() as session:
            return rows.count_deliveries(session, webhook_id, state=state)

    def delivery(self, delivery_id: str, *, webhook_id: str | None = None) -> DeliveryRecord:
        """One message, with every attempt; DeliveryNotFound."""
        with self._database.read() as session:
            row = rows.find_delivery(session, delivery_id, webhook_id=webhook_id)
            return DeliveryRecord.of(row, rows.attempts_of(session, [row.id])[row.id])

    def redeliver(
        self, delivery_id: str, *, webhook_id: str | None = None, actor: str = ""
    ) -> DeliveryRecord:
        """Send a message again, soon and as it was, with another day of attempts.

        Raises DeliveryNotFound, IllegalTransition where its webhook is off.
        """
        with self._database.write(durable=True) as session:
            owner = rows.find_delivery(session, delivery_id, webhook_id=webhook_id).webhook_id
            hook, now = rows.find_webhook(session, owner, lock=True), self._database.now(session)
            if hook.disabled_at is not None:
                raise IllegalTransition("the webhook is off", hint="turn it on first")
            row = rows.find_delivery(session, delivery_id, lock=True)
            row.state, row.ended_at = DeliveryState.PENDING, None
            row.next_at = row.tried_since = now
            row.attempts_before = row.attempts
            hook.rests_until = None
            data = {"delivery": row.id}
            _audit(session, hook, now=now, actor=actor, action="redelivered", data=data)
            tries = rows.attempts_of(session, [row.id])[row.id]
            return DeliveryRecord.of(row, tries)

    def forget(self) -> int:
        """Drop what was told longer ago than it is kept; returns how many messages."""
        gone = 0
        while True:
            with self._database.write() as session:
                before = self._database.now(session) - self._keep
                some = rows.delete_deliveries(session, before=before, limit=_FORGOTTEN_AT_ONCE)
            gone += some
            if some < _FORGOTTEN_AT_ONCE:
                return gone


def turn_off(session: Session, row: Webhook, *, because: str, now: datetime) -> None:
    """Tell a webhook nothing more; what waits for it has failed, and can be sent again later."""
    row.disabled_at, row.disabled_because = now, because[:200]
    session.execute(
        update(Delivery)
        .where(Delivery.webhook_id == row.id, Delivery.state == DeliveryState.PENDING)
        .values(state=DeliveryState.FAILED, next_at=None, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def _turn_on(session: Session, row: Webhook) -> None:
    row.disabled_at = row.disabled_because = row.failing_since = row.rests_until = None
    row.failures, row.cursor = 0, span(session)[1]


def _checked_note(text: str) -> str:
    if len(text) > _LONGEST_NOTE or not re.fullmatch(LINE_OR_NOTHING, text):
        raise InvalidSpec(f"a note has at most {_LONGEST_NOTE} characters on one line")
    return text


def _named(changes: WebhookChanges) -> dict[str, Any]:  # Any: JSON
    return {"url": "changed"} if "url" in changes else {}


def _audit(
    session: Session,
    row: Webhook,
    *,
    now: datetime,
    actor: str,
    action: str,
    data: dict[str, Any] | None = None,  # Any: JSON
) -> None:
    whole = {"workspace": row.workspace_id, **(data or {})}
    audit(session, at=now, actor=actor, action=f"webhook.{action}", subject=f"webhook:{row.id}", data=whole)
