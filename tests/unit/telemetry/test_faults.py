"""Reports to a Sentry that is a server of this test: what arrives is what counts."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module

import pytest

from framemill.domain import context
from framemill.errors import FramemillError, InputNotFound, InvalidSettings
from framemill.telemetry import faults

KEY = "fm_3kXq0V9aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"


class Ingest:
    """Takes envelopes."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        taken = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken.append(_unpacked(body, self.headers.get("Content-Encoding")))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self.server.server_port}/1"

    @property
    def events(self) -> list[dict[str, object]]:
        """Every report."""
        lines = [json.loads(line) for body in self.bodies for line in body.splitlines()]
        return [line for line in lines if "exception" in line]


def _unpacked(body: bytes, how: str | None) -> str:
    if how == "br":  # where yt-dlp's companions are installed
        return bytes(import_module("brotli").decompress(body)).decode()
    return (gzip.decompress(body) if how == "gzip" else body).decode()


@pytest.fixture(name="ingest")
def _ingest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    ingest = Ingest()
    thread = threading.Thread(target=ingest.server.serve_forever, daemon=True)
    thread.start()
    faults.start(ingest.dsn, release="1.2.3", environment="test")
    yield ingest
    faults.stop()
    ingest.server.shutdown()
    thread.join()
    ingest.server.server_close()


def _raised(error: Exception) -> Exception:
    password = "hunter2"  # a variable of a frame
    try:
        assert password
        raise error
    except type(error) as raised:
        return raised


def test_what_is_unforeseen_arrives_without_secrets_paths_or_variables(ingest: Ingest) -> None:
    with context.bound(job_id="j-1", correlation_id="c-1", user="alice"):
        faults.report(_raised(RuntimeError(f"cannot read /home/alice/a.mp4 with {KEY}")))
    faults.stop()

    (event,) = ingest.events
    sent = "".join(ingest.bodies)
    assert "RuntimeError" in sent
    assert event["tags"] == {"job_id": "j-1", "correlation_id": "c-1"}
    assert (event["release"], event["environment"]) == ("framemill@1.2.3", "test")
    for hidden in (KEY, "/home", "hunter2", "alice", __file__, "server_name"):
        assert hidden not in sent.replace('password = "hunter2"', "")


def test_what_is_raised_on_purpose_is_not_reported(ingest: Ingest) -> None:
    faults.report(_raised(InputNotFound("a.mp4")))
    faults.stop()

    assert ingest.events == []


def test_an_error_that_stands_for_an_unforeseen_one_is_reported_as_that(ingest: Ingest) -> None:
    stands = FramemillError("something unexpected happened")
    stands.__cause__ = _raised(ZeroDivisionError("by nothing"))

    faults.report(stands)
    faults.stop()

    assert "ZeroDivisionError" in str(ingest.events)


def test_without_a_sentry_nothing_is_loaded_or_sent() -> None:
    faults.report(RuntimeError("nobody listens"))

    assert not faults.on()


def test_what_is_no_dsn_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidSettings) as caught:
        faults.start("not-a-dsn-with-a-key", release="1", environment="test")

    assert "with-a-key" not in str(caught.value)
