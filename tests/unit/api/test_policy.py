"""Every endpoint and every kind of caller: who may do what, and for whom what exists.

An endpoint that is new must be placed in one of the tables here, and in ALLOWED.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import RULES, Action, Role, Scope
from framemill.services.passwords import Passwords
from framemill.settings import Settings
from framemill.store.jobs import new_id
from tests.unit.api.conftest import BASE, Place, a_job, a_place, bearer

# Nobody has to say who they are.
PUBLIC = {"health_live", "auth_login", "auth_refresh"}
# Of oneself: for people only, not for any key.
IN_PERSON = {
    "keys_list",
    "keys_create",
    "keys_revoke",
    "auth_list_sessions",
    "auth_end_session",
    "auth_change_password",
}
# The same for everybody who is in.
READ = {
    "auth_show_self",
    "auth_logout",
    "health_condition",
    "health_ready",
    "operations_list",
    "operations_show",
    "pipelines_list",
    "pipelines_schema",
    "pipelines_show",
    "profiles_list",
    "profiles_show",
    "uploads_show_limits",
    "workspaces_list",
    "jobs_list",
    "batches_list",
    "stats_show",
    "stats_costs",
    "jobs_listen",
}
# About something in a workspace: for its viewers.
READ_THERE = {
    "workspaces_show",
    "collections_list",
    "collections_show",
    "videos_list",
    "videos_show",
    "uploads_show",
    "videos_stream_url",
    "videos_show_pictures",
    "jobs_show",
    "jobs_logs",
    "jobs_follow",
    "artifacts_list",
    "artifacts_show",
    "artifacts_files",
    "batches_show",
}
# For its operators.
WRITE_THERE = {
    "collections_create",
    "collections_rename",
    "videos_edit",
    "uploads_create",
    "uploads_create_anywhere",
    "uploads_sign",
    "uploads_complete",
    "uploads_abort",
    "uploads_take",
    "downloads_create",
    "downloads_create_anywhere",
    "jobs_submit",
    "batches_submit",
    "batches_cancel",
    "plans_make",
    "jobs_cancel",
    "jobs_pause",
    "jobs_resume",
    "jobs_retry",
}
# For its managers.
DELETE_THERE = {"collections_delete", "videos_delete"}
MANAGE_THERE = {
    "workspaces_edit",
    "webhooks_list",
    "webhooks_create",
    "webhooks_show",
    "webhooks_edit",
    "webhooks_delete",
    "webhooks_rotate_secret",
    "webhooks_test",
    "webhooks_list_deliveries",
    "webhooks_show_delivery",
    "webhooks_redeliver",
}
MEMBERS_THERE = {"members_list", "members_put", "members_remove"}
# For admins of the installation.
ADMIN = {
    "workspaces_create",
    "workspaces_delete",
    "jobs_prioritise",
    "admin_show_queue",
    "admin_list_workers",
    "admin_drain_workers",
    "admin_undrain_workers",
    "admin_show_storage",
    "admin_list_settings",
    "admin_list_stuck",
    "admin_reset_stuck",
    "admin_clean_up",
    "admin_list_retention",
    "admin_keep_retention",
    "admin_list_audit",
    "admin_export_audit",
}
ADMIN_IN_PERSON = {"users_list", "users_create", "users_show", "users_edit"}


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the endpoints of one table need."""

    endpoints: set[str]
    scope: Scope
    role: Role | None = None  # in the workspace of what it is about; None: it is about none
    admin: bool = False
    person: bool = False


