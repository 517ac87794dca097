"""Reading and locking webhooks and what is to be told to them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, delete, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from framemill.domain.videos import is_id
from framemill.domain.webhooks import DeliveryState
from framemill.errors import DeliveryNotFound, WebhookNotFound
from framemill.store.video_tables import Workspace
from framemill.store.webhook_tables import Delivery, DeliveryAttempt, Webhook


def find_webhook(
    session: Session, webhook_id: str, *, workspace_id: str | None = None, lock: bool = False
) -> Webhook:
    """The webhook of that workspace, or of any; WebhookNotFound."""
    query = _standing().where(Webhook.id == _id(webhook_id))
    if workspace_id is not None:
        query = query.where(Webhook.workspace_id == workspace_id)
    found = session.scalars(query.with_for_update(of=Webhook) if lock else query).one_or_none()
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found


def webhooks_of(session: Session, workspace_id: str | None = None) -> list[Webhook]:
    """A workspace's, or everybody's; the oldest first."""
    query = _standing().order_by(Webhook.id)
    if workspace_id is not None:
        query = query.where(Webhook.workspace_id == workspace_id)
    return list(session.scalars(query))


def listening(session: Session, *, lock: bool = False) -> list[Webhook]:
    """Those that are told things; locked, without those that another process is at."""
    query = _standing().where(Webhook.disabled_at.is_(None)).order_by(Webhook.id)
    return list(session.scalars(query.with_for_update(of=Webhook, skip_locked=True) if lock else query))


def any_due(session: Session, *, now: datetime) -> bool:
    """Whether anything is to be sent now."""
    return session.scalars(_ready(now).limit(1)).first() is not None


def due(session: Session, *, now: datetime, taken: Mapping[str, int], each: int, most: int) -> list[Delivery]:
    """What is to be sent now, locked: of each webhook the `each` that wait longest, less what is `taken`.

    Of one that fails only one: whether it is well again shows with that.
    """
    found: list[Delivery] = []
    for hook in session.scalars(_ready(now).order_by(Webhook.rests_until, Webhook.id)).all():
        room = min((1 if hook.failures else each) - taken.get(hook.id, 0), most - len(found))
        if room > 0:
            query = (
                select(Delivery)
                .where(*_due(now), Delivery.webhook_id == hook.id)
                .order_by(Delivery.next_at, Delivery.id)
                .limit(room)
                .with_for_update(skip_locked=True)
            )
            found += session.scalars(query)
    return found


def find_delivery(
    session: Session, delivery_id: str, *, webhook_id: str | None = None, lock: bool = False
) -> Delivery:
    """The message, to that webhook or any; DeliveryNotFound."""
    query = select(Delivery).where(Delivery.id == _id(delivery_id))
    if webhook_id is not None:
        query = query.where(Delivery.webhook_id == webhook_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise DeliveryNotFound(delivery_id)
    return found


def deliveries_of(
    session: Session, webhook_id: str, *, state: str | None, after: str | None, limit: int
) -> Sequence[Delivery]:
    """A webhook's messages, the newest first."""
    query = _of(webhook_id, state).order_by(Delivery.id.desc()).limit(limit)
    return session.scalars(query if after is None else query.where(Delivery.id < after)).all()


def count_deliveries(session: Session, webhook_id: str, *, state: str | None) -> int:
    """How many there are."""
    return session.scalars(select(func.count()).select_from(_of(webhook_id, state).subquery())).one()


def attempts_of(session: Session, delivery_ids: Iterable[str]) -> dict[str, list[DeliveryAttempt]]:
    """How each time went that these were sent, in order."""
    wanted = list(delivery_ids)
    found: dict[str, list[DeliveryAttempt]] = {one: [] for one in wanted}
    query = (
        select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(wanted)).order_by(DeliveryAttempt.id)
    )
    for row in session.scalars(query):
        found[row.delivery_id].append(row)
    return found


def delete_deliveries(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Forget messages that are older and over; returns how many."""
    old = (
        select(Delivery.id)
        .where(Delivery.created_at < before, Delivery.state != DeliveryState.PENDING)
        .order_by(Delivery.created_at)
        .limit(limit)
    )
    gone = session.scalars(
        delete(Delivery)
        .where(Delivery.id.in_(old.scalar_subquery()))
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def _standing() -> Select[Webhook]:
    """Those whose workspace is not being deleted."""
    return select(Webhook).join(Workspace).where(Workspace.deleting_at.is_(None))


def _ready(now: datetime) -> Select[Webhook]:
    return _standing().where(
        Webhook.disabled_at.is_(None),
        or_(Webhook.rests_until.is_(None), Webhook.rests_until <= now),
        exists().where(*_due(now), Delivery.webhook_id == Webhook.id),
    )


def _of(webhook_id: str, state: str | None) -> Select[Delivery]:
    query = select(Delivery).where(Delivery.webhook_id == webhook_id)
    return query if state is None else query.where(Delivery.state == state)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # Said in the query's text, or SQLite would not see that the index of just these rows answers it.
    pending = Delivery.state == literal_column(f"'{DeliveryState.PENDING}'", String)
    return (pending, Delivery.next_at <= now)


def _id(text: str) -> str:
    # What is no id is nobody's.
    return str(UUID(text)) if is_id(text) else str(UUID(int=0))
