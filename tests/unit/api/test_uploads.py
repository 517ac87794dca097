from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.access import Scope
from framemill.settings import Settings
from tests.yards import PART, a_film, sha256

FILM = a_film(PART + 1000)
BASE = "http://127.0.0.1:8000"
UPLOADS = "/api/v1/uploads"


@dataclass
class Mill:
    """The API, and somebody who may write."""

    app: App
    client: TestClient
    headers: dict[str, str]

    def begin(self, content: bytes = FILM, **changes: object) -> dict[str, Any]:  # Any: JSON
        body = {"filename": "film.mp4", "size": len(content), "pipeline": "none", **changes}
        answer = self.client.post(UPLOADS, json=body, headers=self.headers)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())

    def put(self, url: str, content: bytes, **headers: str) -> Any:  # noqa: ANN401 - a response
        return self.client.put(url.removeprefix(BASE), content=content, headers=headers)

    def send(self, upload: dict[str, Any], content: bytes = FILM) -> list[dict[str, Any]]:
        sent, at = [], 0
        for part in upload["parts"]:
            answer = self.put(part["url"], content[at : at + part["bytes"]])
            assert answer.status_code == 200, answer.text
            sent.append({"number": part["number"], "etag": answer.headers["etag"]})
            at += part["bytes"]
        return sent

    def complete(self, upload: dict[str, Any], **body: object) -> Any:  # noqa: ANN401 - a response
        return self.client.post(f"{UPLOADS}/{upload['id']}/complete", json=body, headers=self.headers)

    def stored(self) -> list[bytes]:
        return [b"".join(self.app.blobs.read(blob.key)) for blob in self.app.blobs.list("")]


@pytest.fixture(name="mill")
def _mill(tmp_path: Path) -> Iterator[Mill]:
    settings = Settings(
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        upload_part_bytes=PART,
        upload_max_bytes=64 << 20,
    )
    app = open_app(settings)
    key = app.access.create_key("sender", scope=Scope.WRITE).secret
    with TestClient(create_app(app), base_url=BASE) as client:
        yield Mill(app, client, {"Authorization": f"Bearer {key}"})
    app.close()


def test_a_file_goes_up_in_parts_to_signed_addresses(mill: Mill) -> None:
    upload = mill.begin(sha256=sha256(FILM), metadata={"notes": "hello", "title": "A film"})
    assert (upload["state"], upload["part_size"], upload["part_count"]) == ("open", PART, 2)
    assert upload["missing"] == [1, 2]
    sent = mill.send(upload)
    seen = mill.client.get(f"{UPLOADS}/{upload['id']}", headers=mill.headers).json()
    assert [part["number"] for part in seen["received"]] == [1, 2]

    answer = mill.complete(upload, parts=sent, sha256=sha256(FILM))

    assert answer.status_code == 200
    done = answer.json()
    assert (done["state"], done["video_state"], done["duplicate"]) == ("completed", "ready", False)
    assert mill.stored() == [FILM]
    again = mill.client.post(
        UPLOADS,
        json={"filename": "film.mp4", "size": len(FILM), "sha256": sha256(FILM)},
        headers=mill.headers,
    )
    assert (again.status_code, again.json()["id"], again.json()["duplicate"]) == (200, None, True)
    assert again.json()["video_id"] == done["video_id"]


def test_the_collection_can_stand_in_the_address(mill: Mill) -> None:
    answer = mill.client.post(
        "/api/v1/workspaces/default/collections/uploads/uploads",
        json={"filename": "film.mp4", "size": 10},
        headers=mill.headers,
    )

    assert answer.status_code == 201


