"""The dispatcher: telling workers that there is work. The row decides; this only makes it quick."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from framemill.store.tables import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """A task that waits for a worker."""

    task_id: str
    resource: str
    priority: int  # 10 is the most urgent
    not_before: datetime | None = None
    again: bool = False  # it was said before and nobody came


class Dispatcher(Protocol):
    """Reaches workers. A message that is lost, late or doubled does no harm."""

    def nudge(self, wakes: Sequence[Wake]) -> None:
        """Say that these tasks, which are committed, are ready. Returns soon; never raises."""


class Unheard:
    """Nobody listens: whoever submits runs the job, or workers look by themselves."""

    def nudge(self, wakes: Sequence[Wake]) -> None:
        """Say nothing."""


def wakes(tasks: Iterable[Task]) -> list[Wake]:
    """A wake for each of these ready tasks that any worker may take."""
    return [
        Wake(
            task_id=task.id,
            resource=task.resource,
            priority=10 - task.rank,
            not_before=task.not_before,
        )
        for task in tasks
        if not task.lane
    ]
