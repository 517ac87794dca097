"""The desk of the job service: one in each process, in the server's loop.

It knows which connection has which order, looks twice a second how far their
jobs are, tells the connections, and sees to orders whose connection was lost.
What is said over a connection is `api.process_conversation`'s.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from contextvars import Context
from datetime import timedelta
from functools import partial
from typing import Final, Protocol, TypeVar

from anyio import CapacityLimiter, to_thread

from framemill.app import App
from framemill.errors import FramemillError, JobNotFound
from framemill.services.orders import Placed
from framemill.store.orders import Look

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_ROUND_S: Final = 0.5
_HOLDS_S: Final = 10.0  # between two notes that orders are held, or half the grace time
_TIDIES_S: Final = 2.0
# Threads of their own: disks take their time, and other endpoints must not wait for them.
_AT_ONCE: Final = 32


class Holder(Protocol):
    """A connection, as the desk sees it. Nothing here waits."""

    def told(self, order_id: str, look: Look) -> None:
        """How far the job of one of its orders is."""

    def taken(self, order_id: str) -> None:
        """Another connection has the order now."""

    def check(self, now: float) -> None:
        """End where it is open for too long or nothing is said; `now` counts as `time.monotonic`."""


class Desk:
    """Who has which order."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._threads = CapacityLimiter(_AT_ONCE)
        self._present: set[Holder] = set()
        self._holders: dict[str, Holder] = {}
        self._ended: set[str] = set()  # of those: not looked at any more
        self._placed: dict[str, Placed] = {}
        self._left: dict[str, float] = {}  # orders without a connection, and until when they may come back
        self._dropped: list[str] = []  # of those: not yet noted
        self._works: set[asyncio.Task[None]] = set()
        self._rounds: asyncio.Task[None] | None = None

    @property
    def held_for(self) -> timedelta:
        """How long an order is held by one note: the grace time, and two notes more."""
        return self.app.orders.grace + 2.5 * self._noted_every

    @property
    def _noted_every(self) -> timedelta:
        return min(timedelta(seconds=_HOLDS_S), self.app.orders.grace / 2)

    async def work(self, act: Callable[[], _T]) -> _T:
        """What `act` returns, from a thread."""
        return await to_thread.run_sync(act, limiter=self._threads)

    def enter(self, holder: Holder) -> None:
        """A connection is there."""
        self._present.add(holder)
        if self._rounds is None or self._rounds.done():
            # In a context of its own: what it does is not asked for by whoever happens to come first.
            self._rounds = asyncio.create_task(self._go_round(), name="desk", context=Context())

    def leave(self, holder: Holder) -> None:
        """A connection has gone: the grace time of its orders begins."""
        self._present.discard(holder)
        until = time.monotonic() + self.app.orders.grace.total_seconds()
        for order_id in [one for one, whose in self._holders.items() if whose is holder]:
            del self._holders[order_id]
            self._left[order_id] = until
            self._dropped.append(order_id)

    def take(self, order_id: str, holder: Holder, placed: Placed | None = None) -> Placed | None:
        """The order is this connection's now; returns it where its files are still coming."""
        before = self._holders.get(order_id)
        if before is not None and before is not holder:
            before.taken(order_id)
        self._holders[order_id] = holder
        self._ended.discard(order_id)
        self._left.pop(order_id, None)
        if order_id in self._dropped:
            self._dropped.remove(order_id)
        if placed is not None:
            self._placed[order_id] = placed
        return self._placed.get(order_id)

    def placed(self, order_id: str) -> Placed | None:
        """The order, where its files are still coming."""
        return self._placed.get(order_id)

    def complete(self, order_id: str) -> None:
        """All files of the order are here, or no more of them will come."""
        placed = self._placed.pop(order_id, None)
        if placed is not None:
            placed.close()

    def background(self, work: Coroutine[None, None, None]) -> None:
        """Do this to its end, whatever becomes of the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._works.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("desk.crashed", exc_info=error)

    def abandon(self, order_id: str) -> None:
        """Nobody wants the order any more: it is removed as soon as its worker has let go of it."""
        self.forget(order_id)
        self._left[order_id] = 0.0

    def forget(self, order_id: str) -> None:
        """The order is over."""
        self.complete(order_id)
        self._holders.pop(order_id, None)
        self._ended.discard(order_id)

    async def _go_round(self) -> None:
        held_at = tidied_at = time.monotonic()
        while self._present or self._holders or self._left or self._dropped:
            await asyncio.sleep(_ROUND_S)
            now = time.monotonic()
            for holder in list(self._present):
                holder.check(now)
            try:
                await self._let_go()
                await self._look()
                if now - held_at >= self._noted_every.total_seconds():
                    held_at = now
                    await self._hold(list(self._holders))
                if self._left and now - tidied_at >= _TIDIES_S:
                    tidied_at = now
                    await self._tidy(now)
            except FramemillError as error:  # the next round may do better
                log.warning("desk.failed code=%s: %s", error.code, error)
            except Exception as error:
                log.error("desk.crashed", exc_info=error)

    async def _let_go(self) -> None:
        some, self._dropped = self._dropped, []
        if some:
            try:
                await self.work(lambda: self.app.orders.let_go(some))
            except FramemillError:
                self._dropped += some
                raise

    async def _look(self) -> None:
        wanted = [one for one in self._holders if one not in self._placed and one not in self._ended]
        if not wanted:
            return
        found = await self.work(lambda: self.app.orders.look(wanted))
        for order_id, look in found.items():
            holder = self._holders.get(order_id)
            if holder is not None and order_id not in self._ended:
                if look.state.ended:
                    self._ended.add(order_id)
                holder.told(order_id, look)

    async def _hold(self, order_ids: Iterable[str]) -> None:
        some = list(order_ids)
        if some:
            await self.work(lambda: self.app.orders.hold(some, held_for=self.held_for))

    async def _tidy(self, now: float) -> None:
        await self.work(self.app.order_watch.tidy)
        for order_id in [one for one, until in self._left.items() if until < now]:
            # The first round cancels its job, a later one removes it when its worker has let go.
            with suppress(JobNotFound):
                if not (await self.work(partial(self.app.orders.get, order_id))).detached:
                    continue
            self._left.pop(order_id, None)
            self.complete(order_id)
