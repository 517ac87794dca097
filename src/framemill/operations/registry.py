"""Every operation by name, loaded when first asked for: listing them costs no import."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from framemill.domain.units import seconds
from framemill.domain.work import Work
from framemill.errors import InvalidSpec
from framemill.operations.names import SUMMARIES
from framemill.operations.planning import Planning
from framemill.operations.spec import Spec, in_micros

NAMES: tuple[str, ...] = tuple(SUMMARIES)
_BOUND = re.compile(r"\d+$", re.ASCII)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a spec."""

    where: tuple[str | int, ...]  # the field, and the place in it; empty: the spec as a whole
    text: str

    def __str__(self) -> str:
        field = ".".join(map(str, self.where))
        return f"{field}: {self.text}" if field else self.text


def load_spec(data: Mapping[str, object]) -> Spec:
    """The spec that `data` describes; InvalidSpec names the field that is wrong."""
    loaded = spec_or_faults(data)
    if isinstance(loaded, Spec):
        return loaded
    op = data.get("op")
    if not isinstance(op, str) or op not in SUMMARIES:
        raise InvalidSpec(loaded[0].text, hint=f"known: {', '.join(NAMES)}")
    raise InvalidSpec(f"{op}: {loaded[0]}", hint=f"see docs/operations/{op}.md")


def spec_or_faults(data: Mapping[str, object]) -> Spec | tuple[Fault, ...]:
    """The spec that `data` describes, or everything that is wrong with it."""
    op = data.get("op")
    if not isinstance(op, str):
        return (Fault(where=(), text="a spec needs `op`, the operation's name"),)
    if op not in SUMMARIES:
        near = get_close_matches(op, NAMES, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        return (Fault(where=("op",), text=f"there is no operation {op!r}{meant}"),)
    try:
        return operation(op).spec.model_validate(data)
    except ValidationError as error:
        issues = error.errors(include_url=False, include_context=False)
        fields = operation(op).spec.model_fields
        return tuple(Fault(where=issue["loc"], text=_said(issue, fields)) for issue in issues)


def _said(issue: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    name = str(issue["loc"][-1]) if issue["loc"] else ""  # empty: it is about several fields
    if issue["type"] == "extra_forbidden":
        near = get_close_matches(name, fields, n=1)
        return "there is no such field" + (f"; did you mean {near[0]!r}?" if near else "")
    text = str(issue["msg"]).removeprefix("Value error, ")
    bound = _BOUND.search(text) if issue["type"].startswith(("greater_than", "less_than")) else None
    if bound and name in fields and in_micros(fields[name]):
        return f"{text[: bound.start()]}{seconds(int(bound[0]))} s"
    return text
