"""The published schemas are those of the code, and accept what the product accepts."""

import json

import jsonschema
import pytest
import yaml

from framemill.planner.pipelines import PIPELINES, TEMPLATES, pipeline_text
from framemill.planner.schema import pipeline_schema
from tests.docs.pages import DOCS

PUBLISHED = DOCS / "schemas" / "pipeline.schema.json"


def test_the_published_schema_is_the_one_of_the_code() -> None:
    # `framemill pipelines schema > docs/schemas/pipeline.schema.json` writes it anew.
    assert json.loads(PUBLISHED.read_text("utf-8")) == json.loads(json.dumps(pipeline_schema()))


@pytest.mark.parametrize("name", [*PIPELINES, *TEMPLATES])
def test_every_pipeline_of_ours_fits_the_schema(name: str) -> None:
    _check(yaml.safe_load(pipeline_text(name)))


def test_what_people_write_for_amounts_fits_the_schema() -> None:
    _check({"steps": [{"op": "cut", "every": "11m"}, {"op": "trim", "start": 1.5, "end": "00:02:00"}]})
    _check({"steps": [{"op": "compress", "target_size": "700M"}]})


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"steps": []}, "non-empty"),
        ({"steps": [{"op": "fly"}]}, "'fly' is not one of"),
        ({"steps": [{"op": "cut", "wings": 2}]}, "'wings' was unexpected"),
        ({"steps": [{"op": "ladder", "crf": "best"}]}, "'best'"),
        ({"steps": [{"source": "input"}]}, "'op' is a required property"),
        ({"steps": [{"op": "cut"}], "speed": 1}, "'speed' was unexpected"),
    ],
)
def test_the_schema_refuses_what_the_product_refuses(wrong: object, complaint: str) -> None:
    with pytest.raises(jsonschema.ValidationError, match=complaint):
        _check(wrong)


def _check(data: object) -> None:
    schema = pipeline_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if error is not None:
        raise error
