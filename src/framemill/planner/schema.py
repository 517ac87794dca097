"""The JSON schema of pipelines: editors complete and check with it, and forms are made of it."""

from typing import Any

from pydantic.json_schema import models_json_schema

from framemill.operations.registry import NAMES, operation

# https://json-schema.org/draft/2020-12
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def pipeline_schema() -> dict[str, Any]:  # Any: JSON
    """What a pipeline's YAML or JSON may hold, each operation with its own fields."""
    specs = {name: operation(name).spec for name in NAMES}
    places, shared = models_json_schema(
        [(spec, "validation") for spec in specs.values()], ref_template="#/$defs/{model}"
    )
    definitions: dict[str, Any] = shared["$defs"]
    for spec in specs.values():
        shape = definitions[spec.__name__]
        # By default as in a call of one operation; in a list only it tells what a step is.
        shape["required"] = ["op", *shape.get("required", ())]
    return {
        "$schema": _DIALECT,
        "title": "Framemill pipeline",
        "description": "A named list of operations that feed each other.",
        "type": "object",
        "additionalProperties": False,
        "required": ["steps"],
        "properties": {
            "version": {"const": 1, "default": 1},
            "name": {"type": "string"},
            "summary": {"type": "string", "description": "One sentence for lists."},
            "inputs": {
                "description": "Names of further inputs, beside `input`.",
                "type": "array",
                "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,47}$"},
            },
            "steps": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["op"],
                    "properties": {"op": {"enum": list(NAMES)}},
                    # Chosen by `op`, so that an editor complains about the one operation that is meant.
                    "allOf": [
                        {
                            "if": {"properties": {"op": {"const": name}}, "required": ["op"]},
                            "then": places[spec, "validation"],
                        }
                        for name, spec in specs.items()
                    ],
                },
            },
        },
        "$defs": definitions,
    }
