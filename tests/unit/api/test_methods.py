"""HEAD, OPTIONS and Allow."""

import pytest
from starlette.testclient import TestClient

from framemill.app import App
from tests.unit.api.conftest import Place, bearer


def test_options_says_what_an_address_takes_to_anybody(client: TestClient, here: Place) -> None:
    answer = client.options(f"/api/v1/videos/{here.video}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "DELETE, GET, PATCH, HEAD, OPTIONS"
    assert client.options("/api/v1/nothing").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "TRACE"])
def test_what_an_address_does_not_take_is_refused_with_all_that_it_takes(
    client: TestClient, here: Place, method: str
) -> None:
    answer = client.request(method, f"/api/v1/videos/{here.video}", headers=bearer(here.write))

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "DELETE, GET, PATCH, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/jobs", "/api/v1/nothing", "/docs"])
def test_head_is_get_without_its_body(client: TestClient, here: Place, path: str) -> None:
    shown, head = (client.request(m, path, headers=bearer(here.read)) for m in ("GET", "HEAD"))

    assert (head.status_code, head.content) == (shown.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers.get(name) == shown.headers.get(name)


def test_head_of_what_streams_ends_at_once(app: App, client: TestClient, here: Place) -> None:
    assert not app.jobs.get(here.job).state.ended

    answer = client.head(f"/api/v1/jobs/{here.job}/events", headers=bearer(here.read))

    assert (answer.status_code, answer.content) == (200, b"")
