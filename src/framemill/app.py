"""The composition root: settings become adapters, adapters become services. The only place that chooses.

Everything is made when first asked for: a command that only probes opens no
database and imports none.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING

from framemill.errors import InvalidSettings
from framemill.settings import Settings, config_file

if TYPE_CHECKING:
    from framemill.domain.capabilities import Capabilities
    from framemill.domain.costs import Prices
    from framemill.domain.hardware import Hardware
    from framemill.domain.profiles import Profile
    from framemill.engine.bells import PipeBell
    from framemill.engine.dispatch import Dispatcher
    from framemill.engine.events import EventSink
    from framemill.engine.janitor import Chore, Janitor
    from framemill.engine.machine import Machine
    from framemill.engine.notices import NoticeBell
    from framemill.engine.places import Places
    from framemill.engine.reaping import Reaper
    from framemill.engine.stock import Stock
    from framemill.engine.worker import Worker
    from framemill.fetch.fetcher import Fetcher
    from framemill.fetch.guard import Guard
    from framemill.services.access import Access
    from framemill.services.batches import Batches
    from framemill.services.collections import Collections
    from framemill.services.deletion import Remover
    from framemill.services.downloads import Downloads
    from framemill.services.jobs import Jobs
    from framemill.services.keeping import Keeping
    from framemill.services.plans import Plans
    from framemill.services.playback import Playback
    from framemill.services.records import JobDetail
    from framemill.services.retention import Retention
    from framemill.services.stats import Stats, Workers
    from framemill.services.upload_ends import UploadEnds
    from framemill.services.upload_watch import UploadWatch
    from framemill.services.uploads import Uploads
    from framemill.services.video_jobs import VideoJobs
    from framemill.services.video_plans import VideoPlans
    from framemill.services.videos import Videos
    from framemill.services.workspaces import Workspaces
    from framemill.storage.blobs import BlobStore
    from framemill.storage.s3.store import S3Store
    from framemill.storage.sealing import Keyring
    from framemill.storage.signing import Signer
    from framemill.store.database import Database
    from framemill.tools.limits import Limits
    from framemill.tools.programs import Programs


_SWEPT_AT_ONCE = 100  # videos; a request should not take long


class App:
    """One set of settings and everything made of them."""

    def __init__(self, settings: Settings, *, in_memory: bool = False) -> None:
        self.settings = settings
        self._in_memory = in_memory

    @cached_property
    def programs(self) -> "Programs":
        """ffmpeg, ffprobe and the packager; ToolMissing."""
        from framemill.tools.programs import find_programs

        s = self.settings
        return find_programs(ffmpeg=s.ffmpeg, ffprobe=s.ffprobe, packager=s.packager)

    @cached_property
    def capabilities(self) -> "Capabilities":
        """What the programs can do, read once per version of them."""
        from framemill.tools.capabilities import read_capabilities

        return read_capabilities(self.programs, cache_dir=self.settings.cache_dir)

    @cached_property
    def profiles(self) -> "Mapping[str, Profile]":
        """The built-in profiles and the user's; InvalidProfile."""
        from framemill.operations.profiles import load_profiles

        return load_profiles(self.settings.profiles_file)

    @cached_property
    def limits(self) -> "Limits":
        """How much one program run may use."""
        from framemill.tools.limits import Limits

        s = self.settings
        return Limits(
            cpu_s=round(s.cpu_limit.total_seconds()),
            memory_bytes=s.memory_limit,
            file_bytes=s.output_limit,
            open_files=s.open_files_limit,
            timeout_s=s.wall_timeout.total_seconds(),
            stall_s=s.stall_timeout.total_seconds(),
            max_pixels=s.max_pixels,
        )

    @cached_property
    def machine(self) -> "Machine":
        """What workers run with."""
        from framemill.engine.machine import Machine

        return Machine(
            programs=self.programs,
            capabilities=self.capabilities,
            profiles=self.profiles,
            limits=self.limits,
            sandbox=self.settings.sandbox,
            verify=self.settings.verify,
            hardware=self.settings.hardware,
            cache_dir=self.settings.cache_dir,
            slots=self.slots,
        )

    @property
    def slots(self) -> int:
        """How many steps of a job run side by side on this machine."""
        return self.settings.workers or os.cpu_count() or 1

    def hardware(self, *, refresh: bool = False) -> "Hardware":
        """Which hardware encoders and decoders work here; tried anew with `refresh`."""
        from framemill.tools.hardware import detect

        return detect(
            self.programs,
            encoders=self.capabilities.encoders,
            sandbox=self.settings.sandbox,
            cache_dir=self.settings.cache_dir,
            refresh=refresh,
        )

    @cached_property
    def database(self) -> "Database":
        """The database, brought up to date; InvalidSettings where it cannot be opened."""
        from sqlalchemy.exc import SQLAlchemyError

        from framemill.store.database import open_database

        try:
            return open_database("sqlite://" if self._in_memory else self.settings.sqlalchemy_url())
        except (SQLAlchemyError, ImportError, OSError) as error:
            # What the driver says. The URL is not in it: that may hold a password.
            said = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise InvalidSettings(
                f"the database cannot be opened: {said}",
                hint="look at FRAMEMILL_DATA_DIR and FRAMEMILL_DATABASE_URL",
            ) from error

    @cached_property
    def blobs(self) -> "BlobStore":
        """Where videos and what is made from them are kept."""
        if self.settings.storage == "s3":
            return self.bucket
        from framemill.storage.disk import Disk
        from framemill.storage.local import LocalStore

        s = self.settings
        disk = Disk(s.storage_dir or s.data_dir / "storage", floor=s.storage_floor)
        return LocalStore(disk, signer=self.signer, public_url=s.public_url, keyring=self._keyring)

    @property
    def _keyring(self) -> "Keyring | None":
        if self.settings.storage_keys is None:
            return None
        from framemill.storage.sealing import Keyring

        return Keyring.parsed(self.settings.storage_keys.get_secret_value())

    def _bucket(self) -> "BlobStore":
    @cached_property
    def bucket(self) -> "S3Store":
        """The S3-compatible store; InvalidSettings where files are kept elsewhere."""
        from framemill.storage.doors import Doors
        from framemill.storage.s3 import open_s3

        s = self.settings
        if s.storage != "s3":
            raise InvalidSettings("files are not kept in S3", hint="set FRAMEMILL_STORAGE=s3")
        if s.s3_bucket is None:
            raise InvalidSettings(
                "files are kept in S3, and no bucket is set", hint="set FRAMEMILL_S3_BUCKET"
            )
        return open_s3(
            bucket=s.s3_bucket,
            endpoint=s.s3_endpoint,
            public_endpoint=s.s3_public_endpoint,
            region=s.s3_region,
            access_key=s.s3_access_key,
            secret_key=s.s3_secret_key.get_secret_value() if s.s3_secret_key else None,
            prefix=s.s3_prefix,
            addressing=s.s3_addressing,
            sse=s.s3_sse,
            sse_key=s.s3_sse_key.get_secret_value() if s.s3_sse_key else None,
        )

    @cached_property
    def keeping(self) -> "Keeping":
        """The use cases around the store as a whole."""
        from framemill.services.keeping import Keeping

        return Keeping(database=self.database, blobs=self.blobs)

    @cached_property
    def signer(self) -> "Signer":
        """Who signs addresses and knows them again; InvalidSettings."""
        from framemill.storage.signing import Signer

        return Signer(self.secrets)

    @cached_property
    def secrets(self) -> "Sequence[str]":
        """What this installation's own signatures come from, the newest first; InvalidSettings."""
        if self.settings.secret_key is not None:
            return tuple(part.strip() for part in self.settings.secret_key.get_secret_value().split(","))
        from framemill.storage.secret import kept_secret

        return (kept_secret(self.settings.data_dir / "secret"),)

    @cached_property
    def jobs(self) -> "Jobs":
        """The use cases around jobs."""
        from framemill.services.jobs import Jobs

        return Jobs(
            self.database,
            dispatcher=self.dispatcher,
            max_attempts=self.settings.max_attempts,
            places=self.places,
        )

    @cached_property
    def video_jobs(self) -> "VideoJobs":
        """The use cases around jobs on stored videos."""
        from framemill.services.video_jobs import VideoJobs

        return VideoJobs(self.database, self.jobs)

    @cached_property
    def video_plans(self) -> "VideoPlans":
        """Planning on stored videos."""
        from framemill.services.video_plans import VideoPlans

        return VideoPlans(
            self.database, self.plans, stock=lambda: self.stock, work=self._work_dir, prices=self.prices
        )

    @property
    def _work_dir(self) -> Path:
        return self.settings.work_dir or self.settings.data_dir / "work"

    @cached_property
    def places(self) -> "Places":
        """Where jobs work on this machine."""
        from framemill.engine.places import Places

        return Places(work=self._work_dir, open_stock=lambda: self.stock)

    @cached_property
    def stock(self) -> "Stock":
        """The store as jobs see it."""
        from framemill.engine.stock import Stock
        from framemill.storage.cache import Cache

        s = self.settings
        cache = Cache(self.blobs, s.cache_dir / "videos", limit=s.stage_cache_bytes)
        return Stock(blobs=self.blobs, cache=cache, shared=self._shares_work)

    @property
    def _shares_work(self) -> bool:
        s = self.settings
        if s.shared_work != "auto":
            return s.shared_work == "yes"
        # SQLite keeps everybody on one machine.
        return self.database.tells and (s.engine == "celery" or s.storage == "s3")

    @cached_property
    def playback(self) -> "Playback":
        """The use cases around playing."""
        from framemill.services.playback import Playback

        s = self.settings
        return Playback(self.database, self.signer, public_url=s.public_url, lifetime=s.playback_lifetime)

    @property
    def redirects_media(self) -> bool:
        """Whether players are sent to the store for what is not a manifest."""
        return self.settings.storage == "s3" and not self.settings.media_proxy

    @cached_property
    def workspaces(self) -> "Workspaces":
        """The use cases around workspaces."""
        from framemill.services.workspaces import Workspaces

        return Workspaces(self.database, sweep=self._sweep_some)

    @cached_property
    def collections(self) -> "Collections":
        """The use cases around collections."""
        from framemill.services.collections import Collections

        return Collections(self.database, self.workspaces, sweep=self._sweep_some)

    @cached_property
    def videos(self) -> "Videos":
        """The use cases around videos."""
        from framemill.services.videos import Videos

        return Videos(self.database, self.collections, self.remover)

    @cached_property
    def remover(self) -> "Remover":
        """Who takes away what is being deleted."""
        from framemill.services.deletion import Remover

        return Remover(database=self.database, blobs=lambda: self.blobs, cancel=self.jobs.cancel)

    @cached_property
    def retention(self) -> "Retention":
        """Who keeps to the rules of what is kept for how long."""
        from framemill.services.retention import Retention

        return Retention(self.database, self.videos, blobs=lambda: self.blobs)

    def _sweep_some(self) -> None:
        """Begin with what was just deleted; the janitor goes on."""
        self.remover.sweep(at_most=_SWEPT_AT_ONCE)

    @cached_property
    def stats(self) -> "Stats":
        """Numbers about jobs."""
        from framemill.services.stats import Stats

        return Stats(self.database, currency=self.settings.currency)

    @cached_property
    def workers(self) -> "Workers":
        """Who works."""
        from framemill.services.stats import Workers

        return Workers(self.database)

    @cached_property
    def batches(self) -> "Batches":
        """The use cases around batches."""
        from framemill.services.batches import Batches

        return Batches(
            self.database, self.jobs, dispatcher=self.dispatcher, max_attempts=self.settings.max_attempts
        )

    @cached_property
    def guard(self) -> "Guard":
        """The way out to other machines; InvalidSettings."""
        from framemill.fetch.addresses import AllowList
        from framemill.fetch.guard import Guard

        return Guard(AllowList.of(self.settings.fetch_allow.split(",")))

    @cached_property
    def fetcher(self) -> "Fetcher":
        """Who downloads; InvalidSettings."""
        from framemill.fetch.crew import Rules
        from framemill.fetch.direct import Direct
        from framemill.fetch.fetcher import Fetcher
        from framemill.fetch.slots import Slots

        s = self.settings
        rules = Rules(
            max_bytes=s.fetch_max_bytes,
            timeout_s=s.fetch_timeout.total_seconds(),
            min_rate=s.fetch_min_rate,
            connections=s.fetch_per_host,
        )
        slots = Slots(s.data_dir / "fetch", per_host=s.fetch_per_host)
        files = Direct(self.guard, slots, rules)
        return Fetcher(files, None, mode=s.ytdlp)

    @cached_property
    def downloads(self) -> "Downloads":
        """Downloading without a job."""
        from framemill.services.downloads import Downloads

        return Downloads(lambda: self.fetcher)

    @cached_property
    def access(self) -> "Access":
        """Who may come in."""
        from framemill.services.access import Access

        return Access(self.database)

    @cached_property
    def plans(self) -> "Plans":
        """Planning on its own; needs no database."""
        from framemill.services.plans import Plans

        return Plans(lambda: self.machine)

    @cached_property
    def dispatcher(self) -> "Dispatcher":
        """How workers learn that there is work."""
        if self._in_memory:
            from framemill.engine.dispatch import Unheard

            return Unheard()
        if self.settings.engine == "celery":
            from framemill.engine.broker import Broker

            return Broker(self.broker_url, prefix=self.settings.queue_prefix)
        if self.database.tells:
            from framemill.engine.notices import Notices

            return Notices(self.database)
        from framemill.engine.bells import Bells

        return Bells(self.bells)

    @property
    def broker_url(self) -> str:
        """Where Celery's messages go, with the password in it; InvalidSettings where nothing is set."""
        if self.settings.broker_url is None:
            raise InvalidSettings(
                "the engine is celery, and no broker is set",
                hint="set FRAMEMILL_BROKER_URL, for example to redis://localhost:6379/0",
            )
        return self.settings.broker_url.get_secret_value()

    @property
    def bells(self) -> Path:
        """Where idle workers of this machine hang their bells."""
        return self.settings.data_dir / "bells"

    def bell(self) -> "PipeBell | NoticeBell":
        """A bell for a worker of this process."""
        from framemill.engine.bells import PipeBell

        pipe = PipeBell(self.bells)
        if not self.database.tells:
            return pipe
        from framemill.engine.notices import NoticeBell

        return NoticeBell(pipe, self.database)

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

        leftovers = Leftovers(database=self.database, places=self.places)
        often = self.settings.watchdog_interval
        return (
            Chore(name="uploads ended", every=often, do=lambda: self.upload_watch.tidy().all),
            Chore(name="videos removed", every=timedelta(0), do=self.remover.sweep),
            Chore(name="videos given up", every=timedelta(hours=1), do=self.remover.give_up),
            Chore(name="kept no longer", every=timedelta(days=1), do=self.retention.run),
            Chore(name="leftovers removed", every=timedelta(hours=1), do=leftovers.clear),
            Chore(
                name="half-written files removed",
                every=timedelta(hours=1),
                do=lambda: self.keeping.sweep(),  # noqa: PLW0108 - nobody opens the store before its turn
            ),
        )

    @cached_property
    def uploads(self) -> "Uploads":
        """The use cases around uploads; InvalidSettings where a kind of file is unknown."""
        from framemill.domain.sniffing import ENDINGS
        from framemill.domain.uploads import Limits
        from framemill.services.upload_starts import UploadStarts
        from framemill.services.uploads import Uploads

        s = self.settings
        types = tuple(word.strip().lower().lstrip(".") for word in s.upload_types.split(",") if word.strip())
        if not types or (unknown := [word for word in types if word not in ENDINGS]):
            raise InvalidSettings(
                f"setting 'upload_types': {', '.join(unknown) if types else 'nothing'} cannot be taken in",
                hint=f"known: {', '.join(ENDINGS)}",
            )
        limits = Limits(max_bytes=s.upload_max_bytes, types=types)
        starts = UploadStarts(
            self.database,
            self.collections,
            limits=limits,
            part_bytes=s.upload_part_bytes,
            expiry=s.upload_expiry,
        )
        return Uploads(self.database, self.blobs, starts, self._upload_ends, limits=limits)

    @cached_property
    def upload_watch(self) -> "UploadWatch":
        """Who looks after uploads that were left."""
        from framemill.services.upload_watch import UploadWatch

        return UploadWatch(self.database, self.blobs, self._upload_ends)

    @cached_property
    def _upload_ends(self) -> "UploadEnds":
        from framemill.services.upload_ends import UploadEnds

        return UploadEnds(self.database, self.blobs, self.remover, start=self.video_jobs.start_default)

    @cached_property
    def prices(self) -> "Prices":
        """What work costs here."""
        from framemill.domain.costs import Prices

        s = self.settings
        return Prices(
            cpu_second=s.price_cpu_second,
            gpu_second=s.price_gpu_second,
            gb_month=s.price_gb_month,
            gb_egress=s.price_gb_egress,
            currency=s.currency,
        )

    def run_job(self, job_id: str, sink: "EventSink | None" = None) -> "JobDetail":
        """Run a job in this process until it has ended, however it ends; its record says how.

        Ctrl-C and SIGTERM cancel it and raise KeyboardInterrupt. Raises
        IllegalTransition where another living worker has it.
        """
        self.worker(sink, foreground=True).run_job(job_id)
        return self.jobs.show(job_id)

    def close(self) -> None:
        """Let go of the database, where one was opened."""
        if "database" in self.__dict__:
            self.database.close()


def open_app(settings: Settings | None = None, *, in_memory: bool = False) -> App:
    """The application on `settings`, or on what the environment and the file say.

    `in_memory` keeps jobs in this process only. Raises InvalidSettings.
    """
    return App(settings or read_settings(), in_memory=in_memory)


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
