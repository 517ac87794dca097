"""What stands before the endpoints, alone: slow and large bodies, crashes half-way."""

import asyncio
import re
from collections.abc import Iterable

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from framemill.api.guards import Bounded, KnownHosts, Sheltered

NEVER = re.compile(r"(?!)")


async def _length(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how long the body was, as an endpoint does that swallows what goes wrong while it reads."""
    try:
        body = await Request(scope, receive).body()
    except Exception as error:  # noqa: BLE001 - as frameworks do
        await PlainTextResponse(type(error).__name__, status_code=400)(scope, receive, send)
        return
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def _asked(
    app: ASGIApp, pieces: Iterable[bytes | float], *, path: str = "/", headers: Iterable[tuple[str, str]] = ()
) -> list[Message]:
    """What `app` sends for a body in `pieces`; a number is a pause in seconds."""

    async def ask() -> list[Message]:
        sent: list[Message] = []
        coming = iter(pieces)

        async def receive() -> Message:
            for piece in coming:
                if isinstance(piece, float):
                    await asyncio.sleep(piece)
                    continue
                return {"type": "http.request", "body": piece, "more_body": True}
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers],
            "state": {"correlation_id": "one"},
        }
        await app(scope, receive, send)
        return sent

    return asyncio.run(ask())


def _bounded(**limits: float) -> ASGIApp:
    settings = {"most_bytes": 100, "grace_s": 30.0, "bytes_per_s": 10} | limits
    return Bounded(_length, unbounded=re.compile("/large/"), **settings)  # type: ignore[arg-type]  # its own fields


def test_a_body_within_its_limits_arrives_whole() -> None:
    sent = _asked(_bounded(), [b"x" * 60, b"x" * 40])

    assert (sent[0]["status"], sent[1]["body"]) == (200, b"100")


def test_a_body_that_grows_too_large_is_refused_whatever_the_endpoint_makes_of_it() -> None:
    sent = _asked(_bounded(), [b"x" * 60, b"x" * 41, b"x" * 1000])

    assert sent[0]["status"] == 413
    assert b"limit_exceeded" in sent[1]["body"]
    assert (b"connection", b"close") in sent[0]["headers"]
    assert len(sent) == 2


def test_a_body_that_is_announced_as_too_large_is_not_read() -> None:
    pieces = iter([b"x"])

    sent = _asked(_bounded(), pieces, headers=[("content-length", "101")])

    assert sent[0]["status"] == 413
    assert list(pieces) == [b"x"]


def test_endpoints_for_files_take_what_they_like() -> None:
    sent = _asked(_bounded(), [b"x" * 5000], path="/large/1")

    assert sent[1]["body"] == b"5000"


def test_a_body_that_drips_is_ended() -> None:
    sent = _asked(_bounded(grace_s=0.05), [b"x", 3600.0, b"x"])

    assert sent[0]["status"] == 408
    assert b'"code":"timeout"' in sent[1]["body"]


def test_bytes_buy_time() -> None:
    sent = _asked(_bounded(grace_s=0.05, most_bytes=10**9), [b"x" * 10_000, 0.2, b"x"])

    assert sent[1]["body"] == b"10001"


def test_the_time_that_we_take_ourselves_does_not_count() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.2)
        await _length(scope, receive, send)

    guard = Bounded(slow, most_bytes=100, unbounded=NEVER, grace_s=0.1)

    assert _asked(guard, [b"x"])[1]["body"] == b"1"


def test_a_crash_half_way_cuts_the_connection() -> None:
    async def crash(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        _asked(Sheltered(crash), [])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
def test_only_names_of_ours_are_answered(host: str, status: int) -> None:
    sent = _asked(KnownHosts(_length, hosts=["localhost", "[::1]"]), [], headers=[("host", host)])

    assert sent[0]["status"] == status
