"""The examples in the description are real: they fit their schemas, and requests made of them are taken."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from framemill.app import App
from framemill.operations.examples import EXAMPLES
from framemill.operations.registry import NAMES, load_spec
from tests.unit.api.conftest import BASE, Place, bearer

API = "/api/v1"
Json = dict[str, Any]  # Any: JSON


def _bodies(schema: Json) -> Iterator[tuple[str, Json]]:
    """Every operation that takes JSON, and the schema of that."""
    for methods in schema["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                yield operation["operationId"], content["schema"]


def _examples(schema: Json, body: Json) -> list[Json]:
    name = body["$ref"].rpartition("/")[2] if "$ref" in body else None
    found: list[Json] = schema["components"]["schemas"][name].get("examples", []) if name else []
    return found


def test_every_request_body_has_examples_that_fit_its_schema(api: FastAPI) -> None:
    schema = api.openapi()

    for operation, body in _bodies(schema):
        examples = _examples(schema, body)
        assert examples, operation
        for example in examples:
            jsonschema.validate(example, {**body, "components": schema["components"]})


@pytest.mark.parametrize(
    ("operation", "method", "path"),
    [
        ("workspaces_create", "POST", "/workspaces"),
        ("workspaces_edit", "PATCH", "/workspaces/{workspace}"),
        ("collections_create", "POST", "/workspaces/{workspace}/collections"),
        ("collections_rename", "PATCH", "/workspaces/{workspace}/collections/{collection}"),
        ("videos_edit", "PATCH", "/videos/{video}"),
        ("uploads_create", "POST", "/workspaces/{workspace}/collections/{collection}/uploads"),
        ("uploads_create_anywhere", "POST", "/uploads"),
        ("downloads_create", "POST", "/workspaces/{workspace}/collections/{collection}/downloads"),
        ("downloads_create_anywhere", "POST", "/downloads"),
        ("jobs_prioritise", "PUT", "/jobs/{job}/priority"),
        ("jobs_submit", "POST", "/jobs"),
        ("batches_submit", "POST", "/jobs/batch"),
    ],
)
def test_an_example_is_accepted(
    api: FastAPI, client: TestClient, here: Place, admin: str, operation: str, method: str, path: str
) -> None:
    schema = api.openapi()
    body = dict(_bodies(schema))[operation]
    path = path.format(workspace=here.workspace, collection=here.collection, video=here.video, job=here.job)

    for example in _examples(schema, body):
        answer = client.request(method, API + path, json=_about(here, example), headers=bearer(admin))
        assert answer.status_code in {200, 201, 202}, answer.text


def test_the_example_of_a_key_is_accepted(app: App, api: FastAPI) -> None:
    person = TestClient(api, base_url=BASE, client=("127.0.0.1", 5000))
    person.get("/login", params={"token": app.access.login_token()}, follow_redirects=False)
    schema = api.openapi()

    for example in _examples(schema, dict(_bodies(schema))["keys_create"]):
        assert person.post(f"{API}/api-keys", json=example, headers={"Origin": BASE}).status_code == 201


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_an_example_that_it_takes(name: str) -> None:
    assert load_spec({"op": name, **EXAMPLES[name]}).op == name


def test_the_catalogue_shows_the_example_with_the_schema_that_it_fits(
    client: TestClient, here: Place
) -> None:
    for name in NAMES:
        shown = client.get(f"{API}/operations/{name}", headers=bearer(here.read)).json()
        for example in shown["examples"]:
            jsonschema.validate(example, shown["fields"])


def _about(here: Place, example: Any) -> Any:  # noqa: ANN401 - JSON
    """The example with the video that is there in the place of the one that it names."""
    if isinstance(example, dict):
        return {name: _about(here, value) for name, value in example.items()}
    if isinstance(example, list):
        return [_about(here, value) for value in example]
    return here.video if example == "01990000-0000-7000-8000-000000000000" else example
