"""The composition root: settings become adapters, adapters become services. The only place that chooses.

Everything is made when first asked for: a command that only probes opens no
database and imports none.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING

from framemill.app.telemetry import learn_secrets
from framemill.app.telling import Telling
from framemill.errors import DatabaseUnavailable, DiskFull, InvalidSettings
from framemill.settings import Settings, config_file

if TYPE_CHECKING:
    from framemill.engine.events import EventSink
    from framemill.engine.janitor import Chore, Janitor
    from framemill.engine.reaping import Reaper
    from framemill.engine.worker import Worker
    from framemill.services.records import JobDetail
    from framemill.services.upkeep import Upkeep


class App(Telling):
    """One set of settings and everything made of them."""

    def worker(self, sink: "EventSink | None" = None, *, foreground: bool = False) -> "Worker":
        """A worker of this process, for one job that somebody waits for, or for all."""
        from framemill.engine.equipment import Pace
        from framemill.engine.events import Silence
        from framemill.engine.worker import Worker

        return Worker(
            database=self.database,
            machine=lambda: self.machine,
            sink=sink or Silence(),
            dispatcher=self.dispatcher,
            pace=Pace(
                lease_ttl=self.settings.lease_ttl,
                heartbeat=self.settings.heartbeat,
                disk_full_is_final=foreground,
            ),
            side_by_side=self.slots if foreground else 1,
            prices=self.prices,
            places=self.places,
            downloader=lambda: self.fetcher,
            landing=lambda: self.landing,
        )

    @cached_property
    def reaper(self) -> "Reaper":
        """Who looks after what dead workers left."""
        from random import random

        from framemill.engine.reaping import Reaper

        return Reaper(
            database=self.database,
            dispatcher=self.dispatcher,
            spread=random,
            worker_ttl=self.settings.lease_ttl,
            unheard=self.settings.watchdog_interval,
            places=self.places,
        )

    @cached_property
    def janitor(self) -> "Janitor":
        """Who sets going what got stuck, and cleans away what is long over."""
        from random import random

        from framemill.engine.janitor import Janitor

        return Janitor(
            database=self.database,
            dispatcher=self.dispatcher,
            spread=random,
            stuck_after=self.settings.stuck_after,
            keep_jobs=self.settings.keep_jobs,
            places=self.places,
            chores=self._chores,
        )

    @property
    def _chores(self) -> "Sequence[Chore]":
        from framemill.engine.janitor import Chore
        from framemill.engine.leftovers import Leftovers
        from framemill.engine.unserved import note_unserved

        leftovers = Leftovers(database=self.database, places=self.places)
        often = self.settings.watchdog_interval
        return (
            Chore(name="uploads ended", every=often, do=lambda: self.upload_watch.tidy().all),
            Chore(name="jobs that no worker can do", every=often, do=lambda: note_unserved(self.database)),
            Chore(name="orders ended", every=often, do=self.order_watch.tidy),
            Chore(name="order folders removed", every=timedelta(hours=1), do=self.order_watch.sweep),
            Chore(name="videos removed", every=timedelta(0), do=self.remover.sweep),
            Chore(name="videos given up", every=timedelta(hours=1), do=self.remover.give_up),
            Chore(name="usage measured", every=timedelta(hours=1), do=self.kept.measure),
            Chore(name="kept no longer", every=timedelta(days=1), do=self.retention.run),
            Chore(name="events forgotten", every=timedelta(hours=1), do=self.events.forget),
            Chore(name="webhook messages forgotten", every=timedelta(hours=1), do=self.webhooks.forget),
            Chore(name="answers forgotten", every=timedelta(hours=1), do=self.repeats.clear),
            Chore(name="leftovers removed", every=timedelta(hours=1), do=leftovers.clear),
            Chore(name="kept encodes removed", every=timedelta(hours=1), do=self._tidy_kept),
            Chore(name="half-written files removed", every=timedelta(hours=1), do=self._sweep_store),
        )

    def _tidy_kept(self) -> int:
        from framemill.engine.reusing import tidy

        places = (
            self.earlier_work(stored=False),
            self.earlier_work(stored=True) if self._shares_work else None,
        )
        return sum(tidy(kept, self.database) for kept in places if kept is not None)

    @cached_property
    def upkeep(self) -> "Upkeep":
        """What operators clear up by hand."""
        from framemill.services.upkeep import Upkeep

        return Upkeep(
            self.database,
            janitor=lambda: self.janitor,
            uploads=lambda: self.upload_watch,
            places=self.places,
            stuck_after=self.settings.stuck_after,
        )

    def run_job(self, job_id: str, sink: "EventSink | None" = None) -> "JobDetail":
        """Run a job in this process until it has ended, however it ends; its record says how.

        Ctrl-C and SIGTERM cancel it and raise KeyboardInterrupt. Raises
        IllegalTransition where another living worker has it.
        """
        self.worker(sink, foreground=True).run_job(job_id)
        return self.jobs.show(job_id)

    def close(self) -> None:
        """Let go of the database, where one was opened; first what was counted in memory is written down."""
        if "served" in self.__dict__:
            with suppress(DatabaseUnavailable, DiskFull):
                self.served.flush()
        if "database" in self.__dict__:
            self.database.close()


def open_app(settings: Settings | None = None, *, in_memory: bool = False) -> App:
    """The application on `settings`, or on what the environment and the file say.

    `in_memory` keeps jobs in this process only. Raises InvalidSettings.
    """
    known = settings or read_settings()
    learn_secrets(known)
    return App(known, in_memory=in_memory)


def read_settings() -> Settings:
    """What the environment and the file say; InvalidSettings names what is wrong."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        issue = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in issue["loc"])
        said = issue["msg"].removeprefix("Value error, ")
        raise InvalidSettings(f"setting {name!r}: {said}" if name else f"setting {said}") from error
    except TOMLDecodeError as error:
        raise InvalidSettings(f"{config_file()}: {error}") from error
    except (ValueError, OSError) as error:
        raise InvalidSettings(str(error)) from error
