"""Messages to operators through Apprise: Slack, mail, webhooks and a hundred others, by their addresses.

The addresses are the operator's own, so the outbound guard is not in between.
Its library is loaded when the first message is sent, or when it is checked.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from framemill.errors import AlertNotSent, InvalidSettings

if TYPE_CHECKING:
    from apprise import Apprise


class Apprised:
    """The services that hear of alerts."""

    def __init__(self, urls: str) -> None:
        self._urls = urls

    def check(self) -> None:
        """Raise InvalidSettings where an address is none, or the library is not there."""
        _ = self._services

    def tell(self, title: str, body: str, *, well: bool = False) -> None:
        """Send a message to all; `well` where all is well again. InvalidSettings, AlertNotSent."""
        from apprise import NotifyFormat, NotifyType

        kind = NotifyType.SUCCESS if well else NotifyType.FAILURE
        told = self._services.notify(body, title=title, notify_type=kind, body_format=NotifyFormat.TEXT)
        if not told:
            raise AlertNotSent(hint="look at FRAMEMILL_ALERT_URLS, and try `framemill alerts test`")

    @cached_property
    def _services(self) -> "Apprise":
        try:
            from apprise import Apprise
        except ImportError as error:
            raise InvalidSettings(
                "alerts need Apprise", hint="pip install 'framemill[alerts]', or unset FRAMEMILL_ALERT_URLS"
            ) from error
        services = Apprise()
        # What it logs of a wrong one holds its tokens, and so would an error of ours.
        if not services.add(self._urls) or not len(services):
            raise InvalidSettings(
                "setting 'alert_urls': an address is none that Apprise knows",
                hint="such as slack://TOKEN_A/TOKEN_B/TOKEN_C or jsons://host/path",
            )
        return services
