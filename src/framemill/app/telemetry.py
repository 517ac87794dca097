"""Settings become what an operator sees of this process, and what no text may show."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from urllib.parse import unquote

from pydantic import SecretStr

from framemill.domain.redaction import learn
from framemill.settings import Settings

_SECRET = re.compile(r"SECRET|PASSW(OR)?D|TOKEN|(API|ACCESS|PRIVATE)_?KEY|CREDENTIAL", re.IGNORECASE)
_BETWEEN = re.compile(r"[/,@:?&=#\s]+")
_PASSWORD = re.compile(r"^[a-z][\w+.-]*://[^:/?#]*:(.*)@", re.IGNORECASE)


def learn_secrets(settings: Settings) -> None:
    """Find this installation's secrets wherever they stand: those of its settings and its environment."""
    values = [getattr(settings, name) for name in Settings.model_fields]
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    named = [
        value for name, value in os.environ.items() if _SECRET.search(name) and not value.startswith("/")
    ]
    urls = [value for value in os.environ.values() if "://" in value and "@" in value]
    learn(*(part for text in (*secrets, *named) for part in _parts(text)), *map(_password, urls))
    if settings.alert_urls is not None:
        # Addresses of services have their tokens anywhere. What is short or a plain word is not learned.
        learn(*_BETWEEN.split(settings.alert_urls.get_secret_value()))


def start_telemetry(settings: Settings) -> None:
    """Log as the settings say, and report faults where they say so. For processes that serve or work."""
    from framemill.telemetry.lines import configure

    configure(level=settings.log_level, form=settings.log_format)
    if settings.sentry_dsn is not None:
        from framemill.telemetry import faults

        faults.start(
            settings.sentry_dsn.get_secret_value(),
            release=version("framemill"),
            environment=settings.sentry_environment,
        )


def announcer(settings: Settings) -> Callable[[str], object]:
    """How a service says a line to whoever started it: as it is, or as an event where all is to be JSON."""
    if settings.log_format == "json":
        from framemill.telemetry.log import get_log

        return lambda line: get_log("framemill.service").info("service.said", said=line)
    return lambda line: print(line, file=sys.stderr, flush=True)  # noqa: T201 - a service's log is its stderr


def _parts(text: str) -> Iterator[str]:
    """A secret as it may turn up elsewhere: whole, one of several, or the password of a URL."""
    if "://" in text:
        yield _password(text)
        return
    yield text
    yield from (part.strip() for part in text.split(","))


def _password(url: str) -> str:
    found = _PASSWORD.match(url)
    return unquote(found[1]) if found else ""
