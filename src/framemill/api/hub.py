"""The one reader of what becomes of jobs in this process, and who hears it.

At most twice a second, and only while somebody listens, it reads the log of
events and how far jobs are; each message is put into words once.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import asdict, dataclass
from typing import Final

from fastapi.concurrency import run_in_threadpool

from framemill.api.doorkeeper import Close, Guest
from framemill.api.listeners import Chosen, Listener, Message, Replay
from framemill.api.live_views import Gap, LogLine, ProgressView, StateView
from framemill.app import App
from framemill.errors import FramemillError
from framemill.services.events import EventRecord, ProgressRecord
from framemill.services.records import LogRecord

log = logging.getLogger(__name__)

EVERY_S: Final = 0.5
_REST = 3  # so many times as long as a look took, nobody looks again
_PAGE: Final = 500
_MOST_NAMED: Final = 200  # jobs that one query names; above that all are read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look found."""

    events: tuple[EventRecord, ...]
    progress: tuple[ProgressRecord, ...]
    lines: dict[str, tuple[LogRecord, ...]]


class Hub:
    """Reads for all listeners of this process; everything happens in the server's loop."""

    def __init__(self, app: App, *, every_s: float = EVERY_S) -> None:
        self._app = app
        self._every_s = every_s
        self._listeners: set[Listener] = set()
        self._cursor = 0
        self._known: dict[str, ProgressRecord] = {}
        self._reader: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._away = False  # the database, the last time

    @property
    def cursor(self) -> int:
        """The event up to which everybody was told."""
        return self._cursor

    @contextmanager
    def listener(self, guest: Guest) -> Iterator[Listener]:
        """Somebody who will say what to hear; nothing is lost from `ready` on."""
        listener = Listener(guest)
        self._listeners.add(listener)
        if self._reader is None or self._reader.done():
            self._begun = asyncio.Event()
            # In a context of its own: it is not done for whoever happens to come first.
            self._reader = asyncio.create_task(self._read_on(), name="hub", context=Context())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def ready(self) -> None:
        """Wait until it is known what is new from now on."""
        await self._begun.wait()

    def choose(self, listener: Listener, chosen: tuple[Chosen, ...], *, since: int | None) -> None:
        """Let a listener hear of these too: from `since` on, or of what happens from now on."""
        replay = None
        if since is not None and since < self._cursor:
            replay = Replay(chosen=chosen, since=since, until=self._cursor)
        listener.add(chosen, replay)
        # What changes later is told then; what stands still is told now.
        for record in self._known.values():
            if listener.hears(record.job_id, record.workspace_id):
                listener.tell(_of_progress(record))

    async def past(self, replay: Replay) -> AsyncIterator[EventRecord]:
        """What happened before a listener came, as far as that is kept; a page at a time."""
        last = replay.since
        names = [one.job_id for one in replay.chosen if one.job_id is not None]
        wide = [one for one in replay.chosen if one.job_id is None]
        places = {one.workspace_id for one in wide}
        workspace = places.pop() if len(places) == 1 and not names else None
        while last < replay.until:
            page = await run_in_threadpool(
                self._app.events.after,
                last,
                job_ids=() if wide else names,
                workspace_id=workspace,
                limit=_PAGE,
            )
            for event in page:
                if event.id > replay.until:
                    return
                if any(one.has(event.job_id, event.workspace_id) for one in replay.chosen):
                    yield event
            if len(page) < _PAGE:
                return
            last = page[-1].id

    async def replay(self, listener: Listener, asked: Replay) -> AsyncIterator[Message]:
        """The same in words, as far as the listener may know; first of all what is missing."""
        oldest, _ = await run_in_threadpool(self._app.events.span)
        if asked.since + 1 < oldest:
            yield Message("gap", Gap(since=asked.since, oldest=oldest).model_dump_json())
        async for event in self.past(asked):
            if listener.guest.caller.sees(event.workspace_id):
                yield _of_event(event)

    async def _read_on(self) -> None:
        try:
            self._known = {}
            _, self._cursor = await self._patiently_span()
            self._begun.set()
            while self._listeners:
                began = time.monotonic()
                more = await self._look_once()
                took = time.monotonic() - began
                # A slow database is asked less often.
                await asyncio.sleep(0 if more else max(self._every_s - took, _REST * took - self._every_s, 0))
        except Exception as error:
            log.error("hub.crashed", exc_info=error)
            for listener in self._listeners:
                listener.guest.end(Close.FAULT, "events cannot be read")

    async def _look_once(self) -> bool:
        """Read and tell; True where there is more at once."""
        try:
            found = await run_in_threadpool(self._look, *self._wanted())
        except FramemillError as error:
            if not self._away:
                log.warning("hub.failed code=%s: %s", error.code, error)
            self._away = True
            return False
        self._away = False
        self._tell(found)
        return len(found.events) == _PAGE

    async def _patiently_span(self) -> tuple[int, int]:
        while True:
            try:
                return await run_in_threadpool(self._app.events.span)
            except FramemillError:
                await asyncio.sleep(self._every_s)

    def _wanted(self) -> tuple[list[str] | None, dict[str, int]]:
        """Which jobs' progress anybody asked for, None: of all; and whose log, from which line."""
        names: set[str] | None = set()
        lines: dict[str, int] = {}
        for listener in self._listeners:
            for one in listener.chosen:
                if one.job_id is None:
                    names = None
                elif names is not None:
                    names.add(one.job_id)
            for job_id, last in listener.lines.items():
                lines[job_id] = min(last, lines.get(job_id, last))
        return (None if names is None or len(names) > _MOST_NAMED else list(names)), lines

    def _look(self, names: list[str] | None, lines: dict[str, int]) -> _Look:
        """In a thread. The progress first: who ends meanwhile is told to have ended."""
        read = self._app.events
        progress = () if names == [] else read.progress(names)
        events = read.after(self._cursor, limit=_PAGE)
        # The lines last: those that were written with an event are told before it.
        return _Look(progress=progress, events=events, lines=read.lines(lines) if lines else {})

    def _tell(self, found: _Look) -> None:
        # Lines before states: who goes away at a job's end has heard why.
        for job_id, rows in found.lines.items():
            self._tell_lines(job_id, rows)
        changed = [one for one in found.progress if self._known.get(one.job_id) != one]
        self._known = {one.job_id: one for one in found.progress}
        ended = {event.job_id for event in found.events if event.change.final}
        for record in changed:
            if record.job_id not in ended:
                self._spread(record.job_id, record.workspace_id, _of_progress(record))
        for event in found.events:
            self._spread(event.job_id, event.workspace_id, _of_event(event))
        if found.events:
            self._cursor = found.events[-1].id

    def _spread(self, job_id: str, workspace_id: str | None, message: Message) -> None:
        for listener in self._listeners:
            if listener.hears(job_id, workspace_id):
                listener.tell(message)

    def _tell_lines(self, job_id: str, rows: tuple[LogRecord, ...]) -> None:
        for listener in self._listeners:
            last = listener.lines.get(job_id)
            if last is None:
                continue
            for row in rows:
                if row.id > last:
                    listener.tell(of_line(job_id, row))
            listener.lines[job_id] = max(last, rows[-1].id)


def _of_event(event: EventRecord) -> Message:
    text = StateView.of(event).model_dump_json()
    return Message("state", text, job_id=event.job_id, cursor=event.id, final=event.change.final)


def _of_progress(record: ProgressRecord) -> Message:
    return Message("progress", ProgressView.of(record).model_dump_json(), job_id=record.job_id)


def of_line(job_id: str, row: LogRecord) -> Message:
    """A line of a job's log, in words."""
    return Message("log", LogLine(job_id=job_id, **asdict(row)).model_dump_json(), job_id=job_id)
