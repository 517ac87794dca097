"""Every operation by name, loaded when first asked for: listing them costs no import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from framemill.domain.work import Work
from framemill.errors import InvalidSpec
from framemill.operations.names import SUMMARIES
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec

NAMES: tuple[str, ...] = tuple(SUMMARIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One kind of work: its spec and the pure function that plans it."""

    name: str
    summary: str
    spec: type[Spec]
    plan: Callable[[Any, Planning], Work]  # Any: each plan takes its own spec class


@cache
def operation(name: str) -> Operation:
    """The operation of this name; InvalidSpec lists what there is."""
    if name not in SUMMARIES:
        raise InvalidSpec(f"there is no operation {name!r}", hint=f"known: {', '.join(NAMES)}")
    module = import_module(f"framemill.operations.{name}")
    # Any: a module's attributes are not typed from here.
    spec: Any = getattr(module, name.title().replace("_", ""))
    return Operation(name=name, summary=SUMMARIES[name], spec=spec, plan=module.plan)


def load_spec(data: Mapping[str, object]) -> Spec:
    """The spec that `data` describes; InvalidSpec names the field that is wrong."""
    op = data.get("op")
    if not isinstance(op, str):
        raise InvalidSpec("a spec needs `op`, the operation's name", hint=f"known: {', '.join(NAMES)}")
    try:
        return operation(op).spec.model_validate(data)
    except ValidationError as error:
        raise InvalidSpec(f"{op}: {_first(error)}", hint=f"see docs/operations/{op}.md") from error


def _first(error: ValidationError) -> str:
    issue = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in issue["loc"])
    text = str(issue["msg"]).removeprefix("Value error, ")
    return f"{where}: {text}" if where else text
