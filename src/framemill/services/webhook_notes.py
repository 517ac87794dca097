"""From the log of events to messages: each event becomes one message for each webhook that wants it.

A webhook's cursor goes on in the transaction that writes its messages, so
nothing is missed and nothing is written twice, whichever process dies when.
Sending is `services.courier`'s.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from framemill.domain.webhooks import DeliveryState
from framemill.services.webhook_messages import kind_of, of_event
from framemill.store.database import Database
from framemill.store.event_tables import JobEvent
from framemill.store.events import events_after, settle, span
from framemill.store.jobs import new_id
from framemill.store.tables import Job
from framemill.store.video_tables import Video, Workspace
from framemill.store.webhook_tables import Delivery, Webhook
from framemill.store.webhooks import listening

_PAGE: Final = 500


def note(database: Database) -> bool:
    """Write down what happened since the last time; True where there is more.

    Any number of processes may do so at once.
    """
    settle(database)
    with database.read() as session:
        newest = span(session)[1]
        if all(hook.cursor >= newest for hook in listening(session)):
            return False
    with database.write(durable=True) as session:
        hooks = listening(session, lock=True)
        if not hooks:
            return False  # somebody else is at it
        events = events_after(session, min(hook.cursor for hook in hooks), limit=_PAGE)
        if events:
            _write_down(session, hooks, events, now=database.now(session))
    return len(events) == _PAGE


def _write_down(
    session: Session, hooks: Sequence[Webhook], events: Sequence[JobEvent], *, now: datetime
) -> None:
    """A message for each webhook and event that belong together; cursors go on with the same commit."""
    places = {hook.workspace_id for hook in hooks}
    query = select(Workspace.id, Workspace.name).where(Workspace.id.in_(places))
    names = dict(session.execute(query).all())
    near = [event for event in events if event.workspace_id in places]
    jobs = session.scalars(select(Job).where(Job.id.in_({event.job_id for event in near} - {None})))
    videos = session.scalars(select(Video).where(Video.id.in_({event.video_id for event in near} - {None})))
    about: dict[str | None, Job | Video] = {row.id: row for row in (*jobs, *videos)}
    for hook in hooks:
        for event in near:
            kind = kind_of(event)
            mine = event.workspace_id == hook.workspace_id and event.id > hook.cursor
            if mine and kind in hook.events:
                body = of_event(
                    event, about.get(event.job_id or event.video_id), workspace=names[hook.workspace_id]
                )
                session.add(
                    Delivery(
                        id=new_id(),
                        webhook_id=hook.id,
                        event_id=event.id,
                        type=kind,
                        body=body,
                        state=DeliveryState.PENDING,
                        next_at=now,
                        created_at=now,
                        tried_since=now,
                    )
                )
        hook.cursor = max(hook.cursor, events[-1].id)
