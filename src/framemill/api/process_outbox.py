"""What goes out over a connection of the job service: answers first, then how far jobs are, then results.

Nothing here grows: of progress only the newest is kept, results wait for
room, and who does not read answers is sent away.
"""

import asyncio
from collections import deque
from typing import Final

from starlette.websockets import WebSocketDisconnect

from framemill.api.process_messages import Progress, ServerText
from framemill.api.sockets import Close, Closing, Visit

_MOST_ANSWERS: Final = 256
_MOST_PIECES: Final = 2  # of results, in memory for one connection


class Outbox:
    """One for each connection."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._answers: deque[str] = deque()
        self._progress: dict[str, Progress] = {}
        self._pieces: deque[bytes] = deque()
        self._room = asyncio.Semaphore(_MOST_PIECES)
        self._wake = asyncio.Event()

    def say(self, message: ServerText) -> None:
        """Send this soon, after what was said before."""
        if len(self._answers) >= _MOST_ANSWERS:
            self._visit.end(Close.TIMEOUT, "slow: messages were not read")
            return
        self._answers.append(message.model_dump_json())
        self._wake.set()

    def note(self, progress: Progress) -> None:
        """Send this soon, unless something newer about the job comes before."""
        self._progress[progress.job_id] = progress
        self._wake.set()

    def forget(self, job_id: str) -> None:
        """Say no more how far the job is."""
        self._progress.pop(job_id, None)

    async def put(self, frame: bytes) -> None:
        """Send a piece of a result; returns when there is room for it."""
        await self._room.acquire()
        self._pieces.append(frame)
        self._wake.set()

    async def run(self) -> None:
        """Send all of it, until cancelled or the connection ends."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while (frame := self._next()) is not None:
                    await self._visit.send(frame)
        except Closing as closing:
            self._visit.end(closing.code, closing.reason)
        except WebSocketDisconnect:
            pass  # whoever reads hears it too

    def _next(self) -> str | bytes | None:
        if self._answers:
            return self._answers.popleft()
        if self._progress:
            job_id = next(iter(self._progress))
            return self._progress.pop(job_id).model_dump_json()
        if self._pieces:
            self._room.release()
            return self._pieces.popleft()
        return None
