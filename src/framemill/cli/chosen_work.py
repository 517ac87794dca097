"""What `batch` and `watch` do with each file: a pipeline or one operation, with its options as YAML."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from framemill.cli.run import setting, takes_all
from framemill.errors import InvalidSpec
from framemill.operations.binding import bound, path_of
from framemill.operations.spec import Spec

if TYPE_CHECKING:
    from framemill.services.batch_work import Work

# Stands for each file in turn while paths in the specs are bound.
_EACH = Path("/each input")


def work(
    *,
    pipeline: str | None,
    operation: str | None,
    settings: list[str] | None,
    output: str | None,
    purpose: str,
    name: str = "",
    overwrite: bool = False,
    priority: int = 5,
) -> "Work":
    """The work that the options describe; typer.BadParameter, InvalidSpec, InputNotFound."""
    from framemill.services.batch_work import Work

    if (pipeline is None) == (operation is None):
        raise typer.BadParameter("give a pipeline or an operation", param_hint="--pipeline or --operation")
    if output is None:
        raise typer.BadParameter("say where results go", param_hint="-o")
    given = dict(setting(text) for text in settings or ())
    kind, specs = (
        _of_pipeline(pipeline, given) if pipeline is not None else _of_operation(str(operation), given)
    )
    if any(map(takes_all, specs)):
        raise InvalidSpec(
            f"{kind} works on several files together, a batch on one at a time",
            hint="`framemill run` takes several",
        )
    specs, inputs = bound(specs, {"input": _EACH})
    return Work(
        kind=kind,
        specs=specs,
        destination=path_of(output),
        others={ref: path for ref, path in inputs.items() if ref != "input"},
        name=name,
        purpose=purpose,
        overwrite=overwrite,
        priority=priority,
    )


def _of_pipeline(given: str, settings: Mapping[str, object]) -> tuple[str, tuple[Spec, ...]]:
    from framemill.planner.pipelines import load_pipeline

    name = given.replace("-", "_") if not given.endswith((".yaml", ".yml", ".json")) else given
    return Path(name).stem, load_pipeline(name, settings)


def _of_operation(given: str, settings: Mapping[str, object]) -> tuple[str, tuple[Spec, ...]]:
    """`thumbnails`, `{op: thumbnails, count: 3}`, or a file that says so."""
    from framemill.operations.names import SUMMARIES
    from framemill.operations.registry import load_spec
    from framemill.planner.documents import parse_document, read_document

    name = given.strip().replace("-", "_")
    if name in SUMMARIES:
        data: object = {"op": name}
    elif given.endswith((".yaml", ".yml", ".json")):
        data = read_document(path_of(given)).data
    else:
        data = parse_document(given, name="--operation").data
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InvalidSpec(
            f"{given!r} is no operation",
            hint="give a name, a YAML file, or YAML such as '{op: thumbnails, count: 3}'",
        )
    spec = load_spec({**data, **settings})
    return spec.op, (spec,)
