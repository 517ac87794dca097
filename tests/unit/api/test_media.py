"""Signed media over HTTP: the whole application, a store of files, good and bad addresses."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.domain.plan import Role
from framemill.errors import StorageUnavailable
from framemill.services.playback import Form, Playback
from framemill.services.shelf_records import VideoRecord
from framemill.settings import Settings
from framemill.storage.signing import Signer
from tests.engines import Clock
from tests.shelves import Shelves

_HOST = "http://127.0.0.1:8000"
_FILM = bytes(range(256)) * 100


@pytest.fixture(params=["plain", "sealed"], name="app")
def _app(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    keys = SecretStr(b64encode(b"k" * 32).decode()) if request.param == "sealed" else None
    app = open_app(
        Settings(
            data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", public_url=_HOST, storage_keys=keys
        )
    )
    yield app
    app.close()


@pytest.fixture(name="client")
def _client(app: App) -> TestClient:
    return TestClient(create_app(app), base_url=_HOST, follow_redirects=False)


@pytest.fixture(name="shelves")
def _shelves(app: App, tmp_path: Path) -> Shelves:
    return Shelves(database=app.database, clock=Clock(), blobs=app.blobs, folder=tmp_path)


@pytest.fixture(name="video")
def _video(shelves: Shelves) -> VideoRecord:
    return shelves.a_video(_FILM)


def _package(shelves: Shelves, video: VideoRecord) -> None:
    files = ("master.m3u8", "v/seg_00001.m4s", "key.bin")
    shelves.an_artifact(video, Role.HLS, "hls/", files=files, size=50)


def test_a_private_file_is_read_with_its_address_alone(
    app: App, client: TestClient, video: VideoRecord
) -> None:
    url = app.playback.stream_url(video.id).url

    answer = client.get(url, headers={"range": "bytes=100-199"})

    assert url.startswith(f"{_HOST}/media/")
    assert (answer.status_code, answer.content) == (206, _FILM[100:200])
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    assert client.head(url).headers["content-length"] == str(len(_FILM))


def test_what_a_playlist_names_relatively_is_covered_by_its_token(
    app: App, client: TestClient, shelves: Shelves, video: VideoRecord
) -> None:
    _package(shelves, video)
    url = app.playback.stream_url(video.id).url

    playlist = client.get(url)
    segment = client.get(url.replace("master.m3u8", "v/seg_00001.m4s"))
    key = client.get(url.replace("master.m3u8", "key.bin"))

    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert playlist.headers["cache-control"] == "private, max-age=10"
    assert segment.headers["content-type"] == "video/iso.segment"
    assert segment.headers["cache-control"].endswith(", immutable")
    # No longer than the address is valid.
    assert 3500 < int(segment.headers["cache-control"].split("=")[1].split(",")[0]) <= 3600
    assert (key.status_code, key.headers["content-type"]) == (200, "application/octet-stream")


def test_players_on_other_sites_may_read_all_of_it(app: App, client: TestClient, video: VideoRecord) -> None:
    url = app.playback.stream_url(video.id).url
    origin = {"origin": "https://elsewhere.example"}

    answers = [
        client.get(url, headers=origin),
        client.get(url, headers={**origin, "range": "bytes=0-1"}),
        client.get(url.replace("/media/", "/media/x"), headers=origin),
        client.options(url, headers={**origin, "access-control-request-headers": "range"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 206, 403, 204]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Content-Range" in answer.headers["access-control-expose-headers"]
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "access-control-allow-credentials" not in answer.headers
    assert "Range" in answers[3].headers["access-control-allow-headers"]


def test_nothing_else_is_shared_with_other_sites(client: TestClient) -> None:
    for path in ("/api/v1/videos/x/stream-url", "/health/live", "/mediax"):
        answer = client.get(path, headers={"origin": "https://elsewhere.example"})

        assert "access-control-allow-origin" not in answer.headers


def test_bad_addresses_are_refused_with_the_reason(
    app: App, client: TestClient, shelves: Shelves, video: VideoRecord
) -> None:
    _package(shelves, video)
    other = shelves.a_video(b"another film")
    good = app.playback.stream_url(video.id).url
    token = good.split("/")[4]
    others = app.playback.stream_url(other.id).url.split("/")[4]

    def refused(url: str) -> tuple[int, str]:
        answer = client.get(url)
        return answer.status_code, answer.json()["code"]

    assert refused(good.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))) == _INVALID
    assert refused(good.replace(token, others)) == _INVALID
    assert refused(good.replace(token, token[:40] + others[40:])) == _INVALID
    assert refused(good.replace("hls/master.m3u8", "original.mp4")) == _INVALID
    assert refused(good.replace("master.m3u8", "%2e%2e/%2e%2e/original.mp4")) == _INVALID
    assert refused(good.replace("master.m3u8", "nothing.m4s")) == (404, "blob_not_found")
    assert refused(_expired(app, video)) == (410, "signature_expired")
    assert client.post(good).status_code == 405
    assert client.delete(good).status_code == 405


_INVALID = (403, "signature_invalid")


def _expired(app: App, video: VideoRecord) -> str:
    past = Signer(app.secrets, now=lambda: app.signer.after(timedelta(hours=-2)))
    return Playback(app.database, past, public_url=_HOST).stream_url(video.id).url


def test_the_local_stores_own_addresses_are_served(app: App, client: TestClient, video: VideoRecord) -> None:
    assert video.key is not None
    url = app.blobs.get_url(video.key, lifetime=timedelta(minutes=5), filename="Mein Film.mp4")

    answer = client.get(url, headers={"range": "bytes=-10"})

    assert (answer.status_code, answer.content) == (206, _FILM[-10:])
    assert answer.headers["content-disposition"] == 'attachment; filename="Mein Film.mp4"'
    assert client.head(url).status_code == 200
    for bad in (
        url + "&x=1",
        url + "&filename=other.mp4",
        url.replace("Mein", "Dein"),
        url.replace("original.mp4", "original.mp5"),
        url.partition("?")[0],
        url.replace("expires=", "expires=9"),
        url.replace("/storage/files/", "/storage/files//"),
    ):
        assert client.get(bad).status_code == 403, bad


def test_an_address_for_one_door_opens_no_other(app: App, client: TestClient, video: VideoRecord) -> None:
    assert video.key is not None
    part = app.blobs.part_url(video.key, "upload", 1, bytes=5, lifetime=timedelta(minutes=5))
    query = urlsplit(part).query

    assert client.get(f"{_HOST}/storage/files/{video.key}?{query}").status_code == 403


def test_a_store_elsewhere_gets_the_players_but_for_manifests(
    app: App, client: TestClient, shelves: Shelves, video: VideoRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "redirects_media", True)
    _package(shelves, video)
    url = app.playback.stream_url(video.id).url

    manifest = client.get(url)
    segment = client.get(url.replace("master.m3u8", "v/seg_00001.m4s"))
    head = client.head(url.replace("master.m3u8", "v/seg_00001.m4s"))

    assert manifest.status_code == head.status_code == 200
    assert segment.status_code == 307
    assert segment.headers["location"].startswith(f"{_HOST}/storage/files/workspaces/")
    assert segment.headers["access-control-allow-origin"] == "*"
    assert client.get(segment.headers["location"]).content == b"x" * 50


@pytest.mark.parametrize(
    ("problem", "status"),
    [(RuntimeError("crashed on purpose"), 500), (StorageUnavailable("the store is down"), 503)],
)
def test_no_log_holds_an_address(
    app: App,
    video: VideoRecord,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    problem: Exception,
    status: int,
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise problem

    url = app.playback.stream_url(video.id).url
    monkeypatch.setattr(app.playback, "permitted", crash)
    client = TestClient(create_app(app), base_url=_HOST, raise_server_exceptions=False)

    assert client.get(url).status_code == status
    said = [record.getMessage() for record in caplog.records]
    assert any("/media/.../original.mp4" in line for line in said)
    assert not any(url.split("/")[4] in line for line in said if "HTTP Request" not in line)


def test_who_may_not_see_a_video_gets_no_address(client: TestClient, video: VideoRecord) -> None:
    assert client.get(f"/api/v1/videos/{video.id}/stream-url").status_code == 401


def test_an_address_is_asked_for_with_a_key(app: App, client: TestClient, video: VideoRecord) -> None:
    key = app.access.create_key(name="player", scope=Scope.READ).secret
    headers = {"authorization": f"Bearer {key}"}

    answer = client.get(f"/api/v1/videos/{video.id}/stream-url?lifetime=60", headers=headers)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["form"], body["artifact_id"]) == (Form.ORIGINAL, None)
    assert client.get(body["url"]).content == _FILM
    for wrong in ("lifetime=0", "lifetime=99999999", "form=x"):
        asked = client.get(f"/api/v1/videos/{video.id}/stream-url?{wrong}", headers=headers)
        assert asked.status_code == 422