NEEDS = (
    Needs(endpoints=IN_PERSON, scope=Scope.ADMIN, person=True),
    Needs(endpoints=READ, scope=Scope.READ),
    Needs(endpoints=READ_THERE, scope=Scope.READ, role=Role.VIEWER),
    Needs(endpoints=WRITE_THERE, scope=Scope.WRITE, role=Role.OPERATOR),
    Needs(endpoints=DELETE_THERE, scope=Scope.WRITE, role=Role.MANAGER),
    Needs(endpoints=MANAGE_THERE, scope=Scope.ADMIN, role=Role.MANAGER),
    Needs(endpoints=MEMBERS_THERE, scope=Scope.ADMIN, role=Role.MANAGER, person=True),
    Needs(endpoints=ADMIN, scope=Scope.ADMIN, admin=True),
    Needs(endpoints=ADMIN_IN_PERSON, scope=Scope.ADMIN, admin=True, person=True),
)
THERE = {name for table in NEEDS if table.role is not None for name in table.endpoints}
# What whoever may do it is answered, where that is not 200.
ALLOWED = {
    **dict.fromkeys(("auth_logout", "auth_change_password", "auth_end_session", "keys_revoke"), 204),
    **dict.fromkeys(("collections_delete", "videos_delete", "workspaces_delete", "uploads_abort"), 204),
    **dict.fromkeys(("keys_create", "users_create", "workspaces_create", "collections_create"), 201),
    **dict.fromkeys(("uploads_create", "uploads_create_anywhere"), 201),
    **dict.fromkeys(("downloads_create", "downloads_create_anywhere"), 202),
    **dict.fromkeys(("jobs_submit", "jobs_retry", "batches_submit"), 202),
    **dict.fromkeys(("members_remove", "webhooks_delete"), 204),
    "webhooks_create": 201,
    "webhooks_redeliver": 202,
    # A stream may never end: who is let in hears that there is no place.
    **dict.fromkeys(("jobs_follow", "jobs_listen"), 503),
    # There is no film in what is stored and sent here.
    **dict.fromkeys(("plans_make", "uploads_complete", "uploads_take"), 409),
}

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
    "admin_drain_workers": {},
    "admin_undrain_workers": {},
    "admin_reset_stuck": {},
    "admin_clean_up": {"what": ["jobs"]},
    "admin_keep_retention": {},
    "auth_login": {"name": "viewer", "password": "a password of tests"},
    "auth_change_password": {"old": "a password of tests", "new": "another one of tests"},
    "users_create": {"name": "new"},
    "users_edit": {"disabled": True},
    "members_put": {"role": "viewer"},
    "webhooks_create": {"url": "https://hooks.example.com/"},
    "webhooks_edit": {"note": "new"},
}


class Endpoint:
    """One of them, to be called about what is in a place."""

    def __init__(self, operation: str, method: str, path: str) -> None:
        self.operation = operation
        self.method = method
        self.path = path

    def call(self, client: TestClient, place: Place, headers: dict[str, str], **more: str) -> int:
        """The status of its answer."""
        known = {
            "workspace": place.workspace,
            "collection": place.collection,
            "video_id": place.video,
            "job_id": more.get("over", place.job) if self.operation == "jobs_follow" else place.job,
            "upload_id": place.upload,
            "batch_id": place.batch,
            "artifact_id": place.artifact,
            "webhook_id": place.webhook,
            "delivery_id": place.delivery,
            "name": "publish" if "pipelines" in self.path else "trim",
            "key_id": "admin",
            "session_id": new_id(),
            "user": "guest",
            **more,
        }
        path = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], self.path)
        path = path.replace("/profiles/trim", "/profiles/web_720p")
        body = BODIES.get(self.operation)
        if self.operation in {"jobs_submit", "plans_make"}:
            body = {"video": place.video, "operation": {"op": "trim", "start": 1, "end": 2}}
        if self.operation == "batches_submit":
            body = {"videos": [place.video], "operation": {"op": "trim", "start": 1, "end": 2}}
        if self.operation == "uploads_create_anywhere":
            body = {"filename": "more.mp4", "size": 10, "workspace": place.workspace}
        if self.operation == "downloads_create_anywhere":
            body = {"url": "https://example.com/film.mp4", "workspace": place.workspace}
        if self.operation == "auth_refresh":
            body = {"refresh_token": more.get("refresh", "x")}
        if self.operation == "uploads_take":
            form, file = {"workspace": place.workspace}, {"file": ("film.mp4", b"x" * 100)}
            return client.post(path, data=form, files=file, headers=headers).status_code
        return client.request(self.method, path, json=body, headers=headers).status_code


