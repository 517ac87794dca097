import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from framemill.domain import context
from framemill.telemetry.lines import configure
from framemill.telemetry.log import get_log

KEY = "fm_3kXq0V9aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"
log = get_log("framemill.engine.attempt")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("framemill")
    before = root.handlers[:], root.level, ours.level, sys.excepthook, threading.excepthook
    raises, access = logging.raiseExceptions, logging.getLogger("uvicorn.access").disabled
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level, ours.level, sys.excepthook, threading.excepthook = before
    root.setLevel(before[1])  # forgets what loggers below remember
    ours.setLevel(before[2])
    logging.raiseExceptions = raises
    logging.getLogger("uvicorn.access").disabled = access


def _beat() -> None:
    log.info("heartbeat")


def _lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_away_from_a_terminal_each_event_is_one_json_object() -> None:
    out = io.StringIO()
    configure(stream=out)

    log.info("task.done", wall_ms=1200, said="two\nlines")

    (line,) = _lines(out)
    assert {name: line[name] for name in ("event", "level", "logger", "wall_ms", "said")} == {
        "event": "task.done",
        "level": "info",
        "logger": "framemill.engine.attempt",
        "wall_ms": 1200,
        "said": "two\nlines",
    }
    assert str(line["timestamp"]).endswith("Z")


def test_a_terminal_gets_text() -> None:
    out = Terminal()
    configure(stream=out)

    log.info("task.done", wall_ms=1200)

    assert "task.done" in out.getvalue()
    assert "{" not in out.getvalue()


def test_what_is_bound_stands_on_every_line_and_follows_into_threads() -> None:
    out = io.StringIO()
    configure(stream=out)

    with context.bound(correlation_id="one", job_id="j"):
        log.info("task.begun")
        thread = threading.Thread(target=context.carried(_beat))
        thread.start()
        thread.join()
    log.info("idle")

    assert [(line["event"], line.get("correlation_id"), line.get("job_id")) for line in _lines(out)] == [
        ("task.begun", "one", "j"),
        ("heartbeat", "one", "j"),
        ("idle", None, None),
    ]


def test_libraries_go_through_the_same_processors_from_warnings_on() -> None:
    out = io.StringIO()
    configure(level="debug", stream=out)

    logging.getLogger("sqlalchemy.pool").info("checked out")
    logging.getLogger("sqlalchemy.pool").warning("at %s", "postgresql://u:hunter2@db/mill")
    logging.getLogger("uvicorn.access").warning("GET /media/%s/x", "A" * 40)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")

    assert [line["event"] for line in _lines(out)] == [
        "at postgresql://***@db/mill",
        "Exception in ASGI application",
    ]


def test_secrets_and_paths_are_in_no_part_of_a_line() -> None:
    out = io.StringIO()
    configure(stream=out)

    try:
        raise OSError(f"cannot read /home/alice/films/a.mp4 with {KEY}")
    except OSError as error:
        log.error(
            "task.crashed", error=error, header=f"Bearer {KEY}", password="hunter2", place="/srv/x/y.mp4"
        )

    (line,) = _lines(out)
    assert KEY not in out.getvalue()
    assert "hunter2" not in out.getvalue()
    assert "/home" not in out.getvalue()
    assert __file__ not in out.getvalue()
    assert (line["place"], line["password"]) == ("y.mp4", "***")
    assert "OSError: cannot read a.mp4 with ***" in str(line["exception"])


def test_a_value_of_any_length_is_one_bounded_line() -> None:
    out = io.StringIO()
    configure(stream=out)

    log.info("said", text="x" * 100_000)

    assert len(out.getvalue()) < 25_000


def test_a_thread_that_dies_says_so_in_a_line() -> None:
    out = io.StringIO()
    configure(stream=out)

    thread = threading.Thread(target=lambda: 1 / 0, name="nudge")
    thread.start()
    thread.join()

    (line,) = _lines(out)
    assert (line["event"], line["level"]) == ("thread.crashed", "critical")
    assert "ZeroDivisionError" in str(line["exception"])


def test_the_level_is_the_least_that_is_written() -> None:
    out = io.StringIO()
    configure(level="warning", stream=out)

    log.info("task.done")
    log.warning("job.failed", level="of a fact")

    assert [(line["event"], line["level"], line["level_"]) for line in _lines(out)] == [
        ("job.failed", "warning", "of a fact")
    ]


def test_nothing_is_written_where_nobody_asked_for_lines(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    root.handlers[:] = []

    log.error("heartbeat.failed", reason="x")

    assert capsys.readouterr().err == ""
