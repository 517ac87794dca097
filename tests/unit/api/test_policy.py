"""Every endpoint and every kind of caller: who may do what, and for whom what exists.

An endpoint that is new must be placed in one of the tables here.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill.app import App
from framemill.domain.access import RULES, Action
from tests.unit.api.conftest import BASE, Place, a_job, bearer

# Nobody has to say who they are.
PUBLIC = {"health_live"}
# Known to people only, not to any key.
IN_PERSON = {"keys_list", "keys_create", "keys_revoke"}
# The same for everybody who is in.
READ = {
    "auth_show_self",
    "auth_logout",
    "health_ready",
    "operations_list",
    "operations_show",
    "pipelines_list",
    "pipelines_schema",
    "pipelines_show",
    "profiles_list",
    "profiles_show",
    "workspaces_list",
    "jobs_list",
    "jobs_listen",
}
# About something in a workspace.
READ_THERE = {
    "workspaces_show",
    "collections_list",
    "collections_show",
    "videos_list",
    "videos_show",
    "uploads_show",
    "videos_stream_url",
    "jobs_show",
    "jobs_logs",
    "jobs_follow",
}
WRITE_THERE = {
    "collections_create",
    "collections_rename",
    "collections_delete",
    "videos_edit",
    "videos_delete",
    "uploads_create",
    "uploads_create_anywhere",
    "uploads_sign",
    "uploads_complete",
    "uploads_abort",
    "uploads_take",
    "downloads_create",
    "downloads_create_anywhere",
    "jobs_submit",
    "plans_make",
    "jobs_cancel",
    "jobs_pause",
    "jobs_resume",
    "jobs_retry",
}
ADMIN = {"workspaces_create", "workspaces_edit", "workspaces_delete", "jobs_prioritise"}

BODIES: dict[str, dict[str, Any]] = {
    "workspaces_create": {"name": "new"},
    "workspaces_edit": {"title": "New"},
    "collections_create": {"name": "new"},
    "collections_rename": {"name": "other"},
    "videos_edit": {"title": "New"},
    "uploads_create": {"filename": "more.mp4", "size": 10},
    "uploads_sign": {"parts": [1]},
    "downloads_create": {"url": "https://example.com/film.mp4"},
    "jobs_prioritise": {"priority": 7},
    "keys_create": {"name": "new"},
}


class Endpoint:
    """One of them, to be called about what is in a place."""

    def __init__(self, operation: str, method: str, path: str) -> None:
        self.operation = operation
        self.method = method
        self.path = path

    def call(self, client: TestClient, place: Place, headers: dict[str, str]) -> int:
        """The status of its answer."""
        known = {
            "workspace": place.workspace,
            "collection": place.collection,
            "video_id": place.video,
            "job_id": place.job,
            "upload_id": place.upload,
            "name": "publish" if "pipelines" in self.path else "trim",
            "key_id": "admin",
        }
        path = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], self.path)
        path = path.replace("/profiles/trim", "/profiles/web_720p")
        body = BODIES.get(self.operation)
        if self.operation in {"jobs_submit", "plans_make"}:
            body = {"video": place.video, "operation": {"op": "trim", "start": 1, "end": 2}}
        if self.operation == "uploads_create_anywhere":
            body = {"filename": "more.mp4", "size": 10, "workspace": place.workspace}
        if self.operation == "downloads_create_anywhere":
            body = {"url": "https://example.com/film.mp4", "workspace": place.workspace}
        if self.operation == "uploads_take":
            form, file = {"workspace": place.workspace}, {"file": ("film.mp4", b"x" * 100)}
            return client.post(path, data=form, files=file, headers=headers).status_code
        return client.request(self.method, path, json=body, headers=headers).status_code


def _endpoints(api: FastAPI) -> Iterator[Endpoint]:
    for path, methods in api.openapi()["paths"].items():
        for method, operation in methods.items():
            yield Endpoint(operation["operationId"], method, path)


def _in_order(api: FastAPI) -> list[Endpoint]:
    """First the stream of events, which ends as long as the job has; deleting last."""
    return sorted(_endpoints(api), key=lambda one: (one.operation != "jobs_follow", one.method == "delete"))


def _those(api: FastAPI, names: set[str]) -> list[Endpoint]:
    return [endpoint for endpoint in _endpoints(api) if endpoint.operation in names]


@pytest.fixture(name="client")
def _client(api: FastAPI, app: App, here: Place) -> TestClient:
    # An event stream ends with its job, or never: who is let in hears that there is no place.
    app.jobs.cancel(here.job)
    api.state.doorkeeper.shut()
    return TestClient(api, base_url=BASE, client=("127.0.0.1", 50000), raise_server_exceptions=False)


def test_every_endpoint_is_in_one_table(api: FastAPI) -> None:
    tables = [PUBLIC, IN_PERSON, READ, READ_THERE, WRITE_THERE, ADMIN]

    assert sorted(endpoint.operation for endpoint in _endpoints(api)) == sorted(
        name for table in tables for name in table
    )


def test_every_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


@pytest.mark.parametrize("who", ["nobody", "a wrong key", "an expired key", "a password", "a wrong session"])
def test_who_is_not_known_gets_nothing_but_what_is_public(
    api: FastAPI, client: TestClient, here: Place, expired: str, who: str
) -> None:
    headers = {
        "nobody": {},
        "a wrong key": bearer("fm_" + "x" * 43),
        "an expired key": bearer(expired),
        "a password": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "a wrong session": {"Cookie": "framemill_session=" + "x" * 43},
    }[who]

    answers = {one.operation: one.call(client, here, headers) for one in _endpoints(api)}

    assert {name for name, status in answers.items() if status != 401} == PUBLIC


def test_hidden_addresses_hold_nothing_private(api: FastAPI, client: TestClient) -> None:
    for path in ("/docs", "/api/v1/openapi.json"):
        assert client.get(path).status_code == 200
    assert client.get("/", follow_redirects=False).headers["location"] == "/docs"
    assert client.get("/login", params={"token": "x"}).status_code == 401


def test_a_read_key_may_read_and_nothing_else(api: FastAPI, client: TestClient, here: Place) -> None:
    answers = {one.operation: one.call(client, here, bearer(here.read)) for one in _endpoints(api)}

    allowed = {name for name, status in answers.items() if status not in {401, 403, 404}}
    assert allowed == PUBLIC | READ | READ_THERE
    assert {name for name, status in answers.items() if status == 403} == WRITE_THERE | ADMIN | IN_PERSON


def test_a_write_key_may_write_in_its_workspace(api: FastAPI, client: TestClient, here: Place) -> None:
    answers = {
        one.operation: one.call(client, here, bearer(here.write))
        for one in _in_order(api)
        if one.operation != "collections_delete"
    }

    assert {name for name, status in answers.items() if status == 403} == ADMIN | IN_PERSON
    assert {name for name, status in answers.items() if status in {401, 404}} == set()


def test_nothing_of_another_workspace_exists(
    api: FastAPI, client: TestClient, here: Place, elsewhere: Place
) -> None:
    there = READ_THERE | WRITE_THERE
    answers = {one.operation: one.call(client, here, bearer(elsewhere.write)) for one in _those(api, there)}

    assert {name for name, status in answers.items() if status != 404} == set()


def test_what_is_elsewhere_answers_as_what_is_nowhere(
    client: TestClient, here: Place, elsewhere: Place
) -> None:
    nowhere = "01990000-0000-7000-8000-000000000000"

    def answer(path: str, thing: str) -> str:
        response = client.get(path.format(thing), headers=bearer(elsewhere.write) | {"X-Correlation-ID": "1"})
        return response.text.replace(thing, "THING")

    for path, mine in (
        ("/api/v1/videos/{}", here.video),
        ("/api/v1/jobs/{}", here.job),
        ("/api/v1/workspaces/{}", here.workspace),
    ):
        assert answer(path, mine) == answer(path, nowhere)


def test_lists_hold_only_what_the_caller_sees(
    app: App, client: TestClient, here: Place, elsewhere: Place
) -> None:
    a_job(app)  # on plain files: of whoever runs the machine

    jobs = client.get("/api/v1/jobs", headers=bearer(elsewhere.read)).json()["items"]
    asked = client.get(
        "/api/v1/jobs", params={"workspace": here.workspace}, headers=bearer(elsewhere.read)
    ).json()["items"]
    places = client.get("/api/v1/workspaces", headers=bearer(elsewhere.read)).json()["items"]

    assert [job["id"] for job in jobs] == [elsewhere.job]
    assert asked == []
    assert [place["id"] for place in places] == [elsewhere.workspace]


def test_an_admin_key_may_do_everything_but_manage_keys(
    api: FastAPI, client: TestClient, here: Place, elsewhere: Place, admin: str
) -> None:
    answers: dict[str, int] = {}
    for place in (here, elsewhere):
        answers |= {
            one.operation: one.call(client, place, bearer(admin))
            for one in _in_order(api)
            if one.operation not in {"collections_delete", "workspaces_delete", "jobs_follow"}
        }

    assert {name for name, status in answers.items() if status == 403} == IN_PERSON
    assert {name for name, status in answers.items() if status in {401, 404}} == set()
    assert client.delete(f"/api/v1/workspaces/{here.workspace}", headers=bearer(admin)).status_code == 204


def test_a_revoked_key_ends_at_once(app: App, client: TestClient, admin: str) -> None:
    app.access.revoke_key("admin")

    assert client.get("/api/v1/auth/self", headers=bearer(admin)).status_code == 401
