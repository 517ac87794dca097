"""A video's life in an S3 store, over the API: in parts straight to the store, played from there, gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.domain.states import JobState
from framemill.settings import Settings
from tests.integration.stores import bucket
from tests.servers import rgw
from tests.servers.faults import Chance, Cut, Refuse, Reset, in_front_of
from tests.yards import PART, a_film, sha256

pytestmark = pytest.mark.integration

BASE = "http://127.0.0.1:8000"
UPLOADS = "/api/v1/uploads"
FILM = a_film(PART + 1000)
OWN_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


@dataclass
class Mill:
    """An installation whose files are in a place of their own in the session's S3 store."""

    app: App
    client: TestClient
    headers: dict[str, str]

    def begin(self) -> dict[str, Any]:  # Any: JSON
        body = {"filename": "film.mp4", "size": len(FILM), "pipeline": "none"}
        answer = self.client.post(UPLOADS, json=body, headers=self.headers)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def put(self, url: str, content: bytes, **headers: str) -> Any:  # noqa: ANN401 - a response
        """To wherever the address leads: the store, or the API."""
        if url.startswith(BASE):
            return self.client.put(url.removeprefix(BASE), content=content, headers=headers)
        return httpx2.put(url, content=content, headers=headers)

    def get(self, url: str) -> Any:  # noqa: ANN401 - a response
        """What a player gets, and from where it came in the end."""
        answer = self.client.get(url.removeprefix(BASE), follow_redirects=False)
        return httpx2.get(answer.headers["Location"]) if answer.status_code == 307 else answer


@pytest.fixture(params=["none", "c"], name="mill")
def _mill(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mill]:
    place = bucket(request)
    settings = Settings.model_validate(
        {
            "data_dir": tmp_path / "data",
            "cache_dir": tmp_path / "cache",
            "upload_part_bytes": PART,
            "storage": "s3",
            "s3_bucket": place.bucket,
            "s3_endpoint": rgw.url(place.server),
            "s3_access_key": rgw.ACCESS_KEY,
            "s3_secret_key": place.server.password,
            "s3_prefix": place.prefix,
            "s3_addressing": "path",
            "s3_sse": request.param,
            "s3_sse_key": OWN_KEY if request.param == "c" else None,
        }
    )
    app = open_app(settings)
    key = app.access.create_key("sender", scope=Scope.ADMIN).secret
    with TestClient(create_app(app), base_url=BASE) as client:
        yield Mill(app, client, {"Authorization": f"Bearer {key}"})
    app.close()


def test_a_video_comes_in_parts_plays_and_goes(mill: Mill) -> None:
    upload = mill.begin()
    straight = mill.app.settings.s3_sse == "none"
    sent = []
    for part, content in zip(upload["parts"], (FILM[:PART], FILM[PART:]), strict=True):
        assert part["url"].startswith(BASE) is not straight
        answer = mill.put(part["url"], content)
        assert answer.status_code == 200, answer.text
        sent.append({"number": part["number"], "etag": answer.headers["etag"]})

    done = mill.client.post(
        f"{UPLOADS}/{upload['id']}/complete",
        json={"parts": sent, "sha256": sha256(FILM)},
        headers=mill.headers,
    )

    assert done.status_code == 200, done.text
    video = f"/api/v1/videos/{done.json()['video_id']}"
    found = mill.client.get(f"{video}/stream-url", headers=mill.headers)
    assert found.status_code == 200, found.text
    played = mill.get(found.json()["url"])
    assert (played.status_code, played.content) == (200, FILM)
    assert played.headers["Content-Type"] == "video/mp4"
    assert (played.url.netloc.decode() == urlsplit(mill.app.settings.s3_endpoint or "").netloc) is straight

    assert mill.client.delete(video, headers=mill.headers).status_code == 204
    mill.app.remover.sweep()
    assert list(mill.app.blobs.list("")) == []
    assert list(mill.app.blobs.unfinished("")) == []


def test_an_upload_goes_on_after_everything_was_started_anew(mill: Mill) -> None:
    upload = mill.begin()
    assert mill.put(upload["parts"][0]["url"], FILM[:PART]).status_code == 200
    other = open_app(mill.app.settings)

    with TestClient(create_app(other), base_url=BASE) as client:
        seen = client.get(f"{UPLOADS}/{upload['id']}", headers=mill.headers).json()
        assert seen["missing"] == [2]
        wanted = {"parts": [2], "sha256": {"2": sha256(FILM[PART:])}}
        asked = client.post(f"{UPLOADS}/{upload['id']}/urls", json=wanted, headers=mill.headers)
        (part,) = asked.json()["parts"]
        digest = {"x-amz-content-sha256": sha256(FILM[PART:])}
        assert mill.put(part["url"], b"x" * 1000, **digest).status_code in {400, 409}
        assert mill.put(part["url"], FILM[PART:], **digest).status_code == 200
        done = client.post(f"{UPLOADS}/{upload['id']}/complete", json={}, headers=mill.headers)
        assert done.status_code == 200, done.text
    other.close()

    (blob,) = mill.app.blobs.list("")
    assert b"".join(mill.app.blobs.read(blob.key)) == FILM


def test_a_film_that_is_given_up_leaves_nothing(mill: Mill) -> None:
    upload = mill.begin()
    mill.put(upload["parts"][0]["url"], FILM[:PART])

    answer = mill.client.delete(f"{UPLOADS}/{upload['id']}", headers=mill.headers)

    assert answer.status_code == 204
    assert mill.put(upload["parts"][1]["url"], FILM[PART:]).status_code in {403, 404}
    assert list(mill.app.blobs.unfinished("")) == []
    assert list(mill.app.blobs.list("")) == []


@pytest.mark.slow
@pytest.mark.media
@pytest.mark.parametrize("mill", ["none"], indirect=True)
def test_a_job_on_a_stored_video_survives_a_store_that_fails(mill: Mill, film: Path) -> None:
    content = film.read_bytes()
    answer = mill.client.post(
        "/api/v1/videos",
        files={"file": ("film.mp4", content)},
        data={"pipeline": "proxy"},
        headers=mill.headers,
    )
    assert answer.status_code in {200, 201}, answer.text
    made = answer.json()
    port = urlsplit(mill.app.settings.s3_endpoint or "").port
    assert port is not None
    chance = Chance(7, {Refuse(): 0.2, Reset(): 0.05, Cut(after=50_000): 0.1})
    with in_front_of(port, chance) as front:
        faulty = open_app(mill.app.settings.model_copy(update={"s3_endpoint": front.url}))
        try:
            job = faulty.run_job(made["job_id"])
        finally:
            faulty.close()

    assert job.job.state == JobState.COMPLETED, job
    assert sum(chance.done.values()) > 0
    checked = list(mill.app.keeping.verify())
    assert len(checked) > 1
    assert {one.outcome for one in checked} == {"whole"}
    assert mill.client.delete(f"/api/v1/videos/{made['video_id']}", headers=mill.headers).status_code == 204
    mill.app.remover.sweep()
    assert list(mill.app.blobs.list("")) == []
