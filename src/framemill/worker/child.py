"""One process of a Celery worker: claims a task for each message that it hears.

A message stands for one task's worth of work of a class, whichever task it
names: rows say what is most urgent and whose turn it is, and they may have
changed since it was sent.
"""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import FrameType

from framemill.app import App, open_app
from framemill.domain.states import TaskState
from framemill.engine.dispatch import wakes
from framemill.engine.identity import worker_id
from framemill.store.claiming import Wanted
from framemill.store.tables import Task
from framemill.worker.presence import Presence


class Child:
    """This process as a worker."""

    def __init__(self, app: App, resources: Sequence[str]) -> None:
        self._app = app
        self._worker = app.worker()
        self._parent = os.getppid()
        self.presence = Presence(
            app,
            self._worker.name,
            engine="celery",
            resources=resources,
            drain=self._leave_if_idle,
            draining=self._make_way,
            orphaned=lambda: os.getppid() != self._parent,
            node=worker_id(self._parent),
        )

    def answer(self, task_id: str) -> str:
        """Run the task whose turn it is, of the same class as the one that is named."""
        with self._app.database.read() as session:
            named = session.get(Task, task_id)
        if named is None:
            return "unknown"
        if not self._goes_on(named):
            return "draining"
        with self._handing_back():
            done = self._worker.run_one(Wanted(resources=(named.resource,)))
        if done is not None:
            self.presence.count(done)
            self._leave_if_idle()
            return "done" if done else "ended"
        self._pass_on(task_id)
        return "nothing to do"

    def close(self) -> None:
        """Let go of everything."""
        self.presence.__exit__(None, None, None)
        self._app.close()

    def _pass_on(self, task_id: str) -> None:
        """Clocks differ: what was heard too early is said again when it is time."""
        with self._app.database.read() as session:
            task, now = session.get(Task, task_id), self._app.database.now(session)
        if task and task.state == TaskState.READY and task.not_before and task.not_before > now:
            self._app.dispatcher.nudge(wakes([task]))

    def _goes_on(self, named: Task) -> bool:
        """Whether to work; where draining may still be taken back, when that is known.

        Until then the message is others' to hear, and a process that waits here takes no more of them.
        """
        if not self.presence.draining:
            return True
        if named.state == TaskState.READY:
            self._app.dispatcher.nudge(wakes([named]))
        return self.presence.goes_on()

    def _make_way(self) -> None:
        self._worker.hand_back_paused()
        self._leave_if_idle()

    def _leave_if_idle(self) -> None:
        """One process cannot leave alone, as another would take its place: so all of the Celery worker do."""
        if not self._worker.attempts and self.presence.leaves() and os.getppid() == self._parent:
            os.kill(self._parent, signal.SIGTERM)

    @contextmanager
    def _handing_back(self) -> Iterator[None]:
        """While this holds, SIGTERM hands back what is run, and ends the process afterwards.

        It comes from a worker that shuts down without waiting. At other times
        Celery's own handler is in place, which ends the process at once.
        """
        if threading.current_thread() is not threading.main_thread():
            yield  # another kind of pool, where no signal comes here
            return
        told = []

        def stop(number: int, frame: FrameType | None) -> None:
            told.append(number)
            if not self._worker.attempts and callable(before):
                before(number, frame)
            self._worker.stop(hand_back=True)

        before = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
        if told:
            os.kill(os.getpid(), signal.SIGTERM)


_children: dict[int, Child] = {}  # by process: what is inherited over a fork belongs to the parent
_classes: list[str] = []


def begin(resources: Sequence[str]) -> Child:
    """Become a worker of these classes; what one that died before left is put back first."""
    _classes[:] = resources
    app = open_app()
    try:
        app.reaper.reap()
        child = Child(app, resources)
        child.presence.__enter__()
    except BaseException:
        app.close()
        raise
    _children[os.getpid()] = child
    return child


def end() -> None:
    """Stop being one."""
    if child := _children.pop(os.getpid(), None):
        child.close()


def answer(task_id: str) -> str:
    """What Celery runs for a message."""
    # Where the database was away when this process began, it is not a worker yet.
    child = _children.get(os.getpid()) or begin(_classes)
    return child.answer(task_id)


def watch() -> None:
    """What Beat runs: look for what dead workers left, what nobody heard of, and what is long over."""
    app = _watching()
    app.reaper.reap()
    app.reaper.ring_again()
    app.janitor.tidy()


@cache
def _watching() -> App:
    return open_app()
