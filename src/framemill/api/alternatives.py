"""Bodies that say one thing in one of several ways: described as one schema for each way.

The models check it with a sentence for people. Generators make a type of each
way, and nobody has to find out which fields exclude each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way: `needs` are the fields that make it one, `takes` those that no other way has to have."""

    title: str
    needs: Sequence[str] = ()
    takes: Sequence[str] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)  # fields that can have one value only


def one_of(*ways: Way, examples: Sequence[Json]) -> Callable[[Json], None]:
    """What describes a model (`json_schema_extra`) as one of these."""
    told_apart = {name for way in ways for name in (*way.needs, *way.takes)}

    def describe(schema: Json) -> None:
        fields: Json = schema.pop("properties")
        always = [name for name in schema.pop("required", ()) if name not in told_apart]
        kind = {name: schema.pop(name) for name in ("type", "additionalProperties")}
        schema["examples"] = list(examples)
        schema["oneOf"] = [
            {
                "title": way.title,
                "description": schema.get("description", ""),
                **kind,
                "properties": {
                    name: _as_in(way, name, said)
                    for name, said in fields.items()
                    if name not in told_apart or name in {*way.needs, *way.takes}
                },
                "required": [*always, *way.needs],
            }
            for way in ways
        ]

    return describe


def name_all(shapes: Json) -> None:
    """Give every way a place of its own among a description's schemas, under its title."""
    for shape in list(shapes.values()):
        for place, way in enumerate(shape.get("oneOf", ())):
            if "title" in way:
                shapes[way["title"]] = way
                shape["oneOf"][place] = {"$ref": f"#/components/schemas/{way['title']}"}


def _as_in(way: Way, name: str, said: Json) -> Json:
    if name in way.fixed:
        return {**said, "const": way.fixed[name]}
    if name not in way.needs:
        return said
    kinds = [kind for kind in said.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {key: value for key, value in said.items() if key not in {"anyOf", "default"}}
    return {**kinds[0], **rest} if kinds else rest
