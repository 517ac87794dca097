"""Orders that nobody holds: their jobs are cancelled after the grace time, and what is over is removed.

Any number of watchdogs may run, in any process; the files of an order lie on
the machine that took it in.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from framemill.domain.orders import Next, next_of
from framemill.engine.workspace import remove
from framemill.errors import IllegalTransition, JobNotFound, StorageUnavailable
from framemill.services.orders import Orders
from framemill.store.database import Database
from framemill.store.orders import Left, get_order, unheld

_ACTOR = "orders"  # in the audit trail: nobody asked
_AT_ONCE = 200
# A folder whose order is not known may be another installation's.
_UNKNOWN = timedelta(days=1)


class OrderWatch:
    """Looks after orders that were left."""

    def __init__(self, database: Database, orders: Orders, *, keep: timedelta) -> None:
        self._database = database
        self._orders = orders
        self._keep = keep

    def tidy(self) -> int:
        """One round; returns how many orders were ended or removed."""
        done, after = 0, None
        while True:
            with self._database.read() as session:
                now = self._database.now(session)
                left = unheld(session, now, after=after, limit=_AT_ONCE)
            done += sum(self._tidied(one, now) for one in left)
            if len(left) < _AT_ONCE:
                return done
            after = left[-1].order.held_until

    def sweep(self) -> int:
        """Remove folders on this machine that no order has; returns how many."""
        removed = 0
        for path in self._orders.folder.glob("*-*"):
            with suppress(FileNotFoundError):
                old = datetime.now(UTC) - datetime.fromtimestamp(path.stat().st_mtime, UTC) > _UNKNOWN
                if old and not self._is_known(path.name):
                    remove(path)
                    removed += 1
        return removed

    def _tidied(self, one: Left, now: datetime) -> bool:
        order = one.order
        then = next_of(
            now=now,
            held_until=order.held_until,
            state=one.state,
            busy=one.busy,
            finished_at=one.finished_at,
            detached=order.detached,
            urls=order.results == "urls",
            keep=self._keep,
        )
        # It has just completed; or the store does not answer, and the next round comes.
        with suppress(IllegalTransition, StorageUnavailable):
            if then is Next.CANCEL:
                self._orders.cancel(order.id, actor=_ACTOR)
            elif then is Next.REMOVE:
                self._orders.remove(order.id)
        return then is not Next.STAY

    def _is_known(self, order_id: str) -> bool:
        with self._database.read() as session:
            try:
                get_order(session, order_id)
            except JobNotFound:
                return False
        return True
