"""Adapters become services, those of operators: numbers, costs, batches, the queue, the audit trail."""

from functools import cached_property
from typing import TYPE_CHECKING

from framemill.app.use_cases import UseCases

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from framemill.services.audit_trail import AuditTrail
    from framemill.services.batch_listing import BatchListing
    from framemill.services.breakdowns import Breakdowns
    from framemill.services.costs import Costs
    from framemill.services.holdings import Holdings
    from framemill.services.metering import Metering
    from framemill.services.queue import Queue
    from framemill.services.usage import Kept, Served


class Figures(UseCases):
    """The services of operators, each made when it is first asked for."""

    @cached_property
    def batch_listing(self) -> "BatchListing":
        """Lists of batches."""
        from framemill.services.batch_listing import BatchListing

        return BatchListing(self.database)

    @cached_property
    def breakdowns(self) -> "Breakdowns":
        """Numbers about jobs that ended, in groups."""
        from framemill.services.breakdowns import Breakdowns

        return Breakdowns(self.database, currency=self.settings.currency)

    @cached_property
    def costs(self) -> "Costs":
        """What was spent."""
        from framemill.services.costs import Costs

        return Costs(self.database, prices=self.prices)

    @cached_property
    def served(self) -> "Served":
        """Who counts what is sent out."""
        from framemill.services.usage import Served

        return Served(lambda: self.database)

    @cached_property
    def kept(self) -> "Kept":
        """Who measures what is kept."""
        from framemill.services.usage import Kept

        return Kept(self.database)

    @cached_property
    def queue(self) -> "Queue":
        """The queue as a whole."""
        from framemill.services.queue import Queue

        return Queue(self.database)

    @cached_property
    def audit_trail(self) -> "AuditTrail":
        """What was done."""
        from framemill.services.audit_trail import AuditTrail

        return AuditTrail(self.database)

    @cached_property
    def holdings(self) -> "Holdings":
        """How much room is taken."""
        from framemill.services.holdings import Holdings

        return Holdings(self.database)

    @cached_property
    def metering(self) -> "Metering":
        """What metrics say."""
        from framemill.operations.registry import NAMES
        from framemill.services.metering import Metering

        s = self.settings
        return Metering(
            self.database,
            operations=(*NAMES, "publish"),
            stuck_after=s.stuck_after,
            worker_ttl=s.lease_ttl,
            disks=self.disks,
        )

    @property
    def disks(self) -> "Mapping[str, Path]":
        """The places of this machine that can fill up, by what they are for."""
        s = self.settings
        places = {"data": s.data_dir, "work": self._work_dir}
        if s.storage == "local":
            places["storage"] = s.storage_dir or s.data_dir / "storage"
        return places
