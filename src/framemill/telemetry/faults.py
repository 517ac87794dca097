"""Faults of the program itself, to a Sentry where one is set. What goes wrong on purpose is not reported.

Nothing is loaded and nothing sent before `start`. A report holds the error,
where in our code it came up, and ids: no addresses, no names, no values of
variables, and every text as a log line would have it.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from framemill.domain import context
from framemill.domain.redaction import redacted
from framemill.errors import FramemillError, InvalidSettings

if TYPE_CHECKING:
    from sentry_sdk import Client

_FLUSH_S: Final = 2.0
_TOLD: Final = ("job_id", "task_id", "task", "correlation_id", "attempt")

_client: "Client | None" = None
_lock = threading.Lock()


def start(dsn: str, *, release: str, environment: str) -> None:
    """Report faults of this process to `dsn` from now on; InvalidSettings."""
    global _client  # noqa: PLW0603 - one for each process, as logging is
    try:
        from sentry_sdk import Client
        from sentry_sdk.utils import BadDsn
    except ImportError as error:
        raise InvalidSettings(
            "reports to Sentry need its library", hint="pip install 'framemill[sentry]', or unset the DSN"
        ) from error
    with _lock:
        stop_now, _client = _client, None
        if stop_now is not None:
            stop_now.close(timeout=0)
        try:
            _client = Client(
                dsn=dsn,
                release=f"framemill@{release}",
                environment=environment,
                before_send=_clean,
                # Only what `report` is given; nothing is hooked into.
                default_integrations=False,
                auto_enabling_integrations=False,
                include_local_variables=False,
                max_breadcrumbs=0,
                server_name="",
                send_client_reports=False,
                auto_session_tracking=False,
                shutdown_timeout=_FLUSH_S,
            )
        except BadDsn:
            # What it says holds the key.
            raise InvalidSettings("setting 'sentry_dsn': this is no DSN") from None


def report(error: BaseException) -> None:
    """Send `error`, soon and from another thread, unless nobody listens or it was raised on purpose.

    An error that stands for an unforeseen one is reported as that.
    """
    client = _client
    if client is None or (isinstance(error, FramemillError) and type(error) is not FramemillError):
        return
    from sentry_sdk.utils import event_from_exception

    cause = error.__cause__ if isinstance(error, FramemillError) and error.__cause__ else error
    event, hint = event_from_exception(cause, client_options=client.options)
    client.capture_event(event, hint=hint)


def on() -> bool:
    """True where faults are reported."""
    return _client is not None


def stop() -> None:
    """Send what waits, for two seconds at most, and report no more."""
    global _client
    with _lock:
        client, _client = _client, None
    if client is not None:
        client.close(timeout=_FLUSH_S)


def _clean(event: Any, _hint: object) -> Any:  # noqa: ANN401 - Sentry's own type, which grows with each version
    event["tags"] = {name: str(value) for name, value in context.facts().items() if name in _TOLD}
    for name in ("server_name", "user", "request", "modules", "extra", "breadcrumbs"):
        event.pop(name, None)
    clean = redacted(event)
    return {**clean, "event_id": event.get("event_id")} if isinstance(clean, Mapping) else None
