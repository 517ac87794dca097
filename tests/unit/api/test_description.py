"""What people and generators need of the description; what it promises, `test_conformance` tries."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

Json = dict[str, Any]  # Any: JSON


@pytest.fixture(name="shapes")
def _shapes(api: FastAPI) -> Json:
    found: Json = api.openapi()["components"]["schemas"]
    return found


def _operations(api: FastAPI) -> Iterator[Json]:
    for methods in api.openapi()["paths"].values():
        yield from methods.values()


@pytest.mark.parametrize("name", ["WorkspaceEdit", "VideoEdit", "UserEdit", "WebhookEdit"])
def test_an_edit_sends_nothing_that_nobody_gave(shapes: Json, name: str) -> None:
    # Generated clients send the defaults of fields.
    assert [field for field, said in shapes[name]["properties"].items() if "default" in said] == []


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("JobRequest", {"JobOfOperation": "operation", "JobOfPipeline": "pipeline"}),
        ("Work", {"PlanOfOperations": "operations"}),
        ("BatchRequest", {"BatchOfPipeline": "pipeline", "BatchOfJobs": "jobs"}),
        ("RetentionWish", {"RetentionTrial": "rules"}),
    ],
)
def test_each_way_to_say_something_is_a_schema_that_needs_its_field(
    shapes: Json, body: str, ways: dict[str, str]
) -> None:
    named = {way["$ref"].rpartition("/")[2] for way in shapes[body]["oneOf"]}

    assert set(ways) <= named
    for way, field in ways.items():
        assert field in shapes[way]["required"]
        assert "anyOf" not in shapes[way]["properties"][field]
        assert shapes[way]["additionalProperties"] is False


def test_settings_are_for_a_pipeline_only(shapes: Json) -> None:
    assert "settings" in shapes["JobOfPipeline"]["properties"]
    assert "settings" not in shapes["JobOfOperation"]["properties"]


def test_everything_that_is_asked_or_answered_is_explained(api: FastAPI) -> None:
    for operation in _operations(api):
        name = operation["operationId"]
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), (name, parameter["name"])
            assert "anyOf" not in parameter["schema"], (name, parameter["name"])
        for status, answer in operation["responses"].items():
            assert answer.get("description", answer.get("$ref")) not in {None, "Successful Response"}, (
                name,
                status,
            )
