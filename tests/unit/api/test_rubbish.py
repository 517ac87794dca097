"""Whatever is sent, the answer is one of ours: no request makes the server stumble."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.unit.api.conftest import BASE, Place, bearer

_NASTY = ["", "\0", "\ud800", "\udcff", "é" * 300, "x" * 5000, "' OR 1=1 --", "../../etc/passwd", "-1", "%"]
_NUMBERS = [-1, 0, 2**31, 2**63, 2**64, -(2**63) - 1, 1e308, -0.5]
_WORDS = st.sampled_from(_NASTY) | st.text(max_size=20)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from(_NUMBERS) | st.integers() | _WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_WORDS, below, max_size=3),
    max_leaves=6,
)


def _operations(api: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in sorted(api.openapi()["paths"].items())
        for method, operation in methods.items()
    ]


def _fields(api: FastAPI, operation: dict[str, Any]) -> list[str]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = str(body.get("$ref", "")).rpartition("/")[2]
    return list(api.openapi()["components"]["schemas"].get(name, {}).get("properties", {}))


@pytest.fixture(name="known")
def _known(here: Place) -> dict[str, str]:
    return {
        "workspace": here.workspace,
        "collection": here.collection,
        "video_id": here.video,
        "job_id": here.job,
        "upload_id": here.upload,
        "webhook_id": here.webhook,
        "delivery_id": here.delivery,
    }


@pytest.fixture(name="unharmed")
def _unharmed(api: FastAPI) -> Iterator[TestClient]:
    # Entered, it keeps its thread from request to request.
    with TestClient(api, base_url=BASE, raise_server_exceptions=False) as client:
        yield client


@settings(
    max_examples=int(os.environ.get("FRAMEMILL_TEST_EXAMPLES", "8")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_request_makes_the_server_stumble(
    api: FastAPI, unharmed: TestClient, known: dict[str, str], admin: str, data: st.DataObject
) -> None:
    for method, path, operation in _operations(api):
        if operation["operationId"] in {
            "jobs_follow",
            "jobs_listen",
            "workspaces_delete",
            "collections_delete",
        }:
            continue
        sound = data.draw(st.booleans())
        place = re.sub(
            r"\{(\w+)\}",
            lambda found, sound=sound: (
                known[found[1]]  # type: ignore[misc]  # bound now
                if sound and found[1] in known
                else quote(data.draw(_WORDS), safe="", errors="surrogatepass")
            ),
            path,
        )
        query = {
            one["name"]: data.draw(_WORDS)
            for one in operation.get("parameters", ())
            if one["in"] == "query" and data.draw(st.booleans())
        }
        address = "&".join(f"{name}={quote(text, errors='surrogatepass')}" for name, text in query.items())
        body = {name: data.draw(_VALUES) for name in _fields(api, operation) if data.draw(st.booleans())}
        response = unharmed.request(
            method,
            f"{place}?{address}",
            content=json.dumps(body).encode() if body else b"",
            headers=bearer(admin) | {"Content-Type": "application/json"},
        )

        assert response.status_code < 500, (method, place, address, body, response.text)
        if response.status_code >= 400:
            assert response.json()["code"], response.text


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff\xfe", b"null", b'"x"', b"[" * 100_000, b'{"video": NaN}']
)
def test_a_body_that_is_no_request_is_refused(client: TestClient, admin: str, body: bytes) -> None:
    headers = bearer(admin) | {"Content-Type": "application/json"}

    assert client.post("/api/v1/jobs", content=body, headers=headers).status_code in {400, 422}


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer é", "bearer \x7f", "Bearer " + "x" * 8000])
def test_a_key_that_is_rubbish_is_nobodys(client: TestClient, value: str) -> None:
    header = [(b"authorization", value.encode("latin-1"))]

    assert client.get("/api/v1/auth/self", headers=header).status_code == 401


@pytest.mark.parametrize("address", ["/api/v1/jobs?owner=a%00b", "/api/v1/workspaces/a%00b"])
def test_a_zero_byte_in_an_address_is_refused(client: TestClient, admin: str, address: str) -> None:
    response = client.get(address, headers=bearer(admin))

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
