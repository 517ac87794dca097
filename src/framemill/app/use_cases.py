"""Adapters become services: the use cases that every door calls."""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from framemill.app.people import People
from framemill.errors import InvalidSettings

if TYPE_CHECKING:
    from framemill.domain.uploads import Limits
    from framemill.services.artifacts import Artifacts
    from framemill.services.batches import Batches
    from framemill.services.collections import Collections
    from framemill.services.deletion import Remover
    from framemill.services.downloads import Downloads
    from framemill.services.events import Events
    from framemill.services.jobs import Jobs
    from framemill.services.keeping import Keeping
    from framemill.services.landing import Landing
    from framemill.services.order_results import OrderResults
    from framemill.services.order_watch import OrderWatch
    from framemill.services.orders import Orders
    from framemill.services.plans import Plans
    from framemill.services.playback import Playback
    from framemill.services.repeats import Repeats
    from framemill.services.retention import Retention
    from framemill.services.stats import Stats, Workers
    from framemill.services.upload_ends import UploadEnds
    from framemill.services.upload_watch import UploadWatch
    from framemill.services.uploads import Uploads
    from framemill.services.video_batches import VideoBatches
    from framemill.services.video_downloads import VideoDownloads
    from framemill.services.video_jobs import VideoJobs
    from framemill.services.video_plans import VideoPlans
    from framemill.services.videos import Videos
    from framemill.services.workspaces import Workspaces

_SWEPT_AT_ONCE = 100  # videos; a request should not take long


class UseCases(People):
    """The services, each made when it is first asked for."""

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
    def events(self) -> "Events":
        """What becomes of jobs, as it happens."""
        from framemill.services.events import Events

        return Events(self.database, keep=self.settings.keep_events)

    @cached_property
    def video_jobs(self) -> "VideoJobs":
        """The use cases around jobs on stored videos."""
        from framemill.services.video_jobs import VideoJobs

        return VideoJobs(self.database, self.jobs)

    @cached_property
    def orders(self) -> "Orders":
        """The use cases around orders; InvalidSettings."""
        from framemill.fetch.addresses import parse
        from framemill.services.orders import Orders

        return Orders(
            self.database,
            self.jobs,
            self.video_jobs,
            folder=self._work_dir / "orders",
            blobs=lambda: self.blobs,
            judge=lambda url: self.guard.judge(parse(url)),
            limits=self._upload_limits,
            floor=self.settings.storage_floor,
            grace=self.settings.process_grace,
        )

    @cached_property
    def order_results(self) -> "OrderResults":
        """The use cases around results of orders."""
        from framemill.services.order_results import OrderResults

        keep = self.settings.process_keep
        return OrderResults(self.jobs, folder=self.orders.folder, blobs=lambda: self.blobs, keep=keep)

    @cached_property
    def order_watch(self) -> "OrderWatch":
        """Who looks after orders that were left."""
        from framemill.services.order_watch import OrderWatch

        return OrderWatch(self.database, self.orders, keep=self.settings.process_keep)

    @cached_property
    def video_plans(self) -> "VideoPlans":
        """Planning on stored videos."""
        from framemill.services.video_plans import VideoPlans

        return VideoPlans(
            self.database, self.plans, stock=lambda: self.stock, work=self._work_dir, prices=self.prices
        )

    @cached_property
    def playback(self) -> "Playback":
        """The use cases around playing."""
        from framemill.services.playback import Playback

        s = self.settings
        return Playback(self.database, self.signer, public_url=self.public_url, lifetime=s.playback_lifetime)

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

        return Remover(
            database=self.database,
            blobs=lambda: self.blobs,
            cancel=partial(self.jobs.cancel, actor="deletion"),
            kept=lambda: self.earlier_work(stored=True),
        )

    @cached_property
    def retention(self) -> "Retention":
        """Who keeps to the rules of what is kept for how long."""
        from framemill.services.retention import Retention

        return Retention(self.database, self.videos, blobs=lambda: self.blobs)

    def _sweep_some(self) -> None:
        """Begin with what was just deleted; the janitor goes on."""
        self.remover.sweep(at_most=_SWEPT_AT_ONCE)

    def _sweep_store(self) -> int:
        return self.keeping.sweep()

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
    def video_batches(self) -> "VideoBatches":
        """Batches on stored videos."""
        from framemill.services.video_batches import VideoBatches

        return VideoBatches(
            self.database, dispatcher=self.dispatcher, max_attempts=self.settings.max_attempts
        )

    @cached_property
    def artifacts(self) -> "Artifacts":
        """What jobs made."""
        from framemill.services.artifacts import Artifacts

        return Artifacts(
            self.database, self.playback, lambda: self.blobs, lifetime=self.settings.playback_lifetime
        )

    @cached_property
    def downloads(self) -> "Downloads":
        """Downloading without a job."""
        from framemill.services.downloads import Downloads

        return Downloads(lambda: self.fetcher)

    @cached_property
    def video_downloads(self) -> "VideoDownloads":
        """Addresses that become videos."""
        from framemill.fetch.addresses import parse
        from framemill.services.video_downloads import VideoDownloads

        return VideoDownloads(
            self.database,
            self.collections,
            judge=lambda url: self.guard.judge(parse(url)),
            limits=self._upload_limits,
            dispatcher=self.dispatcher,
            max_attempts=self.settings.max_attempts,
        )

    @cached_property
    def landing(self) -> "Landing":
        """What becomes of films that were fetched for a collection."""
        from framemill.services.landing import Landing

        return Landing(self.remover, limits=self._upload_limits, start=self.video_jobs.start_default)

    @cached_property
    def repeats(self) -> "Repeats":
        """Requests that are sent again."""
        from framemill.services.repeats import Repeats

        return Repeats(self.database)

    @cached_property
    def plans(self) -> "Plans":
        """Planning on its own; needs no database."""
        from framemill.services.plans import Plans

        return Plans(lambda: self.machine, kept=self.earlier_work)

    @cached_property
    def _upload_limits(self) -> "Limits":
        """What is taken in; InvalidSettings where a kind of file is unknown."""
        from framemill.domain.sniffing import ENDINGS
        from framemill.domain.uploads import Limits

        s = self.settings
        types = tuple(word.strip().lower().lstrip(".") for word in s.upload_types.split(",") if word.strip())
        if not types or (unknown := [word for word in types if word not in ENDINGS]):
            raise InvalidSettings(
                f"setting 'upload_types': {', '.join(unknown) if types else 'nothing'} cannot be taken in",
                hint=f"known: {', '.join(ENDINGS)}",
            )
        return Limits(max_bytes=s.upload_max_bytes, types=types)

    @cached_property
    def uploads(self) -> "Uploads":
        """The use cases around uploads; InvalidSettings."""
        from framemill.services.upload_starts import UploadStarts
        from framemill.services.uploads import Uploads

        s, limits = self.settings, self._upload_limits
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
    def keeping(self) -> "Keeping":
        """The use cases around the store as a whole."""
        from framemill.services.keeping import Keeping

        return Keeping(database=self.database, blobs=self.blobs)
