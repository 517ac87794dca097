from typing import Any

import pytest
from starlette.testclient import TestClient

from framemill.app import App
from framemill.store.database import Database
from framemill.store.tables import Job
from framemill.store.video_tables import Video
from tests.unit.api.conftest import Place, bearer

URL = "https://example.com/films/harbour.mp4?token=sesame"


def _ask(client: TestClient, here: Place, *, key: str | None = None, **body: object) -> Any:  # noqa: ANN401 - a response
    headers = bearer(here.write) | ({"Idempotency-Key": key} if key else {})
    path = f"/api/v1/workspaces/{here.workspace}/collections/cameras/downloads"
    return client.post(path, json={"url": URL, **body}, headers=headers)


def _count(database: Database, table: type[Job] | type[Video]) -> int:
    with database.read() as session:
        return session.query(table).count()


def test_a_download_is_a_video_to_be_and_a_job(client: TestClient, here: Place) -> None:
    answer = _ask(
        client, here, title="The harbour", recorded_at="2026-05-04T10:00:00+02:00", notes="low tide"
    )

    assert answer.status_code == 202
    said = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{said['job_id']}"
    job = client.get(answer.headers["location"], headers=bearer(here.read)).json()
    assert (job["kind"], job["state"], job["video_id"]) == ("download", "queued", said["video_id"])
    assert [task["title"] for task in job["tasks"]] == ["download example.com/…/harbour.mp4"]
    video = client.get(f"/api/v1/videos/{said['video_id']}", headers=bearer(here.read)).json()
    assert (video["state"], video["title"], video["notes"]) == ("uploading", "The harbour", "low tide")
    assert video["source_url"] == "example.com/…/harbour.mp4"
    assert video["uploader"] == "key:here-write"


def test_nobody_is_told_what_the_address_hides(client: TestClient, here: Place) -> None:
    said = _ask(client, here).json()

    for path in (
        f"/api/v1/jobs/{said['job_id']}",
        f"/api/v1/jobs/{said['job_id']}/logs",
        f"/api/v1/videos/{said['video_id']}",
        "/api/v1/jobs",
    ):
        text = client.get(path, headers=bearer(here.read)).text
        assert "sesame" not in text
        assert "/films/" not in text
        assert "asked" not in text


def test_the_place_may_stand_in_the_body(client: TestClient, here: Place) -> None:
    body = {"url": URL, "workspace": here.workspace, "collection": "cameras"}

    answer = client.post("/api/v1/downloads", json=body, headers=bearer(here.write))

    assert answer.status_code == 202


def test_the_same_key_gives_the_same_download_and_another_request_is_refused(
    app: App, client: TestClient, here: Place
) -> None:
    first = _ask(client, here, key="one")
    before = _count(app.database, Job), _count(app.database, Video)

    again = _ask(client, here, key="one")
    other = _ask(client, here, key="one", url="https://example.com/other.mp4")

    assert (again.status_code, again.json()) == (202, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert (_count(app.database, Job), _count(app.database, Video)) == before


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("ftp://example.com/film.mp4", 409, "address_refused"),
        ("file:///etc/passwd", 409, "address_refused"),
        ("http://user:secret@example.com/film.mp4", 409, "address_refused"),
        ("http://127.0.0.1/film.mp4", 409, "address_refused"),
        ("http://0x7f.1/film.mp4", 409, "address_refused"),
        ("http://[::ffff:127.0.0.1]/film.mp4", 409, "address_refused"),
        ("http://example.com:6379/film.mp4", 409, "address_refused"),
        ("https://example.com/" + "x" * 9000, 422, "invalid_spec"),
        (7, 422, "invalid_spec"),
    ],
)
def test_a_wrong_address_is_refused_and_leaves_nothing(
    app: App, client: TestClient, here: Place, url: object, status: int, code: str
) -> None:
    before = _count(app.database, Job), _count(app.database, Video)

    answer = _ask(client, here, url=url)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text
    assert (_count(app.database, Job), _count(app.database, Video)) == before


@pytest.mark.parametrize("more", [{"pipeline": "../../etc/passwd"}, {"priority": 10}, {"filename": ""}])
def test_a_wish_that_makes_no_sense_is_refused(client: TestClient, here: Place, more: dict[str, Any]) -> None:
    assert _ask(client, here, **more).status_code == 422


def test_a_cancelled_download_takes_its_video_along(app: App, client: TestClient, here: Place) -> None:
    said = _ask(client, here).json()

    answer = client.post(f"/api/v1/jobs/{said['job_id']}/cancel", headers=bearer(here.write))

    assert answer.json()["state"] == "cancelled"
    assert client.get(f"/api/v1/videos/{said['video_id']}", headers=bearer(here.read)).status_code == 404
    retried = client.post(f"/api/v1/jobs/{said['job_id']}/retry", headers=bearer(here.write))
    assert (retried.status_code, retried.json()["code"]) == (409, "illegal_transition")
    assert app.remover.sweep() == 1
