"""Keeping a lease while its task runs: renewing it, saving progress, seeing that it must end.

A thread of its own, because the worker's is busy reading a program's output.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from sqlalchemy import select

from framemill.domain import context
from framemill.domain.states import JobState
from framemill.engine.events import EventSink, JobChanged, Progress
from framemill.errors import Cancelled, DatabaseUnavailable, DiskFull, LeaseLost
from framemill.store.database import Database
from framemill.store.jobs import count_tasks, get_job
from framemill.store.tables import Job, Task
from framemill.store.tasks import extend
from framemill.telemetry.log import get_log
from framemill.tools.reins import Reins

log = get_log(__name__)

# Progress is saved at most twice a second; a cancellation is seen as fast.
BEAT_S = 0.5


class Heartbeat:
    """A worker's hold on one task, as `engine.steps.Hold` says."""

    def __init__(
        self,
        database: Database,
        task: Task,
        *,
        ttl: timedelta,
        every: timedelta,
        sink: EventSink,
        share: Callable[[float], float] = lambda percent: percent,
        reins: Reins | None = None,
    ) -> None:
        self._database = database
        self._task = task
        self._ttl = ttl
        self._every = every
        self._sink = sink
        self._share = share  # the job's percent when this task is at so many
        self._reins = reins or Reins()  # over the programs that work for the task
        self._news: dict[str, Any] = {}  # columns of Task to write with the next beat
        self._tool: dict[str, Any] = {}  # the same, of the process that works
        self._extended: datetime | None = None
        self._why: Cancelled | LeaseLost | None = None
        self._done = threading.Event()

    def __enter__(self) -> "Heartbeat":
        name = f"heartbeat {self._task.key}"
        self._thread = threading.Thread(target=context.carried(self._beat_on), name=name, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def report(
        self, percent: float, speed: float | None, eta_ms: int | None, fps: float | None = None
    ) -> None:
        """Tell whoever watches at once; the database with the next beat."""
        self._news = {"progress": round(percent, 2), "speed": speed, "fps": fps, "eta_ms": eta_ms}
        self._sink.emit(
            Progress(
                job_id=self._task.job_id,
                task=self._task.key,
                title=self._task.title,
                percent=percent,
                job_percent=self._share(percent),
                speed=speed,
                fps=fps,
                eta_ms=eta_ms,
            )
        )

    @property
    def lost(self) -> bool:
        """True where another worker has the task now."""
        return isinstance(self._why, LeaseLost)

    def stopped(self) -> bool:
        """True where the work must end."""
        return self._why is not None

    def stop(self) -> None:
        """End the work from within this process."""
        self._why = self._why or Cancelled()

    def check(self) -> None:
        """Raise Cancelled or LeaseLost where the work must end."""
        if self._why is not None:
            raise self._why

    def tool_started(self, pid: int, started: float) -> None:
        """Write down which process works, before it can do much."""
        tool = {"tool_pid": pid, "tool_started": started}
        try:
            with self._database.write() as session:
                extend(session, self._task.id, self._task.lease_token, **tool)
        except LeaseLost as error:
            self._why = error
        except DatabaseUnavailable:
            self._tool = tool

    def beat(self) -> None:
        """Look whether the job goes on; save what is new, and the lease when it is time."""
        with self._database.read() as session:
            now = self._database.now(session)
            state = session.scalars(select(Job.state).where(Job.id == self._task.job_id)).one_or_none()
        if state is None or JobState(state).ended:
            self._why = Cancelled()
            return
        self._hold_up(state == JobState.PAUSED)
        news, self._news = self._tool | self._news, {}
        due = self._extended is None or now - self._extended >= self._every
        if not news and not due:
            return
        with self._database.write() as session:
            job = get_job(session, self._task.job_id, lock=True) if news else None
            expires = now + self._ttl
            extend(
                session, self._task.id, self._task.lease_token, lease_expires=expires, updated_at=now, **news
            )
            if job is not None:
                count_tasks(session, job)
                job.updated_at = now
        self._extended, self._tool = now, {}

    def _hold_up(self, paused: bool) -> None:
        """Programs stand still while the job is paused; the lease is renewed all the same."""
        if paused == self._reins.pulled:
            return
        if paused:
            self._reins.pull()
        else:
            self._reins.loosen()
        changed = JobState.PAUSED if paused else JobState.RUNNING
        self._sink.emit(JobChanged(job_id=self._task.job_id, state=changed))

    def _beat_on(self) -> None:
        while not self._done.wait(BEAT_S) and self._why is None:
            try:
                self.beat()
            except LeaseLost as error:
                self._why = error
            except (DatabaseUnavailable, DiskFull):
                continue  # progress can wait; a lease that cannot be renewed is lost in time
            except Exception as error:  # noqa: BLE001 - without a beat nobody would see a cancellation
                log.warning("heartbeat.failed", reason=str(error))
