"""From a spec's fields to command line options and back: one option per field, named as the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from framemill.domain.units import format_rate
from framemill.operations.spec import Spec

# What the command line says in its own way: positional inputs, -o, and names that only pipelines need.
ELSEWHERE = frozenset({"op", "version", "when", "keep", "name", "source", "sources", "output"})

Json = Mapping[str, Any]  # Any: a JSON schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a spec as an option."""

    name: str
    kind: Literal["flag", "value", "list", "items"]
    metavar: str
    help: str
    default: str | None  # as people write it
    choices: tuple[str, ...] = ()
    whole: bool = False  # of a list: what stands behind the option is one value, commas and all

    @property
    def flag(self) -> str:
        """`--target-size`."""
        return "--" + self.name.replace("_", "-")


def fields_of(spec: type[Spec], *, filled: Spec | None = None) -> tuple[Field, ...]:
    """The options of a spec, in its order; `filled` is one whose values are the defaults instead."""
    schema = spec.model_json_schema()
    # Only an instance says how a default is written: 2s, not 2000000.
    example = filled or spec.model_construct(op="", version=0)
    defaults = example.model_dump(mode="json", warnings=False)
    required = set(schema.get("required", ())) if filled is None else set()
    return tuple(
        _field(name, shape, None if name in required else defaults.get(name), schema.get("$defs", {}))
        for name, shape in schema["properties"].items()
        if name not in ELSEWHERE
    )


def data_of(field: Field, value: object) -> object:
    """What a spec takes for the words that were given."""
    if field.kind == "list" and isinstance(value, list | tuple) and not field.whole:
        return [part.strip() for word in value for part in str(word).split(",") if part.strip()]
    return value


def _field(name: str, shape: Json, default: object, defs: Json) -> Field:
    forms = list(_forms(shape, defs))
    choices = tuple(str(v) for form in forms for v in _enum(form))
    kind: Literal["flag", "value", "list", "items"] = "value"
    items: Json = {}
    if any(form.get("type") == "boolean" for form in forms):
        kind = "flag"
    for form in forms:
        if form.get("type") == "array":
            kind = "list"
            items = form.get("items") or {}
            choices = tuple(str(v) for inner in _forms(items, defs) for v in _enum(inner))
            if any(inner.get("type") == "object" for inner in _forms(items, defs)):
                kind = "items"  # each is written in a line of its own, in which a comma means nothing
    plain = [form for form in (_forms(items, defs) if items else forms) if not _enum(form)]
    metavar = "ITEM" if kind == "items" else _metavar(plain, name)
    return Field(
        name=name,
        kind=kind,
        metavar="|".join((*((metavar,) if plain else ()), *choices)) + _more(kind, items),
        help=str(shape.get("description", "")),
        default=_default(default, metavar),
        choices=choices,
        whole=str(items.get("format", "")).startswith("framemill-"),
    )


def _forms(shape: Json, defs: Json) -> list[Json]:
    """The plain shapes that a schema allows, references resolved, null left out."""
    if "$ref" in shape:
        return _forms(defs.get(str(shape["$ref"]).rpartition("/")[2], {}), defs)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in shape:
            examples = {"examples": shape["examples"]} if "examples" in shape else {}
            return [{**examples, **form} for part in shape[key] for form in _forms(part, defs)]
    return [] if shape.get("type") == "null" else [shape]


def _enum(form: Json) -> tuple[object, ...]:
    return tuple(form.get("enum", (form["const"],) if "const" in form else ()))


def _metavar(forms: list[Json], name: str) -> str:
    examples = {str(example) for form in forms for example in form.get("examples", ())}
    for example, word in (
        ("1m30s", "TIME"),
        ("700M", "SIZE"),
        ("2500k", "RATE"),
        ("00:01:30-00:02:00", "RANGE"),
        ("FILE", "FILE"),
    ):
        if example in examples:
            return word
    types = {form.get("type") for form in forms}
    if name == "profile":
        return "PROFILE"
    if types == {"integer"}:
        return "N"
    return "NUMBER" if types and types <= {"integer", "number"} else "TEXT"


def _more(kind: str, items: Json) -> str:
    if kind != "list" or str(items.get("format", "")).startswith("framemill-"):
        return ""
    return ",..."


def _default(value: object, metavar: str) -> str | None:
    if value is None or value == [] or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else None  # what is off needs no word
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    if metavar == "RATE" and isinstance(value, int):
        return format_rate(value)
    return str(value)
