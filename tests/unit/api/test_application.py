import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill import errors
from framemill.api.application import create_app
from framemill.api.problems import STATUS
from framemill.app import App
from framemill.domain.access import Scope
from framemill.errors import FramemillError, VideoNotFound


def _raising(api: FastAPI, error: Exception) -> None:
    @api.get("/boom")
    def boom() -> None:
        raise error


def _all_errors(kind: type[FramemillError] = FramemillError) -> Iterator[type[FramemillError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _all_errors(below)


def test_every_error_has_a_status() -> None:
    mine = {kind for kind in _all_errors() if kind.__module__.startswith("framemill.errors")}

    unplaced = {
        kind.__name__
        for kind in mine - STATUS.keys()
        if not any(parent in STATUS for parent in kind.__mro__[1:] if parent is not FramemillError)
    }
    assert unplaced == set()


def test_an_error_becomes_a_problem(api: FastAPI, client: TestClient) -> None:
    _raising(api, VideoNotFound("x"))

    response = client.get("/boom", headers={"X-Correlation-ID": "abc-1"})

    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    assert response.json() == {
        "type": "urn:framemill:error:video_not_found",
        "title": "There is no such video.",
        "status": 404,
        "code": "video_not_found",
        "detail": "there is no video 'x'",
        "hint": "see `framemill videos list`",
        "errors": [],
        "correlation_id": "abc-1",
    }
    assert response.headers["x-correlation-id"] == "abc-1"


def test_what_is_unforeseen_is_logged_and_not_told(
    api: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    _raising(api, RuntimeError("SELECT secret FROM /home/me/db"))

    with caplog.at_level(logging.ERROR):
        response = client.get("/boom")

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "secret" not in response.text
    assert response.json()["correlation_id"] in caplog.text
    assert "SELECT secret" in caplog.text


def test_an_unsound_correlation_id_is_replaced(client: TestClient) -> None:
    answered = client.get("/health/live", headers={"X-Correlation-ID": "a b\x7f"}).headers["x-correlation-id"]

    assert answered != "a b\x7f"
    assert len(answered) == 36


def test_paths_of_this_machine_are_not_told(api: FastAPI, client: TestClient) -> None:
    _raising(api, errors.InputUnreadable("/srv/films/secret place/a.mp4", "it is a folder"))

    assert "/srv" not in client.get("/boom").text


def test_unknown_addresses_and_methods_are_problems(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json()["code"] == "not_found"
    assert client.post("/health/live").json()["code"] == "method_not_allowed"


def test_another_host_name_is_refused(app: App) -> None:
    client = TestClient(create_app(app, hosts=["127.0.0.1"]), base_url="http://127.0.0.1:8000")

    assert client.get("/health/live").status_code == 200
    refused = client.get("/health/live", headers={"Host": "evil.example"})
    assert (refused.status_code, refused.json()["code"]) == (421, "unknown_host")


def test_answers_tell_browsers_to_be_careful(client: TestClient) -> None:
    headers = client.get("/health/live").headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_large_body_is_refused_before_it_is_read(api: FastAPI, client: TestClient) -> None:
    @api.post("/take")
    def take(body: dict[str, Any]) -> int:
        return len(body)

    headers = {"Content-Type": "application/json"}
    announced = client.post("/take", content=b" " * 1_200_000, headers=headers)
    in_pieces = client.post("/take", content=(b" " * 400_000 for _ in range(3)), headers=headers)

    assert (announced.status_code, announced.json()["code"]) == (413, "limit_exceeded")
    assert (in_pieces.status_code, in_pieces.json()["code"]) == (413, "limit_exceeded")
    assert "x-correlation-id" in in_pieces.headers


def test_a_wrong_field_is_named(api: FastAPI, client: TestClient) -> None:
    @api.get("/numbers")
    def numbers(count: int) -> int:
        return count

    problem = client.get("/numbers", params={"count": "many"}).json()

    assert (problem["status"], problem["code"]) == (422, "invalid_spec")
    assert [fault["field"] for fault in problem["errors"]] == ["query.count"]


def test_a_key_lets_in_and_a_login_link_does_once(app: App, client: TestClient) -> None:
    key = app.access.create_key("ci", scope=Scope.READ).secret

    assert client.get("/api/v1/auth/self").json()["code"] == "unauthenticated"
    known = client.get("/api/v1/auth/self", headers={"Authorization": f"Bearer {key}"}).json()
    assert known == {"name": "key:ci", "scope": "read", "admin": True, "roles": {}, "in_person": False}

    link = TestClient(client.app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5000))
    token = app.access.login_token()
    assert link.get("/login", params={"token": token}, follow_redirects=False).status_code == 303
    assert link.get("/api/v1/auth/self").json()["in_person"] is True
    link.cookies.clear()
    assert link.get("/login", params={"token": token}).status_code == 401


def test_the_description_is_openapi_3_1_and_knows_problems(client: TestClient) -> None:
    schema = client.get("/api/v1/openapi.json").json()

    assert schema["openapi"].startswith("3.1")
    answer = schema["paths"]["/health/live"]["get"]["responses"]["default"]
    assert answer == {"$ref": "#/components/responses/Problem"}
    problem = schema["components"]["responses"]["Problem"]["content"]
    assert problem == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "HTTPValidationError" not in str(schema)


def test_readiness_names_what_is_missing(
    app: App, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Authorization": f"Bearer {app.access.create_key('probe', scope=Scope.READ).secret}"}

    assert client.get("/health/ready", headers=headers).json()["ok"] is True

    def away(*_: object) -> None:
        raise errors.StorageUnavailable

    monkeypatch.setattr(type(app.blobs), "list", away)
    answer = client.get("/health/ready", headers=headers)
    assert answer.status_code == 503
    assert {part["name"]: part["code"] for part in answer.json()["parts"] if not part["ok"]} == {
        "storage": "storage_unavailable"
    }
