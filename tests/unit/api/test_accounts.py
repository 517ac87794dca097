"""Signing in with passwords, staying in, and how rights that are taken away end at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Caller, Role, Scope
from framemill.services.passwords import Passwords
from framemill.settings import Settings
from framemill.store.access_tables import RefreshToken, User
from framemill.store.tables import AuditEvent
from tests.unit.api.conftest import BASE, Place, bearer

LOGIN, REFRESH, SELF = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/self"
SESSIONS, PASSWORD, LOGOUT = "/api/v1/auth/sessions", "/api/v1/auth/password", "/api/v1/auth/logout"
SECRET = "five words that fit nowhere"
OURS = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(name="app")
def _app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = open_app(Settings(data_dir=tmp_path_factory.mktemp("data")), in_memory=True)
    vars(app)["_passwords"] = Passwords(rounds=1, memory_kib=64)
    yield app
    app.close()


@pytest.fixture(name="client")
def _client(api: FastAPI) -> Iterator[TestClient]:
    with TestClient(api, base_url=BASE, client=("192.0.2.7", 50000)) as client:
        yield client


@pytest.fixture(name="ann")
def _ann(app: App) -> str:
    return app.users.create("ann", password=SECRET).id


def _login(client: TestClient, name: str = "ann", password: str = SECRET) -> dict[str, Any]:
    response = client.post(LOGIN, json={"name": name, "password": password})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def _audited(app: App, action: str) -> list[tuple[str, str, str | None, str]]:
    with app.database.read() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id))
        return [(row.actor, row.subject.partition(":")[0], row.address, row.outcome) for row in rows]


@pytest.mark.usefixtures("ann")
def test_a_password_gives_tokens_that_let_in(client: TestClient) -> None:
    tokens = _login(client, name=" Ann ")

    found = client.get(SELF, headers=bearer(tokens["access_token"])).json()
    assert found == {"name": "ann", "scope": "admin", "admin": False, "roles": {}, "in_person": True}
    assert tokens["expires_in"] == 900
    assert client.cookies == {}


def test_whatever_is_wrong_the_answer_is_the_same(app: App, client: TestClient, ann: str) -> None:
    app.users.create("bob", password=SECRET)
    app.users.edit("bob", {"disabled": True})
    app.users.create("eve")
    tried = [("ann", "not the password"), ("nobody", SECRET), ("bob", SECRET), ("eve", ""), ("a\0b", SECRET)]

    answers = {
        client.post(LOGIN, json={"name": name, "password": password}, headers={"X-Correlation-ID": "1"}).text
        for name, password in tried
    }

    assert len(answers) == 1
    assert json.loads(answers.pop())["code"] == "unauthenticated"
    assert _audited(app, "session.opened") == [
        (name, "user", "192.0.2.7", "refused") for name in ("ann", "", "bob", "eve", "")
    ]
    with app.database.read() as session:
        kept = " ".join(str(vars(row)) for row in session.scalars(select(AuditEvent)))
    assert SECRET not in kept
    assert "not the password" not in kept
    assert "nobody" not in kept


@pytest.mark.usefixtures("ann")
def test_a_refresh_token_works_once_and_used_again_ends_its_session(app: App, client: TestClient) -> None:
    first = _login(client)
    other = _login(client)

    second = client.post(REFRESH, json={"refresh_token": first["refresh_token"]}).json()
    assert client.get(SELF, headers=bearer(second["access_token"])).status_code == 200
    stolen = client.post(REFRESH, json={"refresh_token": first["refresh_token"]})

    assert stolen.status_code == 401
    assert client.post(REFRESH, json={"refresh_token": second["refresh_token"]}).status_code == 401
    for ended in (first, second):
        assert client.get(SELF, headers=bearer(ended["access_token"])).status_code == 401
    assert client.get(SELF, headers=bearer(other["access_token"])).status_code == 200
    assert _audited(app, "session.refresh_reused") == [("ann", "session", "192.0.2.7", "refused")]


@pytest.mark.usefixtures("ann")
def test_no_token_is_kept(app: App, client: TestClient) -> None:
    tokens = _login(client)

    with app.database.read() as session:
        kept = str([vars(row) for row in session.scalars(select(RefreshToken))])
        password = session.scalars(select(User.password_hash)).one()
    assert tokens["refresh_token"] not in kept
    assert password is not None
    assert password.startswith("$argon2id$")


def test_a_demotion_acts_on_the_next_request(app: App, client: TestClient, ann: str, here: Place) -> None:
    app.members.put(here.workspace, "ann", Role.MANAGER)
    key = app.access.create_key("hers", scope=Scope.WRITE, owner=_caller(app, client)).secret
    tokens = _login(client)
    video = f"/api/v1/videos/{here.video}"

    def statuses(token: str) -> tuple[int, int]:
        edited = client.patch(video, json={"title": "x"}, headers=bearer(token)).status_code
        return client.get(video, headers=bearer(token)).status_code, edited

    assert statuses(tokens["access_token"]) == (200, 200)
    app.members.put(here.workspace, ann, Role.VIEWER)

    assert statuses(tokens["access_token"]) == (401, 401)
    fresh = client.post(REFRESH, json={"refresh_token": tokens["refresh_token"]}).json()["access_token"]
    assert statuses(fresh) == (200, 403)
    assert statuses(key) == (200, 403)
    app.members.remove(here.workspace, ann)
    assert statuses(key) == (404, 404)


def test_all_of_a_disabled_user_ends_and_a_key_comes_back_with_them(
    app: App, client: TestClient, ann: str
) -> None:
    tokens = _login(client)
    key = app.access.create_key("hers", scope=Scope.READ, owner=_caller(app, client)).secret
    signed = client.post(LOGIN, json={"name": "ann", "password": SECRET, "cookie": True}, headers=OURS)
    cookie = {"Cookie": f"framemill_session={client.cookies['framemill_session']}"}
    client.cookies.clear()
    ways = (bearer(tokens["access_token"]), bearer(key), cookie)
    assert signed.status_code == 204
    assert [client.get(SELF, headers=way).status_code for way in ways] == [200] * 3

    app.users.edit(ann, {"disabled": True})

    assert [client.get(SELF, headers=way).status_code for way in ways] == [401] * 3
    assert client.post(REFRESH, json={"refresh_token": tokens["refresh_token"]}).status_code == 401
    app.users.edit(ann, {"disabled": False})
    assert [client.get(SELF, headers=way).status_code for way in ways] == [401, 200, 401]


@pytest.mark.usefixtures("ann")
def test_another_password_ends_all_other_sessions(app: App, client: TestClient) -> None:
    mine, other = _login(client), _login(client)
    header = bearer(mine["access_token"])
    new = "quite another five words"

    wrong = client.post(PASSWORD, json={"old": "no", "new": new}, headers=header)
    weak = client.post(PASSWORD, json={"old": SECRET, "new": "annannannann"}, headers=header)
    assert (wrong.status_code, weak.status_code) == (403, 409)
    assert client.post(PASSWORD, json={"old": SECRET, "new": new}, headers=header).status_code == 204

    assert client.post(REFRESH, json={"refresh_token": mine["refresh_token"]}).status_code == 200
    assert client.post(REFRESH, json={"refresh_token": other["refresh_token"]}).status_code == 401
    assert client.post(LOGIN, json={"name": "ann", "password": SECRET}).status_code == 401
    assert _login(client, password=new)["access_token"]


@pytest.mark.usefixtures("ann")
def test_sessions_are_seen_and_ended_by_their_user_only(app: App, client: TestClient) -> None:
    app.users.create("bob", password=SECRET)
    mine, other, bobs = _login(client), _login(client), _login(client, name="bob")
    header = bearer(mine["access_token"])

    listed = client.get(SESSIONS, headers=header).json()
    assert [(one["current"], one["address"]) for one in listed] == [(False, "192.0.2.7"), (True, "192.0.2.7")]
    theirs = client.get(SESSIONS, headers=bearer(bobs["access_token"])).json()[0]["id"]
    assert client.delete(f"{SESSIONS}/{theirs}", headers=header).status_code == 404
    assert client.delete(f"{SESSIONS}/{listed[0]['id']}", headers=header).status_code == 204

    assert client.get(SELF, headers=bearer(other["access_token"])).status_code == 401
    assert client.post(LOGOUT, headers=header).status_code == 204
    assert client.get(SELF, headers=header).status_code == 401
    assert client.get(SELF, headers=bearer(bobs["access_token"])).status_code == 200


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}])
def test_no_other_site_signs_a_browser_in(client: TestClient, headers: dict[str, str]) -> None:
    wish = {"name": "ann", "password": SECRET, "cookie": True}

    assert client.post(LOGIN, json=wish, headers=headers).status_code == 403
    assert client.cookies == {}


@pytest.mark.usefixtures("ann")
def test_a_browsers_cookie_is_out_of_reach(client: TestClient) -> None:
    wish = {"name": "ann", "password": SECRET, "cookie": True}

    response = client.post(LOGIN, json=wish, headers=OURS)

    cookie = response.headers["set-cookie"].lower()
    assert (response.status_code, response.content) == (204, b"")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get(SELF).json()["name"] == "ann"


@pytest.mark.usefixtures("ann")
def test_guessing_is_stopped_by_account_whatever_the_address(client: TestClient) -> None:
    def guess(name: str, password: str = "") -> int:
        return client.post(LOGIN, json={"name": name, "password": password}).status_code

    assert [guess("ann") for _ in range(9)] == [401] * 9
    assert guess("ann", SECRET) == 200  # her being there begins the count anew
    assert [guess("ann") for _ in range(10)] == [401] * 10
    late = client.post(LOGIN, json={"name": "ANN", "password": SECRET})

    assert (late.status_code, late.json()["code"]) == (429, "too_many_attempts")
    assert 1 <= int(late.headers["retry-after"]) <= 900
    elsewhere = TestClient(client.app, base_url=BASE, client=("198.51.100.1", 50000))
    assert elsewhere.post(LOGIN, json={"name": "ann", "password": SECRET}).status_code == 429
    assert guess("bob") == 401


def test_guessing_is_stopped_by_address_whatever_the_account(api: FastAPI) -> None:
    def guess(at: int, host: str) -> int:
        client = TestClient(api, base_url=BASE, client=(f"2001:db8::{host}", 50000))
        return client.post(LOGIN, json={"name": f"user{at}", "password": "a guess"}).status_code

    # One customer's network.
    found = [guess(at, f"{at:x}") for at in range(61)]

    assert found == [401] * 60 + [429]
    assert guess(0, "1:0:0:0:1") == 401


def test_of_the_last_admin_the_rights_stay(app: App) -> None:
    app.access.login_token()
    client = TestClient(create_app(app), base_url=BASE, client=("127.0.0.1", 50000))
    client.get("/login", params={"token": app.access.login_token()})

    for change in ({"disabled": True}, {"admin": False}):
        answer = client.patch("/api/v1/users/admin", json=change, headers=OURS)
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    created = client.post("/api/v1/users", json={"name": "bob", "admin": True}, headers=OURS)
    assert created.headers["location"].endswith(created.json()["id"])
    assert client.patch("/api/v1/users/bob", json={"admin": False}, headers=OURS).status_code == 200


def test_managers_say_who_is_a_member(app: App, client: TestClient, ann: str, here: Place) -> None:
    bob = app.users.create("bob", password=SECRET).id
    app.members.put(here.workspace, ann, Role.MANAGER)
    header = bearer(_login(client)["access_token"])
    members = f"/api/v1/workspaces/{here.workspace}/members"

    put = client.put(f"{members}/bob", json={"role": "operator"}, headers=header).json()
    listed = client.get(members, headers=header).json()["items"]

    assert (put["user_id"], put["role"]) == (bob, "operator")
    assert [(one["name"], one["role"]) for one in listed] == [("ann", "manager"), ("bob", "operator")]
    assert client.put(f"{members}/carl", json={"role": "viewer"}, headers=header).status_code == 404
    assert client.delete(f"{members}/{bob}", headers=header).status_code == 204
    assert client.delete(f"{members}/{bob}", headers=header).status_code == 404
    assert _audited(app, "member.put")[-1] == ("ann", "workspace", "192.0.2.7", "ok")


def test_keys_are_their_users_own(app: App, client: TestClient, ann: str, here: Place) -> None:
    app.users.create("bob", password=SECRET)
    app.members.put(here.workspace, ann, Role.OPERATOR)
    anns, bobs = (bearer(_login(client, name=name)["access_token"]) for name in ("ann", "bob"))
    keys = "/api/v1/api-keys"

    made = client.post(keys, json={"name": "ci", "workspace": "here"}, headers=anns)
    denied = client.post(keys, json={"name": "ci", "workspace": "here"}, headers=bobs)
    same = client.post(keys, json={"name": "ci", "scope": "admin"}, headers=bobs)

    assert (made.status_code, denied.status_code, same.status_code) == (201, 404, 201)
    assert [key["user"] for key in client.get(keys, headers=anns).json()] == ["ann"]
    assert client.get(keys, params={"everybody": True}, headers=anns).status_code == 403
    assert client.delete(f"{keys}/{same.json()['id']}", headers=anns).status_code == 404
    # A key with the scope admin of somebody who is nothing is nothing.
    assert client.get("/api/v1/jobs", headers=bearer(same.json()["secret"])).json()["items"] == []
    assert client.get("/api/v1/users", headers=bearer(same.json()["secret"])).status_code == 403


def _caller(app: App, client: TestClient) -> Caller:
    return app.access.caller_of_bearer(_login(client)["access_token"])
