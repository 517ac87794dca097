"""The courier: sends webhooks what they are to be told, until it is there or a day has passed.

Any number of couriers may run. Who sends a message has claimed it before: its
next time lies in the future then, so that another one sends it where this
process dies. So each message is sent at least once, and its id tells receivers
what they have already.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from framemill.domain.webhooks import TEST_EVENT, DeliveryState, Outcome, next_try, rest
from framemill.errors import Cancelled, DeliveryNotFound, FramemillError, InvalidSettings, WebhookNotFound
from framemill.fetch.addresses import label_of
from framemill.fetch.posting import Poster, Reply
from framemill.services.webhook_notes import note
from framemill.services.webhook_records import message_id
from framemill.services.webhook_secrets import Sealed, signed
from framemill.services.webhooks import turn_off
from framemill.store import webhooks as rows
from framemill.store.database import Database
from framemill.store.webhook_tables import Delivery, DeliveryAttempt, Webhook
from framemill.store.workers import audit
from framemill.telemetry.log import get_log

log = get_log(__name__)

EVERY_S: Final = 1.0
_IDLE_S: Final = 5.0  # where nobody is to be told anything
_AT_ONCE: Final = 16
_EACH: Final = 4  # messages to one webhook at a time
_HELD: Final = timedelta(minutes=2)  # longer than any attempt
_GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A message that this courier alone sends now."""

    id: str
    webhook_id: str
    attempt: int
    url: str
    body: str
    keys: tuple[str, ...]  # sealed


