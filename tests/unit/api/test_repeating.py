"""Requests that are sent again under an idempotency key, at every endpoint that makes something."""

import hashlib
import json
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.testclient import TestClient

from framemill.app import App
from framemill.services.passwords import Passwords
from framemill.store.repeat_tables import KeyedRequest
from framemill.store.tables import Job
from tests.unit.api.conftest import BASE, Place, bearer

API = "/api/v1"
KEY = {"Idempotency-Key": "once"}


def _making(place: Place) -> dict[str, tuple[str, dict[str, Any]]]:
    there = f"/workspaces/{place.workspace}"
    trim = {"video": place.video, "operation": {"op": "trim", "start": 1, "end": 2}}
    return {
        "workspaces": ("/workspaces", {"name": "second"}),
        "collections": (f"{there}/collections", {"name": "second"}),
        "jobs": ("/jobs", trim),
        "downloads": ("/downloads", {"url": "https://example.com/a.mp4", "workspace": place.workspace}),
    }


@pytest.mark.parametrize("what", ["workspaces", "collections", "jobs", "downloads"])
def test_a_repeated_request_is_answered_as_before(
    client: TestClient, here: Place, admin: str, what: str
) -> None:
    path, wish = _making(here)[what]

    first = client.post(API + path, json=wish, headers=bearer(admin) | KEY)
    again = client.post(API + path, json=dict(reversed(wish.items())), headers=bearer(admin) | KEY)

    assert first.status_code in {201, 202}
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_an_answer_stays_the_same_when_what_it_made_has_changed(
    app: App, client: TestClient, here: Place
) -> None:
    path, wish = _making(here)["jobs"]
    first = client.post(API + path, json=wish, headers=bearer(here.write) | KEY).json()
    app.jobs.cancel(first["id"])

    assert client.post(API + path, json=wish, headers=bearer(here.write) | KEY).json() == first


def test_an_upload_is_the_same_one_with_fresh_addresses(app: App, client: TestClient, here: Place) -> None:
    wish = {"filename": "a.mp4", "size": 10, "workspace": here.workspace}

    first = client.post(f"{API}/uploads", json=wish, headers=bearer(here.write) | KEY)
    again = client.post(f"{API}/uploads", json=wish, headers=bearer(here.write) | KEY)

    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    # Whoever has an address may send a part, so none is kept.
    with app.database.read() as session:
        assert session.scalars(select(KeyedRequest.body)).all() == [None]


def test_the_same_key_with_another_request_is_refused(client: TestClient, here: Place) -> None:
    path, wish = _making(here)["collections"]
    client.post(API + path, json=wish, headers=bearer(here.write) | KEY)

    for other_path, other_wish in ((path, {"name": "third"}), _making(here)["jobs"]):
        refused = client.post(API + other_path, json=other_wish, headers=bearer(here.write) | KEY)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_conflict")


def test_a_keys_secret_is_neither_kept_nor_shown_again(app: App, api: FastAPI) -> None:
    person = TestClient(api, base_url=BASE, client=("127.0.0.1", 5000))
    person.get("/login", params={"token": app.access.login_token()}, follow_redirects=False)
    headers = KEY | {"Origin": BASE}

    first = person.post(f"{API}/api-keys", json={"name": "ci"}, headers=headers)
    again = person.post(f"{API}/api-keys", json={"name": "ci"}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["code"] == "answer_not_kept"
    with app.database.read() as session:
        assert session.scalars(select(KeyedRequest.body)).all() == [None]


def test_a_user_is_made_once_and_nothing_that_is_kept_helps_to_guess_the_password(
    app: App, api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Real hashes at a thousandth of the cost.
    monkeypatch.setattr(Passwords.__init__, "__kwdefaults__", {"rounds": 1, "memory_kib": 64})
    person = TestClient(api, base_url=BASE, client=("127.0.0.1", 5000))
    person.get("/login", params={"token": app.access.login_token()}, follow_redirects=False)
    wish = {"name": "ann", "password": "five words that fit nowhere"}

    answers = [person.post(f"{API}/users", json=wish, headers=KEY | {"Origin": BASE}) for _ in range(2)]
    other = {**wish, "password": "five others that fit nowhere"}
    changed = person.post(f"{API}/users", json=other, headers=KEY | {"Origin": BASE})

    assert [one.status_code for one in (*answers, changed)] == [201, 201, 422]
    assert answers[0].json() == answers[1].json()
    # Whoever has the database, but not the secret beside it, cannot try passwords against what is kept.
    plain = json.dumps(["POST", "/api/v1/users", "", json.dumps(wish, sort_keys=True)])
    with app.database.read() as session:
        kept = session.scalars(select(KeyedRequest)).one()
    assert hashlib.sha256(plain.encode()).hexdigest() not in str(vars(kept))


def test_what_was_refused_may_be_sent_again_under_its_key(app: App, client: TestClient, here: Place) -> None:
    path, _ = _making(here)["collections"]
    headers = bearer(here.write) | KEY

    taken = client.post(API + path, json={"name": "cameras"}, headers=headers)
    malformed = client.post(API + path, json={"name": 5}, headers=headers)
    mended = client.post(API + path, json={"name": "new"}, headers=headers)

    assert [one.status_code for one in (taken, malformed, mended)] == [409, 422, 201]


def test_what_crashes_leaves_no_key_behind(
    app: App, client: TestClient, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("something of ours")

    path, wish = _making(here)["collections"]
    with monkeypatch.context() as patch:
        patch.setattr(type(app.collections), "create", crash)
        crashed = client.post(API + path, json=wish, headers=bearer(here.write) | KEY)

    assert crashed.status_code == 500
    assert client.post(API + path, json=wish, headers=bearer(here.write) | KEY).status_code == 201


def test_a_request_that_is_being_answered_is_not_done_twice(
    app: App, client: TestClient, here: Place
) -> None:
    path, wish = _making(here)["jobs"]
    client.post(API + path, json=wish, headers=bearer(here.write) | KEY)
    with app.database.write() as session:
        row = session.scalars(select(KeyedRequest)).one()
        row.status = None

    refused = client.post(API + path, json=wish, headers=bearer(here.write) | KEY)

    assert (refused.status_code, refused.json()["code"]) == (409, "request_in_progress")
    assert refused.headers["retry-after"] == "1"


def test_a_job_is_found_again_when_its_answer_was_never_kept(
    app: App, client: TestClient, here: Place
) -> None:
    path, wish = _making(here)["jobs"]
    first = client.post(API + path, json=wish, headers=bearer(here.write) | KEY).json()
    with app.database.write() as session:
        session.delete(session.scalars(select(KeyedRequest)).one())

    again = client.post(API + path, json=wish, headers=bearer(here.write) | KEY).json()

    assert again["id"] == first["id"]


def test_one_callers_key_says_nothing_to_another(client: TestClient, here: Place, elsewhere: Place) -> None:
    path, wish = _making(here)["jobs"]
    client.post(API + path, json=wish, headers=bearer(here.write) | KEY)

    # The same workspace does not exist for them, whatever was answered to others.
    assert client.post(API + path, json=wish, headers=bearer(elsewhere.write) | KEY).status_code == 404
    assert client.post(API + path, json=wish, headers=bearer(here.read) | KEY).status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(app: App, client: TestClient, here: Place, key: str) -> None:
    path, wish = _making(here)["jobs"]

    refused = client.post(API + path, json=wish, headers=bearer(here.write) | {"Idempotency-Key": key})

    assert refused.status_code == 422
    with app.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.owner != "")) == 0
