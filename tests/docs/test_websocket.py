"""The pages about the job service say what its messages are."""

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from framemill.api.asyncapi import as_yaml, description
from framemill.api.process_frames import LARGEST, MOST_CHUNK
from framemill.api.process_messages import CLIENT, SERVER
from tests.docs.pages import DOCS

_PAGE = (DOCS / "websocket.md").read_text("utf-8")
_FRAMES = re.findall(r"^([→←]) (\{.*\})(?: \+ (\d+) bytes)?$", _PAGE, re.MULTILINE)
_DOCUMENT = description()


def _name(schema: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", schema).lower()


def test_the_published_description_is_the_one_of_the_code() -> None:
    # `framemill serve --asyncapi > docs/asyncapi.yaml` writes it anew.
    assert (DOCS / "asyncapi.yaml").read_text("utf-8").rstrip() == as_yaml().rstrip()
    assert yaml.safe_load((DOCS / "asyncapi.yaml").read_text("utf-8")) == json.loads(json.dumps(_DOCUMENT))


def test_every_reference_of_the_description_leads_somewhere() -> None:
    for ref in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(_DOCUMENT)):
        at: Any = _DOCUMENT
        for part in ref.split("/"):
            at = at[part]


@pytest.mark.parametrize(("arrow", "text", "size"), _FRAMES)
def test_every_frame_that_the_page_shows_is_a_message(arrow: str, text: str, size: str) -> None:
    said = json.loads(text)
    if said["type"] == "auth":  # the door's, not the service's
        return
    kinds = {_name(kind.__name__): kind for kind in (CLIENT if arrow == "→" else SERVER)}
    name = kinds[said["type"]].__name__

    schema = {"$ref": f"#/components/schemas/{name}", "components": _DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(said)
    kinds[said["type"]].model_validate_json(text)
    assert bool(size) == said["type"].endswith("_chunk")
    assert int(size or 0) <= MOST_CHUNK


@pytest.mark.parametrize("kind", [*CLIENT, *SERVER])
def test_the_page_shows_every_message(kind: type) -> None:
    assert f'"type": "{_name(kind.__name__)}"' in _PAGE


def test_the_page_names_every_code_that_closes_a_connection() -> None:
    shown = set(re.findall(r"^\| (\d{4}) \|", _PAGE, re.MULTILINE))

    assert shown == set(_DOCUMENT["channels"]["process"]["x-close-codes"])
    assert f"{LARGEST:,} bytes" in _PAGE
