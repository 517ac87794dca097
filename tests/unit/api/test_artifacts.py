"""What jobs made, one by one."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from framemill.app import App
from framemill.store.jobs import new_id
from framemill.store.tables import Artifact
from tests.unit.api.conftest import Place, a_job, bearer

ARTIFACTS = "/api/v1/artifacts"


def test_a_jobs_artifacts_lead_to_their_content(client: TestClient, here: Place) -> None:
    listed = client.get(f"/api/v1/jobs/{here.job}/artifacts", headers=bearer(here.read)).json()
    path = f"{ARTIFACTS}/{listed['items'][0]['id']}"
    shown = client.get(path, params={"lifetime": 60}, headers=bearer(here.read)).json()
    content = client.get(shown["address"]["url"])

    assert (shown["name"], shown["video_id"], shown["workspace_id"]) == (
        "film-1.mp4",
        here.video,
        here.workspace,
    )
    assert content.content == b"a picture"
    assert content.headers["content-disposition"].startswith("attachment")
    expires = datetime.fromisoformat(shown["address"]["expires_at"])
    assert expires - datetime.now(UTC) <= timedelta(seconds=61)


def _made(app: App, **columns: object) -> str:
    values: dict[str, object] = {
        "id": new_id(),
        "position": 0,
        "role": "clip",
        "path": "x",
        "bytes": 1,
        "provenance": {},
        "created_at": datetime.now(UTC),
    }
    with app.database.write() as session:
        row = Artifact(**values | columns)
        session.add(row)
        return row.id


@pytest.mark.parametrize(("role", "path", "form"), [("hls", "hls", "hls"), ("thumbnail", "pictures", None)])
def test_a_stream_is_played_and_a_folder_has_no_address(
    app: App, client: TestClient, here: Place, role: str, path: str, form: str | None
) -> None:
    key = f"workspaces/{here.workspace}/{here.video}/{here.job}/{path}/"
    made = _made(app, job_id=here.job, video_id=here.video, role=role, path=path, key=key)

    address = client.get(f"{ARTIFACTS}/{made}", headers=bearer(here.read)).json()["address"]

    assert (address and address["form"]) == form


def test_of_a_plain_file_only_the_name_is_told_and_only_to_who_sees_all(
    app: App, client: TestClient, here: Place, admin: str
) -> None:
    made = _made(app, job_id=a_job(app), path="/srv/results/clip.mp4")

    shown = client.get(f"{ARTIFACTS}/{made}", headers=bearer(admin)).json()

    assert (shown["name"], shown["address"]) == ("clip.mp4", None)
    assert client.get(f"{ARTIFACTS}/{made}", headers=bearer(here.read)).status_code == 404


@pytest.mark.parametrize("unknown", ["none", "01990000-0000-7000-8000-000000000000"])
def test_what_is_none_is_not_found(client: TestClient, admin: str, unknown: str) -> None:
    answer = client.get(f"{ARTIFACTS}/{unknown}", headers=bearer(admin))

    assert (answer.status_code, answer.json()["code"]) == (404, "artifact_not_found")


def test_every_file_of_a_package_can_be_had(app: App, client: TestClient, here: Place) -> None:
    folder = f"workspaces/{here.workspace}/{here.video}/{here.job}/hls/"
    content = {"master.m3u8": b"#EXTM3U", "720p/init.mp4": b"init", "720p/seg_1.m4s": b"segment"}
    for name, text in content.items():
        app.blobs.put(folder + name, [text])
    made = _made(app, job_id=here.job, video_id=here.video, role="hls", path="hls/master.m3u8", key=folder)
    address = f"{ARTIFACTS}/{made}/files"

    first = client.get(address, params={"limit": 2}, headers=bearer(here.read)).json()
    rest = client.get(address, params={"after": first[-1]["name"]}, headers=bearer(here.read)).json()

    listed = [*first, *rest]
    assert [one["name"] for one in listed] == [f"hls/{name}" for name in sorted(content)]
    assert {one["name"]: client.get(one["url"]).content for one in listed} == {
        f"hls/{name}": text for name, text in content.items()
    }
    assert [one["bytes"] for one in listed] == [len(content[name]) for name in sorted(content)]


def test_the_file_of_an_artifact_is_its_only_one(client: TestClient, here: Place) -> None:
    (listed,) = client.get(f"/api/v1/jobs/{here.job}/artifacts", headers=bearer(here.read)).json()["items"]
    address = f"{ARTIFACTS}/{listed['id']}/files"

    (one,) = client.get(address, headers=bearer(here.read)).json()
    after = client.get(address, params={"after": one["name"]}, headers=bearer(here.read)).json()

    assert (client.get(one["url"]).content, after) == (b"a picture", [])


def test_pictures_are_the_newest_jobs_and_their_addresses_show_them(
    app: App, client: TestClient, here: Place, elsewhere: Place
) -> None:
    folder = f"workspaces/{here.workspace}/{here.video}/{here.job}"
    old, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    for role, path, job, at in (
        ("thumbnail", "thumbnails/1.jpg", None, old),
        ("thumbnail", "thumbnails/2.jpg", here.job, now),
        ("thumbnail", "thumbnails/1.jpg", here.job, now),
        ("storyboard", "storyboard/storyboard.vtt", here.job, now),
        ("storyboard", "storyboard/sheet-001.jpg", here.job, now),
    ):
        key = f"{folder}/{path}"
        _made(app, job_id=job, video_id=here.video, role=role, path=path, key=key, created_at=at)
    path = f"/api/v1/workspaces/{here.workspace}/pictures"

    asked = client.get(path, params={"video": [here.video, elsewhere.video]}, headers=bearer(here.read))
    again = client.get(path, params={"video": here.video}, headers=bearer(here.read))

    (found,) = asked.json()["items"]
    assert [url.rpartition("/")[2] for url in found["stills"]] == ["1.jpg", "2.jpg"]
    assert found["storyboard"].endswith("/storyboard.vtt")
    assert list(found["sheets"]) == ["sheet-001.jpg"]
    assert again.json()["items"] == [found]
    assert client.get(found["stills"][0]).status_code == 404  # allowed; there are no bytes here
