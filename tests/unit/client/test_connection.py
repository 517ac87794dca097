import httpx2
import pytest

from framemill.errors import (
    FramemillError,
    ServerRefused,
    ServerUnavailable,
    TimedOut,
    Unauthenticated,
    VideoNotFound,
)
from tests.unit.client.conftest import Door


def _problem(status: int, code: str, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json={"code": code, "detail": "no", "hint": "ask"}, headers=headers)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "unauthenticated", Unauthenticated),
        (404, "video_not_found", VideoNotFound),
        (504, "timeout", TimedOut),
        (418, "teapot", ServerRefused),
    ],
)
def test_what_a_server_refuses_is_told_with_its_code(
    door: Door, status: int, code: str, error: type[FramemillError]
) -> None:
    server = door(lambda _request: _problem(status, code))

    with pytest.raises(error):
        server.ask("GET", "/x")

    assert door.waits.waited == []


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_asked_to_wait_waits_as_long_as_it_is_told(door: Door, status: int) -> None:
    answers = iter([_problem(status, "rate_limited", **{"Retry-After": "7"}), httpx2.Response(200, json=1)])
    server = door(lambda _request: next(answers))

    # Even what may not be done twice: it was refused, so it was not done.
    assert server.ask("POST", "/x", {}) == 1

    assert door.waits.waited == [7.0]


def test_a_lost_answer_is_asked_for_again_under_the_same_key_only(door: Door) -> None:
    seen: list[str | None] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("idempotency-key"))
        if len(seen) % 2:
            raise httpx2.ReadError("lost")
        return httpx2.Response(202, json={"id": "j"})

    server = door(answer)

    assert server.ask("POST", "/jobs", {}, key="k") == {"id": "j"}
    with pytest.raises(ServerUnavailable):
        server.ask("POST", "/jobs", {})

    assert seen == ["k", "k", None]


def test_a_server_that_was_never_there_is_not_waited_for_as_one_that_restarts(door: Door) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/there":
            return httpx2.Response(200, json={})
        raise httpx2.ConnectError("refused")

    server = door(answer)

    with pytest.raises(ServerUnavailable, match=r"https://mill\.test does not answer"):
        server.ask("GET", "/x")
    stranger = door.waits.now()
    server.ask("GET", "/there")
    with pytest.raises(ServerUnavailable):
        server.ask("GET", "/x")

    assert stranger < 5
    assert 500 < door.waits.now() - stranger <= 600


def test_redirects_are_not_followed(door: Door) -> None:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.host)
        return httpx2.Response(307, headers={"Location": "https://elsewhere.test/"})

    with pytest.raises(ServerUnavailable, match="elsewhere"):
        door(answer).once("GET", "/x")

    assert seen == ["mill.test"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"code": 1}'])
def test_what_does_not_answer_as_framemill_is_told(door: Door, body: bytes) -> None:
    with pytest.raises(ServerUnavailable, match="not as Framemill"):
        door(lambda _request: httpx2.Response(404, content=body)).once("GET", "/x")


def test_a_request_that_is_not_understood_tells_which_versions_meet(door: Door) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/health":
            return httpx2.Response(200, json={"version": "7.1.0"})
        return httpx2.Response(
            422, json={"code": "malformed", "detail": "no", "errors": [{"field": "body.x", "message": "new"}]}
        )

    with pytest.raises(ServerRefused, match=r"body\.x: new") as refused:
        door(answer).ask("GET", "/x")

    assert "7.1.0" in str(refused.value.hint)
