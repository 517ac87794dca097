"""Following a server's job as it goes on: its events, told as if it ran here; over breaks and restarts."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from framemill.client.connection import API, Server
from framemill.client.refusals import harmless
from framemill.domain.states import JobState, TaskState
from framemill.engine.events import Event, JobChanged, Progress, TaskChanged
from framemill.errors import ServerUnavailable

_PATIENCE_S = 600.0  # without a word
_MOST_LINE = 1 << 20
_MOST_PAUSE_S = 10.0


@dataclass(slots=True)
class _Sight:
    """What was told of a job so far."""

    job_id: str
    tell: Callable[[Event], None]
    cursor: str | None = None
    state: JobState | None = None
    step: str | None = None
    heard: bool = False  # anything at all from this connection
    over: bool = False  # the job has ended

    def take(self, name: str, data: dict[str, Any]) -> None:  # Any: JSON
        """Tell one event of the stream."""
        if name in {"job", "state", "progress"} and data.get("state") is not None:
            self._state(JobState(data["state"]))
        if name == "progress":
            self._progress(data)

    def _state(self, state: JobState) -> None:
        if state is not self.state:
            self.state, self.over = state, state.ended
            self.tell(JobChanged(job_id=self.job_id, state=state))

    def _progress(self, data: dict[str, Any]) -> None:  # Any: JSON
        step = str(data.get("step") or "")
        if not step:
            return
        if self.step is not None and step != self.step:
            self._task(self.step, TaskState.DONE)
        if step != self.step:
            self.step = step
            self._task(step, TaskState.LEASED)
        percent = float(data["percent"])
        speed, fps, left = (data.get(name) for name in ("speed", "fps", "eta_ms"))
        self.tell(
            Progress(
                job_id=self.job_id,
                task=step,
                title=step,
                percent=percent,
                job_percent=percent,
                speed=None if speed is None else float(speed),
                fps=None if fps is None else float(fps),
                eta_ms=None if left is None else int(left),
            )
        )

    def _task(self, step: str, state: TaskState) -> None:
        self.tell(TaskChanged(job_id=self.job_id, task=step, title=step, state=state))


def follow(
    server: Server,
    job_id: str,
    tell: Callable[[Event], None],
    *,
    lost: Callable[[ServerUnavailable], None] = lambda _: None,
) -> None:
    """Return when the job has ended; `lost` hears of each break, after which it is asked again.

    Raises JobNotFound, also where it is cleaned away meanwhile, what the server
    refuses with, and ServerUnavailable after ten minutes without a word.
    """
    sight, pause, silent_since = _Sight(job_id, tell), 0.5, server.now()
    while not sight.over:
        sight.heard = False
        try:
            _listen(server, sight)
        except ServerUnavailable as error:
            if sight.heard:
                silent_since, pause = server.now(), 0.5
            if server.now() - silent_since > _PATIENCE_S:
                raise
            lost(error)
            server.wait(max(error.wait_s, pause))
            pause = min(_MOST_PAUSE_S, 2 * pause)


def _listen(server: Server, sight: _Sight) -> None:
    headers = {"Accept": "text/event-stream"}
    if sight.cursor is not None:
        headers["Last-Event-ID"] = sight.cursor
    with server.stream(f"{API}/jobs/{sight.job_id}/events", params={}, headers=headers) as answer:
        if answer.status_code == 204:  # it has ended, and there is nothing more to tell
            sight.over = True
            return
        for name, number, text in events(answer.iter_lines()):
            sight.heard = True
            sight.cursor = number or sight.cursor
            _take(sight, name, text)
    if not sight.over:
        raise ServerUnavailable("the server stopped telling about the job")


def _take(sight: _Sight, name: str, text: str) -> None:
    try:
        data = harmless(json.loads(text))
        if isinstance(data, dict):
            sight.take(name, data)
    except (KeyError, TypeError, ValueError) as error:
        raise ServerUnavailable("the server tells events that this program does not know") from error


def events(lines: Iterable[str]) -> Iterator[tuple[str, str | None, str]]:
    """Server-sent events: the name, the id where there is one, the data. A comment ends none."""
    name, number, data = "message", None, list[str]()
    for line in lines:
        if len(line) > _MOST_LINE:
            raise ServerUnavailable("the server tells events that are too long")
        word, _, rest = line.partition(":")
        rest = rest.removeprefix(" ")
        if not line:
            if data:
                yield name, number, "\n".join(data)
            name, number, data = "message", None, []
        elif word == "event":
            name = rest
        elif word == "id":
            number = rest
        elif word == "data":
            data.append(rest)
