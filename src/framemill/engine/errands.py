"""Tasks that bring something from elsewhere: the input that an address names, the original of a video."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framemill.engine import outcomes
from framemill.engine.dispatch import Wake
from framemill.engine.equipment import Equipment
from framemill.engine.heartbeat import Heartbeat
from framemill.errors import InvalidSettings
from framemill.store.tables import Job, Task
from framemill.tools.reins import Reins

if TYPE_CHECKING:
    from framemill.fetch.wishes import Downloader


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One of them, in the hands of a worker."""

    equipment: Equipment
    job: Job
    claimed: Task
    hold: Heartbeat
    reins: Reins

    def fetch(self) -> list[Wake]:
        """Bring what an input names by its address."""
        from framemill.engine.fetching import fetch_input

        name, place = str((self.claimed.step or {})["input"]), self.equipment.places.of(self.job)
        place.create()
        facts = fetch_input(
            self.job.inputs[name],
            name,
            place=place,
            downloader=self._downloader,
            hold=self.hold,
            reins=self.reins,
        )
        self.hold.check()
        return outcomes.fetched(self.equipment.database, self.claimed, name, facts)

    def bring(self) -> None:
        """Bring the original of the job's video."""
        from framemill.engine.bringing import Bringing

        if self.equipment.landing is None:
            raise InvalidSettings("this process brings no videos", hint="run the job by a worker")
        Bringing(
            database=self.equipment.database,
            job=self.job,
            claimed=self.claimed,
            places=self.equipment.places,
            downloader=self._downloader,
            landing=self.equipment.landing(),
            hold=self.hold,
            reins=self.reins,
        ).run()

    @property
    def _downloader(self) -> "Downloader":
        if self.equipment.downloader is None:
            raise InvalidSettings("this process downloads nothing", hint="run the job by a worker")
        return self.equipment.downloader()
