"""Conditional requests about what two people may edit."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill.app import App
from tests.unit.api.conftest import BASE, Place, bearer

API = "/api/v1"


@pytest.fixture(name="things")
def _things(here: Place) -> dict[str, tuple[str, dict[str, str]]]:
    there = f"{API}/workspaces/{here.workspace}"
    return {
        "workspace": (there, {"title": "Other"}),
        "collection": (f"{there}/collections/{here.collection}", {"name": "other"}),
        "video": (f"{API}/videos/{here.video}", {"title": "Other"}),
    }


@pytest.mark.parametrize("kind", ["workspace", "collection", "video"])
def test_of_two_who_edit_the_same_the_second_is_told(
    client: TestClient, admin: str, things: dict[str, tuple[str, dict[str, str]]], kind: str
) -> None:
    path, change = things[kind]
    seen = client.get(path, headers=bearer(admin)).headers["etag"]

    first = client.patch(path, json=change, headers=bearer(admin) | {"If-Match": seen})
    second = client.patch(path, json=change, headers=bearer(admin) | {"If-Match": seen})
    again = client.patch(path, json=change, headers=bearer(admin) | {"If-Match": first.headers["etag"]})

    assert [one.status_code for one in (first, second, again)] == [200, 412, 200]
    assert second.json()["code"] == "changed_meanwhile"


@pytest.mark.parametrize("kind", ["workspace", "collection", "video"])
def test_a_copy_that_is_still_good_is_not_sent_again(
    client: TestClient, admin: str, things: dict[str, tuple[str, dict[str, str]]], kind: str
) -> None:
    path, change = things[kind]
    seen = client.get(path, headers=bearer(admin)).headers["etag"]
    asking = bearer(admin) | {"If-None-Match": f'"other", W/{seen}'}

    good = client.get(path, headers=asking)
    client.patch(path, json=change, headers=bearer(admin))
    stale = client.get(path, headers=asking)

    assert (good.status_code, good.content, good.headers["etag"]) == (304, b"", seen)
    assert "content-type" not in good.headers
    assert stale.status_code == 200
    assert stale.headers["cache-control"] == "private, no-cache"


def test_what_grows_by_itself_is_nobodys_edit_but_makes_a_copy_old(
    app: App, client: TestClient, here: Place, admin: str
) -> None:
    path = f"{API}/workspaces/{here.workspace}"
    seen = client.get(path, headers=bearer(admin)).headers["etag"]
    app.videos.delete(here.video)

    assert client.get(path, headers=bearer(admin) | {"If-None-Match": seen}).status_code == 200
    edited = client.patch(path, json={"title": "New"}, headers=bearer(admin) | {"If-Match": seen})
    assert edited.status_code == 200


@pytest.mark.parametrize(
    ("tags", "status"), [("*", 200), ('"nobodys"', 412), ("unquoted", 412), ('W/"nobodys"', 412)]
)
def test_a_tag_that_is_none_of_ours_fits_nothing(
    client: TestClient, here: Place, tags: str, status: int
) -> None:
    path = f"{API}/videos/{here.video}"

    answer = client.patch(path, json={"notes": "x"}, headers=bearer(here.write) | {"If-Match": tags})

    assert answer.status_code == status


def test_a_time_in_another_zone_is_the_same_time(client: TestClient, here: Place) -> None:
    path, headers = f"{API}/videos/{here.video}", bearer(here.write)
    edited = client.patch(path, json={"recorded_at": "2026-11-02T12:00:00+02:00"}, headers=headers)

    again = client.patch(path, json={"notes": "x"}, headers=headers | {"If-Match": edited.headers["etag"]})

    assert again.status_code == 200


def test_of_two_admins_who_change_a_user_the_second_is_told(app: App, api: FastAPI) -> None:
    person = TestClient(api, base_url=BASE, client=("127.0.0.1", 5000), headers={"Origin": BASE})
    person.get("/login", params={"token": app.access.login_token()}, follow_redirects=False)
    path = f"/api/v1/users/{app.users.create('ann').id}"
    seen = {"If-Match": person.get(path).headers["etag"]}

    first = person.patch(path, json={"disabled": True}, headers=seen)
    second = person.patch(path, json={"admin": True}, headers=seen)

    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["code"] == "changed_meanwhile"
    assert person.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