def _endpoints(api: FastAPI) -> Iterator[Endpoint]:
    for path, methods in api.openapi()["paths"].items():
        for method, operation in methods.items():
            yield Endpoint(operation["operationId"], method, path)


# Whose keys ask too: they may do what both their scope and their owner's role allow.
KEYS_OF = {"operator": (Scope.ADMIN,), "manager": tuple(Scope), "boss": (Scope.ADMIN,)}


@dataclass(frozen=True, kw_only=True)
class Known:
    """Somebody who asks, and what they should be let do."""

    name: str
    secret: str | None
    scope: Scope = Scope.ADMIN
    roles: dict[str, Role] = field(default_factory=dict)  # by names of places
    admin: bool = False
    person: bool = False
    session: str = ""  # another one of theirs
    refresh: str = ""

    def expects(self, endpoint: Endpoint, place: str) -> int:
        """The status that the endpoint answers about what is in this place."""
        allowed = ALLOWED.get(endpoint.operation, 200)
        if endpoint.operation in PUBLIC:
            return allowed
        if self.secret is None:
            return 401
        (needs,) = (one for one in NEEDS if endpoint.operation in one.endpoints)
        role = Role.MANAGER if self.admin else self.roles.get(place)
        ladder, scopes = list(Role), list(Scope)
        if scopes.index(self.scope) < scopes.index(needs.scope):
            return 403
        if (needs.person and not self.person) or (needs.admin and not self.admin):
            return 403
        if needs.role is None:
            return allowed
        if role is None:
            return 404
        return allowed if ladder.index(role) >= ladder.index(needs.role) else 403


class House:
    """An installation with two workspaces and everybody who could ask, that is put back after each change."""

    def __init__(self, folder: Path) -> None:
        self.app = open_app(Settings(data_dir=folder), in_memory=True)
        # As the application's own, but a thousand times quicker.
        vars(self.app)["_passwords"] = Passwords(rounds=1, memory_kib=64)
        self.api = create_app(self.app)
        self.api.state.doorkeeper.shut()
        self.client = TestClient(self.api, base_url=BASE, client=("127.0.0.1", 50000))
        self.places = {"here": a_place(self.app, "here"), "elsewhere": a_place(self.app, "elsewhere")}
        self.over = {
            name: a_job(self.app, workspace=place.workspace, state="cancelled")
            for name, place in self.places.items()
        }
        self.callers = tuple(self._everybody())
        raw = self.app.database.engine.raw_connection().driver_connection
        assert isinstance(raw, sqlite3.Connection)
        self._raw, self._kept = raw, sqlite3.connect(":memory:", check_same_thread=False)
        raw.backup(self._kept)

    def put_back(self) -> None:
        self._kept.backup(self._raw)

    def close(self) -> None:
        self._kept.close()
        self.app.close()

    def status(self, endpoint: Endpoint, who: Known, place: str) -> int:
        found = endpoint.call(
            self.client,
            self.places[place],
            bearer(who.secret),
            over=self.over[place],
            key_id=f"{who.name}-key",
            session_id=who.session or new_id(),
            refresh=self._refresh,
        )
        if endpoint.method != "get" and found < 400:
            self.put_back()
        return found

    def _everybody(self) -> Iterator[Known]:
        self.app.users.create("guest")
        for place in self.places:
            self.app.members.put(place, "guest", Role.VIEWER)
        yield Known(name="nobody", secret=None)
        create = self.app.access.create_key
        for scope in Scope:
            key = create(f"installation-{scope}", scope=scope).secret
            yield Known(name=f"the installation's {scope} key", secret=key, scope=scope, admin=True)
        for role in (None, *Role):
            yield from self._person(str(role or "outsider"), {} if role is None else {"here": role})
        yield from self._person("boss", {}, admin=True)
        for scope in (Scope.READ, Scope.WRITE):
            secret = self.places["here"].read if scope is Scope.READ else self.places["here"].write
            here = {"here": Role.MANAGER}
            yield Known(name=f"a {scope} key of one workspace", secret=secret, scope=scope, roles=here)

    def _person(self, name: str, roles: dict[str, Role], *, admin: bool = False) -> Iterator[Known]:
        app, password = self.app, BODIES["auth_login"]["password"]
        app.users.create(name, password=password, admin=admin)
        for place, role in roles.items():
            app.members.put(place, name, role)
        tokens, spare = (app.sign_in.with_tokens(name, password) for _ in range(2))
        caller = app.access.caller_of_bearer(tokens.access_token)
        self._refresh = spare.refresh_token
        (other,) = (one.id for one in app.sign_in.sessions(caller) if one.id != caller.id)
        yield Known(
            name=name, secret=tokens.access_token, roles=roles, admin=admin, person=True, session=other
        )
        for scope in Scope:
            called = f"{name}-key" if scope is Scope.ADMIN else f"{name}-{scope}"
            key = app.access.create_key(called, scope=scope, owner=caller).secret
            if scope in KEYS_OF.get(name, ()):
                yield Known(name=f"{name}'s {scope} key", secret=key, scope=scope, roles=roles, admin=admin)


