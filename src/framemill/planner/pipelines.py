"""Pipelines: named lists of operations, built in, from a template, or from a user's YAML or JSON file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from typing import Any

from framemill.errors import InputNotFound, InvalidSpec
from framemill.operations.binding import path_of
from framemill.operations.registry import NAMES, Fault, operation, spec_or_faults
from framemill.operations.spec import Spec
from framemill.planner.conditions import check_condition
from framemill.planner.documents import Document, Place, parse_document, read_document

PIPELINES: dict[str, str] = {
    "publish": "Everything a player needs: renditions, HLS, DASH, stills, storyboard, preview and sound.",
    "movie_to_clips": "Cut a film into clips with titles, thumbnails and an index.",
    "proxy": "A light editing copy and thumbnails.",
}
# To start from: they run as they are, and are meant to be copied and changed.
TEMPLATES: dict[str, str] = {
    "archive": "Half the size in AV1 for keeping, and a light copy for looking.",
    "podcast": "The sound alone as MP3, and a picture for its cover.",
    "for_the_phone": "One small file, a poster and a short preview.",
}
_KEYS = ("version", "name", "summary", "inputs", "steps")
_WAYS_TO_CUT = {"every", "parts", "max_size", "at", "chapters", "scenes", "ranges"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something wrong in a pipeline's text, for people: where, and what."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.text}"


def named_pipeline(name: str, settings: Mapping[str, Any] | None = None) -> tuple[Spec, ...]:
    """As `load_pipeline`, but never of a file: for names that come from far away."""
    if name not in PIPELINES and name not in TEMPLATES:
        known = ", ".join((*PIPELINES, *TEMPLATES))
        raise InvalidSpec(f"there is no pipeline {name[:80]!r}", hint=f"one of {known}")
    return load_pipeline(name, settings or {})


def load_pipeline(name_or_path: str, overrides: Mapping[str, object] | None = None) -> tuple[Spec, ...]:
    """The specs of a built-in pipeline, a template or a file, with `overrides` laid over them.

    An override's key is `step.field`, or `field` where just one step has it.
    Raises InvalidSpec naming the line, step and field that is wrong,
    InputNotFound for a missing file.
    """
    document = find_pipeline(name_or_path)
    steps = _steps(document)
    for key, value in (overrides or {}).items():
        _override(steps, key, value, document.name)
    specs, mistakes = _loaded(document, steps)
    if mistakes:
        more = f" (and {len(mistakes) - 1} more mistakes)" if len(mistakes) > 1 else ""
        raise InvalidSpec(f"{mistakes[0]}{more}", hint="`framemill pipelines check` lists them all")
    return specs


def check_pipeline(name_or_path: str) -> tuple[tuple[Spec, ...], tuple[Mistake, ...]]:
    """The specs that are right, and everything that is wrong, in the order of lines.

    Raises InputNotFound, and InvalidSpec where the text is no pipeline at all.
    """
    document = find_pipeline(name_or_path)
    specs, mistakes = _loaded(document, _steps(document))
    return specs, tuple(sorted(mistakes, key=lambda mistake: mistake.line))


def pipeline_text(name: str) -> str:
    """The YAML of a built-in pipeline or template."""
    folder = "builtin" if name in PIPELINES else "templates"
    return resources.files("framemill.planner").joinpath(f"{folder}/{name}.yaml").read_text("utf-8")


def find_pipeline(name_or_path: str) -> Document:
    """The text of this name or in this file. Raises InputNotFound, InvalidSpec."""
    if name_or_path in PIPELINES or name_or_path in TEMPLATES:
        return parse_document(pipeline_text(name_or_path), name=name_or_path)
    path = path_of(name_or_path)
    if not path.is_file():
        if path.suffix in {".yaml", ".yml", ".json"}:
            raise InputNotFound(name_or_path)
        known = (*PIPELINES, *TEMPLATES)
        near = get_close_matches(name_or_path, known, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidSpec(
            f"there is no pipeline {name_or_path!r}{meant}",
            hint=f"known: {', '.join(known)}; or give a YAML or JSON file",
        )
    return read_document(path)


def _steps(document: Document) -> list[dict[str, Any]]:  # Any: unchecked until they are specs
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
        raise InvalidSpec(f"{document.name} is no pipeline", hint="it needs `steps`, a list of operations")
    return [dict(step) if isinstance(step, dict) else {"": step} for step in data["steps"]]


def _loaded(document: Document, steps: Sequence[Mapping[str, Any]]) -> tuple[tuple[Spec, ...], list[Mistake]]:
    specs: list[Spec] = []
    mistakes = [_mistake(document, place, text) for place, text in _head(document.data)]
    if not steps:
        mistakes.append(_mistake(document, ("steps",), "there is nothing to do: give at least one operation"))
    names = document.data.get("inputs")
    known = {str(name) for name in names} if isinstance(names, list) else set()
    for number, step in enumerate(steps):
        found = _not_a_mapping(number, step) or spec_or_faults(step)
        if isinstance(found, Spec):
            found_wrong = tuple(_misplaced(found, known))
            known.add(found.name or found.op)
            specs.append(found)
        else:
            found_wrong = found
            known.add(str(step.get("name") or step.get("op")))
        label = step.get("op") if isinstance(step.get("op"), str) else f"step {number + 1}"
        mistakes += [_mistake(document, ("steps", number, *f.where), f"{label}: {f}") for f in found_wrong]
    return tuple(specs), mistakes


def _head(data: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for key in data:
        if key not in _KEYS:
            yield (key,), f"unknown key {key!r}; known: {', '.join(_KEYS)}"
    if data.get("version", 1) != 1:
        yield ("version",), "this Framemill knows version 1 of pipelines"
    names = data.get("inputs", [])
    if not isinstance(names, list) or not all(
        isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,47}", name) for name in names
    ):
        yield ("inputs",), "is a list of names of small letters, digits and underscores"


def _not_a_mapping(number: int, step: Mapping[Any, Any]) -> tuple[Fault, ...]:
    if "" in step or not all(isinstance(key, str) for key in step):
        return (Fault(where=(), text=f"step {number + 1} is not a mapping of an operation's fields"),)
    return ()


def _misplaced(spec: Spec, known: set[str]) -> Iterator[Fault]:
    """What a step names that is not there, and conditions that are none."""
    sources: tuple[str, ...] = getattr(spec, "sources", ())
    for field, name in (("source", spec.source), *(("sources", name) for name in sources)):
        first = name.partition(".")[0]
        if first not in known and not re.fullmatch(r"input(_\d+)?", first):
            offered = ", ".join(sorted(known | {"input"}))
            yield Fault(where=(field,), text=f"no earlier step is called {name!r}; there are: {offered}")
    if spec.name is not None and spec.name in known:
        yield Fault(where=("name",), text=f"an earlier step or input is called {spec.name!r} too")
    if spec.when is not None:
        try:
            check_condition(spec.when)
        except InvalidSpec as error:
            yield Fault(where=("when",), text=f"{error.message.removeprefix('when: ')}; {error.hint}")


def _mistake(document: Document, place: Place, text: str) -> Mistake:
    return Mistake(file=document.name, line=document.line(place), text=text)


def _override(steps: list[dict[str, Any]], key: str, value: object, name: str) -> None:
    wanted, _, field = key.rpartition(".")
    fitting = [
        step
        for step in steps
        if (wanted in (step.get("name"), step.get("op")) if wanted else True)
        and step.get("op") in NAMES
        and field in operation(str(step["op"])).spec.model_fields
    ]
    if len(fitting) != 1:
        found = "no step" if not fitting else f"{len(fitting)} steps"
        raise InvalidSpec(f"{name}: {found} can be set by {key!r}", hint="write step.field, e.g. ladder.crf")
    if field in _WAYS_TO_CUT:
        # Another way to cut takes the place of the pipeline's own.
        for other in _WAYS_TO_CUT:
            fitting[0].pop(other, None)
    if (field, value) == ("mode", "copy"):
        fitting[0].pop("profile", None)
    fitting[0][field] = value
