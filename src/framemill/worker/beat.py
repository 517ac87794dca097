"""Beat's scheduler: what is due runs in Beat's own process.

A message would wait for a free worker, and all may be busy for hours; and
there would be none at all while the broker is down.
"""

from typing import Any

from celery.beat import ScheduleEntry, Scheduler


class InPlace(Scheduler):  # type: ignore[misc]  # Celery has no types
    """Keeps its schedule in memory and runs it."""

    producer = None  # Beat would connect to the broker to make one

    def apply_async(self, entry: ScheduleEntry, producer: Any = None, advance: bool = True, **_: Any) -> None:  # noqa: ANN401, ARG002 - as the base class has it
        """Run what is due. Beat logs what it raises, and goes on."""
        if advance:
            entry = self.reserve(entry)
        self.app.tasks[entry.task](*entry.args, **entry.kwargs)
