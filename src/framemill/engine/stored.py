"""Plans and errors as the JSON that tables hold, and back."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from framemill.domain.media import MediaInfo, as_data
from framemill.domain.plan import Estimate, Plan, Step
from framemill.domain.redaction import redacted
from framemill.errors import FramemillError

Json = dict[str, Any]  # Any: JSON of a known writer


def dump(value: Step | MediaInfo | Estimate) -> Json:
    """`value` as a JSON object."""
    data = as_data(value)
    assert isinstance(data, dict)
    return data


def load_step(data: Json) -> Step:
    """The step that was stored."""
    return _step_adapter().validate_python(data)


def load_media(data: Json) -> MediaInfo:
    """The media facts that were stored."""
    return _media_adapter().validate_python(data)


def plan_summary(plan: Plan) -> Json:
    """What of a plan belongs to the whole job."""
    return {
        "fingerprint": plan.fingerprint,
        "notes": list(plan.notes),
        "warnings": list(plan.warnings),
        "dropped": [as_data(item) for item in plan.dropped],
    }


def dump_error(error: FramemillError, **more: object) -> Json:
    """What a record keeps of an error: code, message, hint, the command and its last words; no secrets."""
    data: Json = {"code": error.code, "message": error.message, "hint": error.hint}
    own = {key: value for key, value in vars(error).items() if key not in {"message", "hint"}}
    if tail := own.pop("tail", None):
        data["tail"] = list(tail)
    if own:
        data["data"] = own
    data |= {key: value for key, value in more.items() if value is not None}
    kept = redacted(data, paths=False)
    assert isinstance(kept, dict)
    return kept


def load_error(data: Json) -> FramemillError:
    """The error that was stored, of its own class and with its own data."""
    classes = {kind.code: kind for kind in _kinds(FramemillError)}
    kind = classes.get(data["code"], FramemillError)
    error = kind.__new__(kind)
    # Each class builds its message from its data in a way of its own; both are known here.
    FramemillError.__init__(error, data["message"], hint=data.get("hint"))
    vars(error).update(data.get("data") or {})
    if "tail" in data:
        vars(error)["tail"] = tuple(data["tail"])
    return error


def _kinds(kind: type[FramemillError]) -> Iterator[type[FramemillError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


@cache
def _step_adapter() -> TypeAdapter[Step]:
    return TypeAdapter(Step)


@cache
def _media_adapter() -> TypeAdapter[MediaInfo]:
    return TypeAdapter(MediaInfo)