class Courier:
    """Tells webhooks what they are to be told."""

    def __init__(
        self,
        database: Database,
        *,
        poster: Poster,
        sealed: Callable[[], Sealed],
        spread: Callable[[], float],
        patience: timedelta = timedelta(days=3),
    ) -> None:
        self._database = database
        self._poster = poster
        self._sealed = sealed
        self._spread = spread
        self._patience = patience  # with a webhook that fails all the time
        self._flying: Counter[str] = Counter()  # messages on their way, by webhook
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._over = threading.Event()
        self.awake = threading.Event()  # there may be more to do

    def round(self) -> float:
        """Write down what happened, begin to send what is due; seconds until the next look."""
        self.awake.clear()
        with self._database.read() as session:
            hooks = rows.listening(session)
        if not hooks:
            return _IDLE_S
        more = note(self._database)
        for letter in self._claim_due():
            self._begin(letter)
        return 0.0 if more else EVERY_S

    def send(self, delivery_id: str) -> None:
        """Send one message now, whatever else waits; DeliveryNotFound where it is no more."""
        with self._database.write() as session:
            row = rows.find_delivery(session, delivery_id, lock=True)
            letter = self._claimed(session, row, now=self._database.now(session))
        self._send(letter)

    def wait(self) -> None:
        """Wait until nothing is on its way."""
        while True:
            with self._lock:
                if not self._flying:
                    return
            self.awake.wait(EVERY_S)
            self.awake.clear()

    def close(self) -> None:
        """Break off what is on its way, for another one to send it. No round may follow."""
        self._over.set()
        if self._threads is not None:
            self._threads.shutdown()

    def _claim_due(self) -> list[_Letter]:
        with self._lock:
            taken = dict(self._flying)
        room = _AT_ONCE - sum(taken.values())
        with self._database.read() as session:
            if room <= 0 or not rows.any_due(session, now=self._database.now(session)):
                return []
        with self._database.write() as session:
            now = self._database.now(session)
            found = rows.due(session, now=now, taken=taken, each=_EACH, most=room)
            return [self._claimed(session, row, now=now) for row in found]

    def _claimed(self, session: Session, row: Delivery, *, now: datetime) -> _Letter:
        hook = rows.find_webhook(session, row.webhook_id)
        row.attempts += 1
        row.next_at = now + _HELD
        old = hook.old_secret_until is not None and hook.old_secret_until > now and hook.old_secret
        return _Letter(
            id=row.id,
            webhook_id=hook.id,
            attempt=row.attempts,
            url=hook.url,
            body=row.body,
            keys=(hook.secret, old) if old else (hook.secret,),
        )

    def _begin(self, letter: _Letter) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")
        with self._lock:
            self._flying[letter.webhook_id] += 1
        self._threads.submit(self._fly, letter)

    def _fly(self, letter: _Letter) -> None:
        try:
            self._send(letter)
        except FramemillError as error:
            # It is still claimed, and its time comes again.
            log.warning("webhook.unfinished", delivery_id=letter.id, code=error.code, reason=error.message)
        finally:
            with self._lock:
                self._flying[letter.webhook_id] -= 1
                self._flying += Counter()  # forgets those with none
            self.awake.set()

    def _send(self, letter: _Letter) -> None:
        with self._database.read() as session:
            now = self._database.now(session)
        began = time.monotonic()
        try:
            keys = [self._sealed().open(key, owner=letter.webhook_id) for key in letter.keys]
            headers = signed(keys, message_id=message_id(letter.id), body=letter.body, now=now)
            headers["Content-Type"] = "application/json"
            body = letter.body.encode()
            reply = self._poster.post(letter.url, body, headers=headers, stopped=self._over.is_set)
        except InvalidSettings as error:
            reply = Reply(error=str(error))
        except Cancelled:
            self._give_back(letter)
            return
        self._finish(letter, reply, latency_ms=round(1000 * (time.monotonic() - began)))

    def _give_back(self, letter: _Letter) -> None:
        with self._database.write() as session:
            row = rows.find_delivery(session, letter.id, lock=True)
            if row.attempts == letter.attempt:
                row.next_at = self._database.now(session)

    def _finish(self, letter: _Letter, reply: Reply, *, latency_ms: int) -> None:
        outcome = _outcome(reply)
        off = None
        with self._database.write(durable=True) as session:
            try:
                hook = rows.find_webhook(session, letter.webhook_id, lock=True)
                row = rows.find_delivery(session, letter.id, lock=True)
            except (WebhookNotFound, DeliveryNotFound):
                return  # removed meanwhile
            now = self._database.now(session)
            session.add(
                DeliveryAttempt(
                    delivery_id=row.id,
                    at=now,
                    outcome=outcome,
                    status=reply.status,
                    latency_ms=latency_ms,
                    excerpt=reply.excerpt,
                    error=reply.error,
                )
            )
            if row.attempts == letter.attempt and row.state == DeliveryState.PENDING:
                self._settle(row, reply, now=now)
            if row.type != TEST_EVENT or reply.good:
                off = self._judge(session, hook, reply, now=now)
        url = label_of(letter.url)
        facts = {
            "webhook_id": letter.webhook_id,
            "delivery_id": letter.id,
            "to": url,
            "outcome": str(outcome),
        }
        log.info("webhook.sent", **facts, status=reply.status, attempt=letter.attempt, latency_ms=latency_ms)
        if off is not None:
            log.warning("webhook.disabled", webhook_id=letter.webhook_id, to=url, reason=off)

    def _settle(self, row: Delivery, reply: Reply, *, now: datetime) -> None:
        """What becomes of the message."""
        if reply.good:
            row.state, row.next_at, row.ended_at = DeliveryState.DELIVERED, None, now
            return
        wait = None
        if row.type != TEST_EVENT and reply.status != _GONE:
            age = now - row.tried_since
            attempt = row.attempts - row.attempts_before
            wait = next_try(attempt, age=age, asked_s=reply.asked_s, spread=self._spread)
        if wait is None:
            row.state, row.next_at, row.ended_at = DeliveryState.FAILED, None, now
        else:
            row.next_at = now + wait

    def _judge(self, session: Session, hook: Webhook, reply: Reply, *, now: datetime) -> str | None:
        """What becomes of the webhook; why it is turned off, if it is."""
        if reply.good:
            if hook.failures:
                hook.failures, hook.failing_since, hook.rests_until = 0, None, None
            return None
        hook.failures += 1
        hook.failing_since = hook.failing_since or now
        hook.rests_until = now + rest(hook.failures)
        because = None
        if reply.status == _GONE:
            because = "the receiver said that it is gone (HTTP 410)"
        elif now - hook.failing_since >= self._patience:
            because = f"nothing arrived since {hook.failing_since:%Y-%m-%d %H:%M} UTC"
        if because is None or hook.disabled_at is not None:
            return None
        turn_off(session, hook, because=because, now=now)
        data = {"workspace": hook.workspace_id, "reason": because}
        subject = f"webhook:{hook.id}"
        audit(session, at=now, actor="courier", action="webhook.disabled", subject=subject, data=data)
        return because


def _outcome(reply: Reply) -> Outcome:
    if reply.good:
        return Outcome.DELIVERED
    if reply.status is not None:
        return Outcome.REFUSED
    return Outcome.FORBIDDEN if reply.forbidden else Outcome.UNREACHABLE