def test_the_same_idempotency_key_gives_the_same_upload(mill: Mill) -> None:
    body = {"filename": "film.mp4", "size": 10}
    headers = {**mill.headers, "Idempotency-Key": "k"}

    first, second = (mill.client.post(UPLOADS, json=body, headers=headers).json() for _ in range(2))

    assert first["id"] == second["id"]
    other = mill.client.post(UPLOADS, json={**body, "size": 11}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


def test_more_addresses_are_given_on_request_with_digests(mill: Mill) -> None:
    upload = mill.begin()
    path = f"{UPLOADS}/{upload['id']}/urls"

    answer = mill.client.post(
        path, json={"parts": [2], "sha256": {"2": sha256(FILM[PART:])}}, headers=mill.headers
    )

    (part,) = answer.json()["parts"]
    refused = mill.put(part["url"], b"x" * 1000)
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_upload")
    assert mill.put(part["url"], FILM[PART:]).status_code == 200
    assert mill.client.post(path, json={"parts": [3]}, headers=mill.headers).status_code == 404


def test_a_part_has_exactly_the_length_that_was_signed(mill: Mill) -> None:
    upload = mill.begin()
    url = upload["parts"][1]["url"]

    assert mill.put(url, b"x" * 1001).status_code == 413
    assert mill.put(url, b"x" * 999).status_code == 400
    in_chunks = mill.client.put(url.removeprefix(BASE), content=iter([b"x" * 1000]))
    assert in_chunks.status_code == 411
    assert mill.client.get(f"{UPLOADS}/{upload['id']}", headers=mill.headers).json()["received"] == []


def test_a_changed_address_opens_nothing(mill: Mill) -> None:
    upload, other = mill.begin(), mill.begin(filename="other.mp4")
    url, body = upload["parts"][1]["url"], b"x" * 1000
    path, _, query = url.partition("?")
    parameters = dict(pair.split("=", 1) for pair in query.split("&"))
    changed = [
        f"{path}?{query}&part=1",
        f"{path}?{query}&more=1",
        f"{path}x?{query}",
        f"{other['parts'][1]['url'].partition('?')[0]}?{query}",
        url.replace("/storage/parts/", "/storage/files/"),
        *(
            f"{path}?" + "&".join(f"{k}={'1' + v if k == name else v}" for k, v in parameters.items())
            for name in parameters
        ),
        *(
            f"{path}?" + "&".join(f"{k}={v}" for k, v in parameters.items() if k != name)
            for name in parameters
        ),
    ]

    answers = [mill.put(one, body).status_code for one in changed]

    assert set(answers) <= {403, 404, 405}
    for upload_id in (upload["id"], other["id"]):
        assert mill.client.get(f"{UPLOADS}/{upload_id}", headers=mill.headers).json()["received"] == []


def test_pages_of_other_sites_may_send_parts_and_nothing_else(mill: Mill) -> None:
    upload = mill.begin()
    url = upload["parts"][1]["url"]
    origin = {"Origin": "https://elsewhere.example"}
    path = urlsplit(url).path

    asked = mill.client.options(path, headers={**origin, "Access-Control-Request-Method": "PUT"})
    sent = mill.put(url, b"x" * 1000, **origin)
    refused = mill.put(url[:-3], b"x" * 1000, **origin)

    assert asked.status_code == 204
    assert "PUT" in asked.headers["access-control-allow-methods"]
    for answer in (asked, sent, refused):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "etag" in answer.headers["access-control-expose-headers"].lower()
    elsewhere = mill.client.get(f"{UPLOADS}/{upload['id']}", headers={**mill.headers, **origin})
    assert "access-control-allow-origin" not in elsewhere.headers


def test_giving_up_leaves_nothing_and_ends_its_addresses(mill: Mill) -> None:
    upload = mill.begin()
    mill.send(upload)

    assert mill.client.delete(f"{UPLOADS}/{upload['id']}", headers=mill.headers).status_code == 204

    assert mill.put(upload["parts"][0]["url"], FILM[:PART]).status_code == 404
    assert mill.client.get(f"{UPLOADS}/{upload['id']}", headers=mill.headers).status_code == 404
    assert mill.stored() == []
    assert not list(mill.app.blobs.unfinished(""))


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"size": 0}, 409, "empty"),
        ({"size": (64 << 20) + 1}, 413, "upload_max_bytes is 67,108,864"),
        ({"filename": "film.html"}, 409, "not taken in"),
        ({"filename": ""}, 409, ""),
        ({"sha256": "abc"}, 422, "sha256"),
        ({"pipeline": "/etc/passwd"}, 422, "pipeline"),
        ({"workspace": "nowhere"}, 404, "nowhere"),
        ({"collection": "nothing"}, 404, "nothing"),
        ({"metadata": {"recorded_at": "2026-11-02T12:00:00"}}, 422, "recorded_at"),
        ({"unknown": 1}, 422, "unknown"),
    ],
)
def test_what_is_not_taken_is_refused_with_the_reason(
    mill: Mill, changes: dict[str, object], status: int, said: str
) -> None:
    answer = mill.client.post(
        UPLOADS, json={"filename": "film.mp4", "size": 10, **changes}, headers=mill.headers
    )

    assert answer.status_code == status, answer.text
    assert said in answer.text


