"""How the program says what it does: events with facts, never sentences.

    log = get_log(__name__)
    log.info("task.done", wall_ms=1200)

The standard library's loggers carry them, so nothing is loaded and nothing is
written until `telemetry.lines` says where to. Used as a library or from the
command line, Framemill is silent.
"""

import logging
from collections.abc import Mapping
from typing import Final

ROOT: Final = "framemill"
logging.getLogger(ROOT).addHandler(logging.NullHandler())


class Event:
    """What a record's message is: a name and facts."""

    __slots__ = ("facts", "name")

    def __init__(self, name: str, facts: Mapping[str, object]) -> None:
        self.name = name
        self.facts = facts

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.name}: {facts}" if facts else self.name


class Log:
    """A part of the program that says something."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **facts: object) -> None:
        """What only helps to find a fault."""
        self._say(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """What happened as it should."""
        self._say(logging.INFO, event, facts)

    def warning(self, event: str, *, error: BaseException | None = None, **facts: object) -> None:
        """What went wrong and is dealt with."""
        self._say(logging.WARNING, event, facts, error)

    def error(self, event: str, *, error: BaseException | None = None, **facts: object) -> None:
        """What went wrong and should not have."""
        self._say(logging.ERROR, event, facts, error)

    def _say(
        self, level: int, event: str, facts: Mapping[str, object], error: BaseException | None = None
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", Event(event, facts), exc_info=error, stacklevel=3)


def get_log(name: str) -> Log:
    """The log of a module, by its `__name__`."""
    return Log(name)
