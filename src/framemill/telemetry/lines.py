"""How log records become lines, and whose: ours and those of every library, through the same processors.

JSON, one object a line, or columns for a terminal. Nothing is loaded before
the first line is written.
"""

import logging
import sys
import threading
from collections.abc import MutableMapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

from framemill.domain import context
from framemill.domain.redaction import redacted
from framemill.telemetry.log import ROOT, Event

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter
    from structlog.typing import Processor

Form = Literal["auto", "json", "text"]
Level = Literal["debug", "info", "warning", "error"]
Line = MutableMapping[str, Any]  # Any: structlog's own; a line holds whatever was logged

_LONGEST: Final = 20_000  # characters of one value
_STRUCTURE: Final = frozenset({"level", "timestamp", "logger"})


def configure(*, level: Level = "info", form: Form = "auto", stream: TextIO | None = None) -> None:
    """Write what is logged to `stream`, stderr if None; what a thread dies of too.

    `auto` writes JSON where the stream is no terminal. Done again, it replaces
    what was there. Libraries are heard from warnings on.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Formatter(as_json=form == "json" or (form == "auto" and not out.isatty())))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(level.upper())
    # A line of access holds addresses, and whoever has a signed one can watch.
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)
    logging.raiseExceptions = False
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed


class _Formatter(logging.Formatter):
    """Lines by structlog."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        return self._made.format(record)

    @cached_property
    def _made(self) -> "ProcessorFormatter":
        import structlog

        renderer: Processor = (
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
            if self._as_json
            else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        )
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _told,
            ],
            processors=[
                structlog.processors.format_exc_info,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                renderer,
            ],
            pass_foreign_args=True,
        )


def _told(_logger: object, _method: str, line: Line) -> Line:
    """The event's own name and facts, and what is bound."""
    record: logging.LogRecord = line["_record"]
    args = line.pop("positional_args", ())
    said = args[0] if isinstance(args, tuple) and len(args) == 1 else None
    if isinstance(said, Event):
        line["event"] = said.name
        line.update({_free(name): value for name, value in said.facts.items()})
    for name, value in context.facts().items():
        line.setdefault(_free(name), value)
    line["thread"] = record.threadName
    line["process"] = record.process
    return line


def _free(name: str) -> str:
    return f"{name}_" if name in _STRUCTURE or name in {"event", "thread", "process"} else name


def redact(_logger: object, _method: str, line: Line) -> Line:
    """The last processor before a line is written: no secrets, no paths, and of anything only so much."""
    kept = {name: line.pop(name) for name in tuple(line) if name in _STRUCTURE}
    shortened = {
        name: f"{value[:_LONGEST]}..." if isinstance(value, str) and len(value) > _LONGEST else value
        for name, value in line.items()
    }
    clean = redacted(shortened)
    assert isinstance(clean, dict)
    return {**kept, **clean}


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _say_crash("process.crashed", error)


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        _say_crash("thread.crashed", args.exc_value)


def _say_crash(event: str, error: BaseException) -> None:
    logging.getLogger(ROOT).critical("%s", Event(event, {}), exc_info=error)
