"""Pipelines: named lists of operations, built in or from a user's YAML or JSON file."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from framemill.errors import InputNotFound, InvalidSpec
from framemill.operations.registry import load_spec
from framemill.operations.spec import Spec

PIPELINES: dict[str, str] = {
    "publish": "Everything a player needs: renditions, HLS, DASH, stills, storyboard, preview and sound.",
    "movie_to_clips": "Cut a film into clips with titles, thumbnails and an index.",
    "proxy": "A light editing copy and thumbnails.",
}
_MAX_BYTES = 1_000_000
_WAYS_TO_CUT = {"every", "parts", "max_size", "at", "chapters", "scenes"}


def load_pipeline(name_or_path: str, overrides: Mapping[str, object] | None = None) -> tuple[Spec, ...]:
    """The specs of a built-in pipeline or of a file, with `overrides` laid over them.

    An override's key is `step.field`, or `field` where just one step has it.
    Raises InvalidSpec naming the step that is wrong, InputNotFound for a
    missing file.
    """
    steps = [dict(step) for step in _steps(_load(name_or_path), name_or_path)]
    for key, value in (overrides or {}).items():
        _override(steps, key, value, name_or_path)
    return tuple(load_spec(step) for step in steps)


def _load(name_or_path: str) -> object:
    import yaml  # slow to import, and most commands need none

    if name_or_path in PIPELINES:
        text = (
            resources.files("framemill.planner").joinpath(f"builtin/{name_or_path}.yaml").read_text("utf-8")
        )
    else:
        path = Path(name_or_path)
        if not path.is_file():
            if path.suffix not in {".yaml", ".yml", ".json"}:
                raise InvalidSpec(
                    f"there is no pipeline {name_or_path!r}",
                    hint=f"known: {', '.join(PIPELINES)}; or give a YAML or JSON file",
                )
            raise InputNotFound(name_or_path)
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidSpec(f"{path.name} is too large for a pipeline", hint="1 MB is the limit")
        text = path.read_text("utf-8", errors="replace")
    try:
        return yaml.safe_load(text)  # JSON is YAML
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidSpec(f"{name_or_path} is not YAML: {str(error).splitlines()[0]}") from error


def _steps(data: object, name: str) -> list[Mapping[str, Any]]:  # Any: unchecked until load_spec
    if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
        raise InvalidSpec(f"{name} is no pipeline", hint="it needs `steps`, a list of operations")
    unknown = set(data) - {"name", "summary", "steps", "version"}
    if unknown:
        raise InvalidSpec(
            f"{name}: unknown key {min(map(str, unknown))!r}", hint="known: name, summary, steps"
        )
    for number, step in enumerate(data["steps"], 1):
        if not isinstance(step, dict) or not all(isinstance(key, str) for key in step):
            raise InvalidSpec(f"{name}: step {number} is not a mapping of an operation's fields")
    return list(data["steps"])


def _override(steps: list[dict[str, Any]], key: str, value: object, name: str) -> None:
    from framemill.operations.registry import operation

    wanted, _, field = key.rpartition(".")
    fitting = [
        step
        for step in steps
        if (wanted in {step.get("name"), step.get("op")} if wanted else True)
        and field in operation(str(step.get("op"))).spec.model_fields
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