@pytest.fixture(scope="module", name="house")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    with house.client:
        yield house
    house.close()


def _in_order(endpoints: Iterator[Endpoint]) -> list[Endpoint]:
    """Deleting last: what it takes from the disk does not come back."""
    return sorted(endpoints, key=lambda one: one.method == "delete")


def test_whoever_asks_gets_what_the_tables_say_and_nothing_else(house: House) -> None:
    wrong = []

    for endpoint in _in_order(_endpoints(house.api)):
        for who in house.callers:
            for place in house.places if endpoint.operation in THERE else ("here",):
                expected, found = who.expects(endpoint, place), house.status(endpoint, who, place)
                if found != expected:
                    wrong.append((endpoint.operation, who.name, place, f"{expected} != {found}"))

    assert wrong == []


def test_every_endpoint_is_in_one_table(house: House) -> None:
    assert sorted(endpoint.operation for endpoint in _endpoints(house.api)) == sorted(
        [*PUBLIC, *(name for table in NEEDS for name in table.endpoints)]
    )


def test_every_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


@pytest.fixture(name="client")
def _client(api: FastAPI) -> TestClient:
    return TestClient(api, base_url=BASE, client=("127.0.0.1", 50000))


@pytest.mark.parametrize("who", ["a wrong key", "an expired key", "a password", "a wrong session", "a token"])
def test_who_is_not_known_gets_nothing_but_what_is_public(
    api: FastAPI, client: TestClient, here: Place, expired: str, who: str
) -> None:
    headers = {
        "a wrong key": bearer("fm_" + "x" * 43),
        "an expired key": bearer(expired),
        "a password": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "a wrong session": {"Cookie": "framemill_session=" + "x" * 43},
        "a token": bearer("eyJhbGciOiJub25lIn0.e30."),
    }[who]

    answers = {one.operation: one.call(client, here, headers) for one in _some(api)}

    assert {name for name, status in answers.items() if status != 401} == {"health_live"}


def _some(api: FastAPI) -> list[Endpoint]:
    """One of each kind: who asks is found out by the same code everywhere."""
    kinds = ("health_live", "auth_show_self", "jobs_list", "videos_edit", "videos_delete", "users_list")
    return [one for one in _endpoints(api) if one.operation in kinds]


def test_hidden_addresses_hold_nothing_private(client: TestClient) -> None:
    for path in ("/docs", "/api/v1/openapi.json"):
        assert client.get(path).status_code == 200
    assert client.get("/").status_code == 200
    assert client.get("/login", params={"token": "x"}).status_code == 401


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


def test_a_revoked_key_ends_at_once(app: App, client: TestClient, admin: str) -> None:
    app.access.revoke_key("admin")

    assert client.get("/api/v1/auth/self", headers=bearer(admin)).status_code == 401
