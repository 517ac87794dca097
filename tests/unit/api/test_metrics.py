"""Who may read `/metrics`, what stands there of requests, and the port of its own."""

import threading

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill import errors
from framemill.api.application import create_app
from framemill.api.monitoring import create_monitoring
from framemill.app import App, open_app
from tests.unit.api.conftest import BASE, Place, bearer


def _client(api: FastAPI, host: str) -> TestClient:
    return TestClient(api, base_url=BASE, client=(host, 50000), raise_server_exceptions=False)


def test_the_machine_itself_and_admin_keys_may_read_metrics(
    app: App, api: FastAPI, here: Place, admin: str
) -> None:
    from_here, elsewhere = _client(api, "127.0.0.1"), _client(api, "192.0.2.7")
    proxied = {"X-Forwarded-For": "192.0.2.7"}

    assert from_here.get("/metrics").status_code == 200
    assert from_here.get("/metrics", headers=proxied).status_code == 401
    assert elsewhere.get("/metrics").status_code == 401
    assert elsewhere.get("/metrics", headers=bearer(here.write)).status_code == 403
    answer = elsewhere.get("/metrics", headers=bearer(admin))
    assert (answer.status_code, answer.headers["content-type"][:10]) == (200, "text/plain")
    assert "/metrics" not in elsewhere.get("/api/v1/openapi.json").text


def test_with_a_port_of_their_own_the_machine_alone_is_not_enough_beside_the_api(
    app: App, admin: str
) -> None:
    other = open_app(app.settings.model_copy(update={"metrics_port": 9464}))
    api = create_app(other)
    client = _client(api, "127.0.0.1")

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(admin)).status_code == 200
    other.close()


def test_the_port_of_its_own_needs_no_key_and_has_nothing_else(api: FastAPI) -> None:
    watching = _client(create_monitoring(api.state.figures, api.state.checkup), "192.0.2.7")
    _client(api, "192.0.2.7").get("/api/v1/jobs")

    assert watching.get("/health/live").json() == {"status": "ok"}
    assert watching.get("/health/ready").json()["ok"] is True
    assert watching.get("/health").json()["jobs"] == {"queued": 0, "running": 0, "paused": 0}
    assert 'route="/api/v1/jobs",status="401"' in watching.get("/metrics").text
    assert watching.get("/api/v1/jobs").json()["code"] == "not_found"
    assert watching.get("/docs").status_code == 404


def test_requests_are_counted_by_template_and_never_by_address(api: FastAPI, admin: str) -> None:
    client = _client(api, "127.0.0.1")
    for path in ("/api/v1/jobs/0190-a", "/api/v1/jobs/0190-b", "/media/tokentokentoken/a.mp4", "/no/where"):
        client.get(path, headers=bearer(admin))
    client.request("BREW", "/api/v1/jobs")

    page = client.get("/metrics").text

    asked = 'framemill_http_requests_total{method="GET",route='
    assert f'{asked}"/api/v1/jobs/{{job_id}}",status="404"}} 2.0' in page
    assert f'{asked}"/media/{{token}}/{{path}}",status="403"}} 1.0' in page
    assert f'{asked}"other",status="404"}} 1.0' in page
    assert 'method="other"' in page
    assert "0190" not in page
    assert "tokentoken" not in page
    assert "BREW" not in page


def test_bytes_of_bodies_are_counted_both_ways(api: FastAPI, admin: str) -> None:
    client = _client(api, "127.0.0.1")
    before = api.state.figures.requests.read()

    answer = client.post("/api/v1/workspaces", content=b"{}" + b" " * 998, headers=bearer(admin))

    after = api.state.figures.requests.read()
    for name, size in (("received", 1000), ("sent", len(answer.content))):
        family = f"framemill_http_{name}_bytes_total"
        assert after[family][()] - before[family][()] == size


def test_a_store_that_hangs_is_told_in_time(
    app: App, api: FastAPI, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def hang(*_: object) -> None:
        free.wait(60)
        raise errors.StorageUnavailable

    monkeypatch.setattr(type(app.blobs), "list", hang)
    monkeypatch.setattr(api.state.checkup, "_limit_s", 0.3)
    answer = _client(api, "127.0.0.1").get("/health/ready", headers=bearer(admin))
    free.set()

    assert answer.status_code == 503
    assert {p["name"]: (p["state"], p["code"]) for p in answer.json()["parts"]}["storage"] == (
        "down",
        "timeout",
    )


def test_how_it_is_without_what_others_do(client: TestClient, here: Place, admin: str) -> None:
    whole = client.get("/health", headers=bearer(admin)).json()
    own = client.get("/health", headers=bearer(here.read)).json()

    assert (whole["jobs"]["queued"], whole["workers"]) == (1, {})
    assert (own["jobs"], own["workers"]) == (None, None)
    assert own["version"] == whole["version"]


def test_an_id_of_a_request_is_taken_from_either_header_and_given_back_in_both(client: TestClient) -> None:
    answer = client.get("/api/v1/jobs", headers={"X-Request-ID": "nightly-7"})

    assert answer.headers["x-request-id"] == answer.headers["x-correlation-id"] == "nightly-7"
    assert answer.json()["correlation_id"] == "nightly-7"
    for unsound in ("x" * 65, "a b", "a\tb", "ä"):
        given = client.get("/health/live", headers=[(b"X-Request-ID", unsound.encode("latin-1"))])
        assert len(given.headers["x-request-id"]) == 36
