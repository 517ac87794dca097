"""Adapters become services, those that tell others what happens: webhooks and alerts."""

from functools import cached_property
from typing import TYPE_CHECKING

from framemill.app.figures import Figures

if TYPE_CHECKING:
    from framemill.fetch.guard import Guard
    from framemill.services.alerts import Alerts
    from framemill.services.courier import Courier
    from framemill.services.webhook_secrets import Sealed
    from framemill.services.webhooks import Webhooks


class Telling(Figures):
    """The services that tell things, each made when it is first asked for."""

    @cached_property
    def webhooks(self) -> "Webhooks":
        """The use cases around webhooks; InvalidSettings."""
        from framemill.fetch.addresses import parse
        from framemill.services.webhooks import Webhooks

        return Webhooks(
            self.database,
            judge=lambda url: self._webhook_guard.judge(parse(url)),
            sealed=lambda: self._sealed,
            send=self.courier.send,
            keep=self.settings.keep_deliveries,
        )

    @cached_property
    def courier(self) -> "Courier":
        """Who tells webhooks; InvalidSettings."""
        from importlib.metadata import version
        from random import random

        from framemill.fetch.posting import Poster
        from framemill.services.courier import Courier

        poster = Poster(
            self._webhook_guard,
            timeout_s=self.settings.webhook_timeout.total_seconds(),
            agent=f"Framemill/{version('framemill')} (webhooks)",
        )
        return Courier(
            self.database,
            poster=poster,
            sealed=lambda: self._sealed,
            spread=random,
            patience=self.settings.webhook_patience,
        )

    @cached_property
    def alerts(self) -> "Alerts":
        """Who tells operators what is wrong; InvalidSettings."""
        from framemill.domain.alerts import Manner
        from framemill.services.alerts import Alerts
        from framemill.services.conditions import Conditions
        from framemill.telemetry.apprised import Apprised

        s = self.settings
        tell = None
        if s.alert_urls is not None:
            services = Apprised(s.alert_urls.get_secret_value())
            services.check()
            tell = services.tell
        conditions = Conditions(
            self.database,
            disks=self.disks,
            most_waiting=s.alert_queue,
            most_failed=s.alert_failures,
            most_full=s.alert_disk,
            stuck_after=s.stuck_after,
        )
        return Alerts(
            self.database,
            look=conditions.look,
            tell=tell,
            manner=Manner(steady=s.alert_steady, quiet=s.alert_quiet),
        )

    @cached_property
    def _sealed(self) -> "Sealed":
        from framemill.services.webhook_secrets import Sealed

        return Sealed(self.secrets)

    @cached_property
    def _webhook_guard(self) -> "Guard":
        from framemill.fetch.addresses import AllowList
        from framemill.fetch.guard import Guard

        allow = AllowList.of(self.settings.webhook_allow.split(","), setting="webhook_allow")
        return Guard(allow, setting="FRAMEMILL_WEBHOOK_ALLOW")
