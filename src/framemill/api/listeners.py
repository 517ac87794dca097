"""Who hears of jobs, and what waits to be told to them.

What waits has an end: progress that was not sent yet is replaced by newer, and
who lets a thousand changes pile up is sent away.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from framemill.api.doorkeeper import Close, Guest

_MOST_WAITING: Final = 1000


class Message:
    """Something to be told, in words: put once, said to many."""

    __slots__ = ("final", "frame", "job_id", "kind", "text")

    def __init__(
        self, kind: str, text: str, *, job_id: str = "", cursor: int | None = None, final: bool = False
    ) -> None:
        self.kind = kind  # state, progress, log, gap
        self.text = text  # JSON
        self.job_id = job_id
        self.final = final  # nothing follows of this job
        number = "" if cursor is None else f"id: {cursor}\n"
        self.frame = f"event: {kind}\n{number}data: {text}\n\n".encode()  # for streams of events


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a listener asked for: one thing each."""

    job_id: str | None = None
    workspace_id: str | None = None  # both None: all

    def has(self, job_id: str, workspace_id: str | None) -> bool:
        """True where it belongs to it."""
        if self.job_id is not None:
            return self.job_id == job_id
        return self.workspace_id is None or self.workspace_id == workspace_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What happened before a listener came, to be read when its turn has come."""

    chosen: tuple[Chosen, ...]
    since: int
    until: int


@dataclass(eq=False)
class Listener:
    """Somebody who hears of jobs."""

    guest: Guest
    chosen: set[Chosen] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)  # jobs whose log is told, and the last line that was
    _waiting: "deque[Message | Replay]" = field(default_factory=deque)
    _progress: dict[str, Message] = field(default_factory=dict)
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    _names: frozenset[str] = frozenset()
    _wide: tuple[Chosen, ...] = ()

    def add(self, chosen: tuple[Chosen, ...], replay: Replay | None) -> None:
        """Hear of these too, after what happened before."""
        if replay is not None:
            self._waiting.append(replay)
            self._awake.set()
        self.chosen.update(chosen)
        self._sort()

    def leave(self, chosen: tuple[Chosen, ...]) -> None:
        """Hear of these no more."""
        self.chosen.difference_update(chosen)
        for one in chosen:
            if one.job_id is not None:
                self.lines.pop(one.job_id, None)
        self._sort()

    def hears(self, job_id: str, workspace_id: str | None) -> bool:
        """True where it asked for that and may know of it."""
        asked = job_id in self._names or any(one.has(job_id, workspace_id) for one in self._wide)
        return asked and self.guest.caller.sees(workspace_id)

    def tell(self, message: Message) -> None:
        """Say it when its turn comes; who does not listen is sent away."""
        if self.guest.closing is not None:
            return
        if message.kind == "progress":
            self._progress[message.job_id] = message
        else:
            if message.final:
                self._progress.pop(message.job_id, None)
            self._waiting.append(message)
            if len(self._waiting) > _MOST_WAITING:
                self.guest.end(Close.TIMEOUT, "slow: messages were not read")
        self._awake.set()

    def wake(self) -> None:
        """Let `next` return, with nothing where there is nothing."""
        self._awake.set()

    async def next(self, seconds: float | None = None) -> "tuple[Message | Replay, ...]":
        """All that is to be told by now, waited for as long as `seconds`; nothing where that passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return ()
        self._awake.clear()
        found = (*self._waiting, *self._progress.values())
        self._waiting.clear()
        self._progress.clear()
        return found

    def _sort(self) -> None:
        self._names = frozenset(one.job_id for one in self.chosen if one.job_id is not None)
        self._wide = tuple(one for one in self.chosen if one.job_id is None)
