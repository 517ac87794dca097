"""What each kill of a worker left behind, and how soon all was well again."""

import time
from dataclasses import dataclass, field

import psutil
from sqlalchemy import select

from framemill.domain.states import TaskState
from framemill.store.database import Database
from framemill.store.tables import Task

# As long as a program may outlive its worker.
_GONE_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A worker that is about to be killed: its programs, and the tasks that it holds by their tokens."""

    at: float
    programs: list[psutil.Process]
    held: dict[str, int]


@dataclass(kw_only=True)
class Toll:
    """Watches what the dead had until others have it."""

    database: Database
    # From a kill until somebody had the task again: of first attempts, as later ones are put off on purpose.
    back_s: list[float] = field(default_factory=list)
    _open: list[Death] = field(default_factory=list)

    def kill(self, process: psutil.Process, worker: str) -> None:
        """Freeze the worker, note what it has, and kill it."""
        process.suspend()
        with self.database.read() as session:
            mine = select(Task.id, Task.lease_token).where(
                Task.lease_worker == worker, Task.state == TaskState.LEASED
            )
            held = {row.id: row.lease_token for row in session.execute(mine)}
        programs = process.children(recursive=True)
        process.kill()
        self._open.append(Death(at=time.monotonic(), programs=programs, held=held))

    def look(self) -> None:
        """Note whose tasks somebody has again; AssertionError where a program outlived its worker."""
        now = time.monotonic()
        for death in self._open:
            if now - death.at >= _GONE_S:
                alive = [program for program in death.programs if _runs(program)]
                assert not alive, alive
                death.programs.clear()
            for task in self._taken(death):
                if death.held.pop(task) == 1:
                    self.back_s.append(now - death.at)
        self._open = [death for death in self._open if death.held or death.programs]

    def _taken(self, death: Death) -> list[str]:
        if not death.held:
            return []
        with self.database.read() as session:
            rows = session.execute(
                select(Task.id, Task.lease_token, Task.state).where(Task.id.in_(list(death.held)))
            ).all()
        # It may have finished in the very moment that it was frozen.
        return [task for task, token, state in rows if token > death.held[task] or state == TaskState.DONE]


def _runs(program: psutil.Process) -> bool:
    try:
        return program.is_running() and program.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
