"""Signing in with a browser: the link, the cookie, and requests that other sites make with it."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from framemill.app import App
from framemill.services.access import LINK_LIFETIME
from framemill.services.signing_in import SESSION_LIFETIME
from framemill.store.access_tables import ApiKey, LoginLink, UserSession
from tests.unit.api.conftest import BASE

SELF, LOGOUT = "/api/v1/auth/self", "/api/v1/auth/logout"
OURS = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(name="browser")
def _browser(app: App, client: TestClient) -> TestClient:
    client.get("/login", params={"token": app.access.login_token()})
    return client


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: App, client: TestClient) -> None:
    response = client.get("/login", params={"token": app.access.login_token()}, follow_redirects=False)

    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert response.headers["location"] == "/"


def test_over_https_the_cookie_never_goes_in_the_clear(app: App, api: FastAPI) -> None:
    client = TestClient(api, base_url="https://video.example", client=("127.0.0.1", 50000))

    response = client.get("/login", params={"token": app.access.login_token()}, follow_redirects=False)

    assert "secure" in response.headers["set-cookie"].lower()


def test_the_link_works_on_the_machine_only(app: App, api: FastAPI) -> None:
    token = app.access.login_token()
    elsewhere = TestClient(api, base_url=BASE, client=("192.0.2.7", 50000))

    assert elsewhere.get("/login", params={"token": token}).status_code == 403
    # It was not used up by that.
    there = TestClient(api, base_url=BASE, client=("::1", 50000))
    assert there.get("/login", params={"token": token}, follow_redirects=False).status_code == 303


def test_an_old_link_is_worth_nothing(app: App, client: TestClient) -> None:
    token = app.access.login_token()
    with app.database.write() as session:
        session.scalars(select(LoginLink)).one().expires_at -= LINK_LIFETIME

    assert client.get("/login", params={"token": token}).status_code == 401


def test_a_session_ends_by_itself_and_by_signing_out(app: App, browser: TestClient) -> None:
    cookie = browser.cookies["framemill_session"]
    assert browser.get(SELF).json()["name"] == "admin"

    assert browser.post(LOGOUT, headers=OURS).status_code == 204
    assert browser.get(SELF, headers={"Cookie": f"framemill_session={cookie}"}).status_code == 401

    browser.get("/login", params={"token": app.access.login_token()})
    with app.database.write() as session:
        for row in session.scalars(select(UserSession)):
            row.expires_at -= SESSION_LIFETIME + timedelta(seconds=1)
    assert browser.get(SELF).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": BASE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:8000.evil.example", "Sec-Fetch-Site": "same-origin"},
        {},
    ],
)
def test_another_site_changes_nothing_with_our_cookie(browser: TestClient, headers: dict[str, str]) -> None:
    response = browser.post("/api/v1/workspaces", json={"name": "theirs"}, headers=headers)

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("headers", [OURS, {"Origin": BASE}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_pages_do(browser: TestClient, headers: dict[str, str]) -> None:
    assert browser.post("/api/v1/workspaces", json={"name": "ours"}, headers=headers).status_code == 201


def test_a_key_needs_no_origin(app: App, browser: TestClient) -> None:
    created = browser.post("/api/v1/api-keys", json={"name": "ci", "scope": "admin"}, headers=OURS).json()
    browser.cookies.clear()

    key = {"Authorization": f"Bearer {created['secret']}", "Origin": "https://app.example"}
    assert browser.post("/api/v1/workspaces", json={"name": "keyed"}, headers=key).status_code == 201


def test_a_key_beside_a_cookie_is_what_counts(browser: TestClient) -> None:
    answer = browser.get(SELF, headers={"Authorization": "Bearer fm_wrong"})

    assert answer.status_code == 401


def test_no_secret_is_kept(app: App, browser: TestClient) -> None:
    key = browser.post("/api/v1/api-keys", json={"name": "ci"}, headers=OURS).json()["secret"]
    token = app.access.login_token()
    cookie = browser.cookies["framemill_session"]

    with app.database.read() as session:
        kept = [
            str(vars(row))
            for table in (ApiKey, LoginLink, UserSession)
            for row in session.scalars(select(table))
        ]

    assert len(kept) == 3
    assert [secret for secret in (key, token, cookie) if any(secret in row for row in kept)] == []
