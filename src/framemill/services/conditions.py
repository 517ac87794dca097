"""What operators want to hear of: each look says what is wrong, and what is well, by a name that stays."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from framemill.engine.identity import host
from framemill.services.metering import nearest
from framemill.store import metering, statistics
from framemill.store.alerts import audited, ended_since
from framemill.store.database import Database
from framemill.store.workers import living

_RECENT: Final = timedelta(minutes=15)
_ENOUGH: Final = 10  # jobs that ended, for a share of them to mean something


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that may be wrong."""

    key: str
    wrong: bool
    summary: str  # what is wrong, in a sentence


class Conditions:
    """Looks at jobs, workers and this machine's disks."""

    def __init__(
        self,
        database: Database,
        *,
        disks: Mapping[str, Path],
        most_waiting: int,
        most_failed: int,
        most_full: int,
        stuck_after: timedelta,
    ) -> None:
        self._database = database
        self._disks = disks
        self._most_waiting = most_waiting
        self._most_failed = most_failed  # percent
        self._most_full = most_full  # percent
        self._stuck_after = stuck_after

    def look(self) -> tuple[Condition, ...]:
        """How everything is now."""
        with self._database.read() as session:
            now = self._database.now(session)
            found = (*self._queue(session, now), *self._failures(session, now), *self._troubles(session, now))
        return (*found, *self._full())

    def _queue(self, session: Session, now: datetime) -> Iterator[Condition]:
        waiting = sum(depth.waiting for depth in statistics.depths(session))
        if self._most_waiting:
            yield Condition(
                key="queue",
                wrong=waiting > self._most_waiting,
                summary=f"{waiting} jobs wait for a worker (more than {self._most_waiting})",
            )
        yield Condition(
            key="no workers",
            wrong=waiting > 0 and not living(session, now=now),
            summary=f"{waiting} jobs wait, and no worker is there",
        )

    def _failures(self, session: Session, now: datetime) -> Iterator[Condition]:
        if not self._most_failed:
            return
        completed, failed = ended_since(session, now - _RECENT)
        ended = completed + failed
        yield Condition(
            key="failures",
            wrong=ended >= _ENOUGH and 100 * failed > self._most_failed * ended,
            summary=f"{failed} of the {ended} jobs that ended within 15 minutes failed "
            f"(more than {self._most_failed} %)",
        )

    def _troubles(self, session: Session, now: datetime) -> Iterator[Condition]:
        # What is stuck the watchdog sets going, and who is lost it forgets: what stays is the record of it.
        silent = len(metering.silent_jobs(session, since=now - self._stuck_after))
        stuck = silent + audited(session, "job.unstuck", since=now - _RECENT)
        yield Condition(
            key="stuck",
            wrong=stuck > 0,
            summary=f"{stuck} running jobs said nothing for {self._stuck_after}",
        )
        lost = audited(session, "worker.gone", since=now - _RECENT)
        yield Condition(
            key="workers lost",
            wrong=lost > 0,
            summary=f"{lost} workers went away without a word in the last 15 minutes",
        )

    def _full(self) -> Iterator[Condition]:
        if not self._most_full:
            return
        by_device: dict[int, list[str]] = {}
        for name, place in self._disks.items():
            with suppress(OSError):
                by_device.setdefault(nearest(place).stat().st_dev, []).append(name)
        for names in by_device.values():
            with suppress(OSError):
                use = shutil.disk_usage(nearest(self._disks[names[0]]))
                full = 100 * (use.total - use.free) // max(1, use.total)
                yield Condition(
                    key=f"disk:{host()}:{'+'.join(names)}"[:300],
                    wrong=full > self._most_full,
                    summary=f"the disk of {', '.join(names)} at {host()} is {full} % full "
                    f"(more than {self._most_full} %)",
                )