def test_who_may_not_see_the_workspace_finds_no_upload(mill: Mill) -> None:
    upload = mill.begin()
    mill.app.workspaces.create("other")
    stranger = mill.app.access.create_key("stranger", scope=Scope.WRITE, workspace="other").secret
    reader = mill.app.access.create_key("reader", scope=Scope.READ).secret
    path = f"{UPLOADS}/{upload['id']}"

    for method, url, body in (
        ("GET", path, None),
        ("POST", f"{path}/urls", {"parts": [1]}),
        ("POST", f"{path}/complete", {}),
        ("DELETE", path, None),
        ("POST", UPLOADS, {"filename": "film.mp4", "size": 10}),
    ):
        headers = {"Authorization": f"Bearer {stranger}"}
        assert mill.client.request(method, url, json=body, headers=headers).status_code == 404, url
        assert mill.client.request(method, url, json=body).status_code == 401
        if method != "GET":
            weak = {"Authorization": f"Bearer {reader}"}
            assert mill.client.request(method, url, json=body, headers=weak).status_code == 403


def test_a_small_file_comes_in_one_form(mill: Mill) -> None:
    answer = mill.client.post(
        "/api/v1/videos",
        data={"notes": "in one go", "pipeline": "none", "recorded_at": "2026-11-02T12:00:00Z"},
        files={"file": ("film.mp4", FILM, "video/mp4")},
        headers=mill.headers,
    )

    assert answer.status_code == 201, answer.text
    assert (answer.json()["state"], answer.json()["sha256"]) == ("completed", sha256(FILM))
    assert mill.stored() == [FILM]
    again = mill.client.post("/api/v1/videos", files={"file": ("b.mp4", FILM)}, headers=mill.headers)
    assert (again.status_code, again.json()["video_id"]) == (200, answer.json()["video_id"])
    assert mill.stored() == [FILM]


@pytest.mark.parametrize(
    ("fields", "files", "status"),
    [
        ({}, {}, 415),
        ({"workspace": "nowhere"}, {"file": ("film.mp4", FILM)}, 404),
        ({"recorded_at": "yesterday"}, {"file": ("film.mp4", FILM)}, 422),
        ({"unknown": "1"}, {"file": ("film.mp4", FILM)}, 422),
        ({}, {"other": ("film.mp4", FILM)}, 422),
        ({}, {"file": ("film.html", FILM)}, 409),
        ({}, {"file": ("film.mp4", b"<html>" * 100)}, 409),
        ({}, {"file": ("film.mp4", b"")}, 409),
        ({}, {"file": ("../../../etc/cron.d/film.mp4", b"MZ" * 100)}, 409),
        ({}, {"file": ("film.mp4", a_film((64 << 20) + 1))}, 413),
    ],
)
def test_a_form_that_is_not_taken_leaves_nothing(
    mill: Mill, fields: dict[str, str], files: dict[str, Any], status: int
) -> None:
    answer = mill.client.post("/api/v1/videos", data=fields, files=files, headers=mill.headers)

    assert answer.status_code == status, answer.text
    assert mill.stored() == []
