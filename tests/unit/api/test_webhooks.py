"""Webhooks over the API: secrets are shown once, nothing is nobody's, and lists go on page by page."""

from starlette.testclient import TestClient

from framemill.app import App
from tests.unit.api.conftest import Place, bearer

_URL = {"url": "https://hooks.example.com/framemill"}


def _at(place: Place) -> str:
    return f"/api/v1/workspaces/{place.workspace}/webhooks"


def test_a_secret_is_shown_when_it_is_made_and_never_again(
    client: TestClient, here: Place, admin: str
) -> None:
    headers = {**bearer(admin), "Idempotency-Key": "one"}
    made = client.post(_at(here), json=_URL, headers=headers)
    repeated = client.post(_at(here), json=_URL, headers=headers)
    there = made.headers["Location"]
    shown = client.get(there, headers=bearer(admin))
    rotated = client.post(f"{there}/secret", headers=bearer(admin))

    assert (made.status_code, repeated.json()["code"]) == (201, "answer_not_kept")
    assert made.json()["events"] == ["job.completed", "job.failed", "job.cancelled"]
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in shown.json()
    assert rotated.json()["secret"] != made.json()["secret"]
    assert rotated.json()["old_secret_until"]
    assert len(client.get(_at(here), headers=bearer(admin)).json()["items"]) == 2


def test_what_may_not_be_reached_is_refused_with_a_code(client: TestClient, here: Place, admin: str) -> None:
    inside = client.post(_at(here), json={"url": "http://10.0.0.1/"}, headers=bearer(admin))
    odd = client.post(_at(here), json=_URL | {"events": ["job.exploded"]}, headers=bearer(admin))
    moved = client.patch(f"{_at(here)}/{here.webhook}", json={"url": "http://[::1]/"}, headers=bearer(admin))

    assert (inside.status_code, inside.json()["code"]) == (409, "address_refused")
    assert (odd.status_code, odd.json()["code"]) == (422, "invalid_spec")
    assert (moved.status_code, moved.json()["code"]) == (409, "address_refused")


def test_a_test_says_how_it_went(client: TestClient, here: Place, admin: str) -> None:
    answer = client.post(f"{_at(here)}/{here.webhook}/test", headers=bearer(admin))

    assert answer.status_code == 200
    assert answer.json()["state"] == "failed"
    assert [one["outcome"] for one in answer.json()["attempts"]] == ["forbidden"]
    assert "FRAMEMILL_WEBHOOK_ALLOW" in answer.json()["attempts"][0]["error"]


def test_deliveries_come_page_by_page_and_by_state(client: TestClient, here: Place, admin: str) -> None:
    there, headers = f"{_at(here)}/{here.webhook}", bearer(admin)
    for _ in range(2):
        client.post(f"{there}/test", headers=headers)
    first = client.get(f"{there}/deliveries?limit=2&total=true", headers=headers).json()
    rest = client.get(f"{there}/deliveries?limit=2&cursor={first['next_cursor']}", headers=headers).json()
    waiting = client.get(f"{there}/deliveries?state=pending", headers=headers).json()

    assert [one["type"] for one in first["items"]] == ["webhook.test", "webhook.test"]
    assert (first["total"], rest["next_cursor"], waiting["items"]) == (3, None, [])
    assert [one["id"] for one in rest["items"]] == [here.delivery]
    again = client.post(f"{there}/deliveries/{here.delivery}/redeliver", headers=headers)
    assert (again.status_code, again.json()["state"]) == (202, "pending")


def test_a_webhook_of_another_workspace_is_not_there(
    client: TestClient, here: Place, elsewhere: Place, admin: str
) -> None:
    webhook = client.get(f"{_at(here)}/{elsewhere.webhook}", headers=bearer(admin))
    delivery = client.get(
        f"{_at(here)}/{here.webhook}/deliveries/{elsewhere.delivery}", headers=bearer(admin)
    )

    assert (webhook.status_code, webhook.json()["code"]) == (404, "webhook_not_found")
    assert (delivery.status_code, delivery.json()["code"]) == (404, "delivery_not_found")


def test_who_changes_what_another_changed_meanwhile_is_told(
    client: TestClient, here: Place, admin: str
) -> None:
    there = f"{_at(here)}/{here.webhook}"
    tag = client.get(there, headers=bearer(admin)).headers["ETag"]
    client.patch(there, json={"note": "one"}, headers=bearer(admin))
    late = client.patch(there, json={"note": "two"}, headers={**bearer(admin), "If-Match": tag})

    assert late.status_code == 412


def test_everything_is_written_down_and_no_address_with_it(
    app: App, client: TestClient, here: Place, admin: str
) -> None:
    there = client.post(_at(here), json=_URL, headers=bearer(admin)).headers["Location"]
    client.patch(there, json={"url": "https://other.example.com/token"}, headers=bearer(admin))
    client.delete(there, headers=bearer(admin))

    found = client.get("/api/v1/admin/audit?limit=10", headers=bearer(admin)).json()["items"]
    assert [one["action"] for one in found][:3] == ["webhook.deleted", "webhook.changed", "webhook.created"]
    assert "example.com" not in str(found)
