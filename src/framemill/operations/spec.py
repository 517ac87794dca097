"""The base of every operation's spec, and field types that people's notations parse into."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo

from framemill.domain import units
from framemill.domain.hardware import Wish
from framemill.errors import FramemillError

_M = TypeVar("_M", bound=BaseModel)


def _lenient(parse: Callable[[Any], int]) -> Callable[[object], int]:  # Any: each parser takes its own union
    """`parse` with the ValueError that pydantic wants."""

    def inner(value: object) -> int:
        try:
            return parse(value)
        except FramemillError as error:
            raise ValueError(str(error)) from error

    return inner


class _Quantity(int):
    """A parsed value; a plain int coming in still means what a person wrote."""


def _time_in(value: object) -> int:
    return int(value) if isinstance(value, _Quantity) else units.parse_time(value)  # type: ignore[arg-type]


def _time_out(value: int) -> str:
    return units.seconds(value) + "s"


Time = Annotated[
    int,
    BeforeValidator(_lenient(_time_in)),
    AfterValidator(_Quantity),
    PlainSerializer(_time_out, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
            "description": "90, 90s, 1m30s or 00:01:30.500",
            "examples": ["1m30s"],
        }
    ),
]


def _shift_in(value: object) -> int:
    if isinstance(value, _Quantity):
        return int(value)
    word = str(value).strip()
    size = units.parse_time(word[1:] if word[:1] in {"+", "-"} else word)
    return -size if word.startswith("-") else size


# A time that may be negative: -40ms, 1.5s.
Shift = Annotated[
    int,
    BeforeValidator(_lenient(_shift_in)),
    AfterValidator(_Quantity),
    PlainSerializer(_time_out, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string"}],
            "description": "40ms, -1.5s or 00:01:30.500",
            "examples": ["1m30s"],
        }
    ),
]
Size = Annotated[
    int,
    BeforeValidator(_lenient(units.parse_size)),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "examples": ["700M", "1.5GiB"]}),
]
Rate = Annotated[
    int,
    BeforeValidator(_lenient(units.parse_rate)),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "examples": ["2500k"]}),
]


def _frame_rate_in(value: object) -> object:
    rate = units.parse_frame_rate(value)  # type: ignore[arg-type]  # refuses what is no rate
    return str(rate)


FrameRate = Annotated[
    str,
    BeforeValidator(_lenient(_frame_rate_in)),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["30", "30000/1001"]}),
]


def _level_in(value: object) -> float:
    try:
        return units.parse_level(value)  # type: ignore[arg-type]  # refuses what is no level
    except FramemillError as error:
        raise ValueError(str(error)) from error


Level = Annotated[
    float,
    BeforeValidator(_level_in),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["0.5", "50%", "-6dB"]}),
]


def _range_in(value: object) -> tuple[int, int]:
    words = value.split("-") if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or len(words) != 2:
        raise ValueError("is not a range; write 10s-25s or 00:01:30-00:02:00")
    try:
        start, end = (units.parse_time(w.strip() if isinstance(w, str) else w) for w in words)
    except FramemillError as error:
        raise ValueError(str(error)) from error
    if end <= start:
        raise ValueError("its end does not come after its start")
    return start, end


def _range_out(value: tuple[int, int]) -> str:
    return f"{units.seconds(value[0])}s-{units.seconds(value[1])}s"


Range = Annotated[
    tuple[int, int],
    BeforeValidator(_range_in),
    PlainSerializer(_range_out, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["00:01:30-00:02:00"]}),
]
EvenSide = Annotated[int, Field(ge=16, le=16384, multiple_of=2)]


def _relative(name: str) -> str:
    parts = name.split("/")
    bad = (
        not name
        or name.startswith("/")
        or any(p in {"", ".", ".."} or p.startswith(".framemill") for p in parts)
    )
    if bad or re.search(r"[\x00-\x1f\x7f\\]", name) or any(len(p.encode()) > 240 for p in parts):
        raise ValueError("is not a plain file name below the destination")
    return name


OutputName = Annotated[str, AfterValidator(_relative)]

HardwareWish = Annotated[
    Wish | None,
    # YAML reads a bare `off` as false.
    BeforeValidator(lambda value: "off" if value is False else value),
    Field(
        description="Encode on a GPU: auto takes one that works and software else, a name only that one, off "
        "none. Unset: what FRAMEMILL_HARDWARE says."
    ),
]

InputKind = Literal["media", "picture", "subtitles", "font"]


@dataclass(frozen=True, slots=True)
class Reads:
    """Marks a field that names another input (or, for media, an earlier operation), and of what kind."""

    kind: InputKind


def _a_file(kind: InputKind) -> WithJsonSchema:
    """The name of an input. The command line and the library also take a path, and make an input of it."""
    schema = {"type": "string", "format": "framemill-input", "x-kind": kind, "examples": ["FILE"]}
    return WithJsonSchema(schema)


MediaRef = Annotated[str, Reads("media"), _a_file("media")]
PictureRef = Annotated[str, Reads("picture"), _a_file("picture")]
SubtitlesRef = Annotated[str, Reads("subtitles"), _a_file("subtitles")]
FontRef = Annotated[str, Reads("font"), _a_file("font")]


class Spec(BaseModel):
    """What every operation's request has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: str
    version: int
    when: str | None = Field(
        None,
        description="Do this only where it holds for the input, e.g. `audio` or `height > 720`.",
    )
    keep: bool = Field(True, description="Off where only later operations need it: it is not published.")
    name: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9_]{0,47}$",
        description="How later operations of a pipeline refer to this one; by default as the operation.",
    )
    source: str = Field(
        "input",
        description="What to read: an input or an earlier operation; `ladder.720p` picks one of several.",
    )
    output: OutputName | None = Field(
        None,
        description="Name of the result below the destination (a folder where there are several); "
        "its ending chooses the container.",
    )


def references(spec: BaseModel) -> Iterator[tuple[str, str, InputKind]]:
    """Every further input that a spec or a part of it names: the field, the name, the kind."""
    for field, info in type(spec).model_fields.items():
        value = getattr(spec, field)
        kind = _kind(info)
        if kind is not None:
            for ref in value if isinstance(value, tuple) else (value,):
                if isinstance(ref, str):
                    yield field, ref, kind
            continue
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from references(part)


def renamed(spec: _M, names: Mapping[str, str]) -> _M:
    """The same spec, with the references that `names` holds called as it says."""
    changes: dict[str, object] = {}
    for field, info in type(spec).model_fields.items():
        value = getattr(spec, field)
        if isinstance(value, str) and _kind(info) is not None and value in names:
            changes[field] = names[value]
        elif isinstance(value, tuple) and _kind(info) is not None:
            changes[field] = tuple(names.get(ref, ref) for ref in value)
        elif isinstance(value, BaseModel):
            changes[field] = renamed(value, names)
        elif isinstance(value, tuple) and any(isinstance(part, BaseModel) for part in value):
            changes[field] = tuple(renamed(p, names) if isinstance(p, BaseModel) else p for p in value)
    return spec.model_copy(update=changes) if changes else spec


def in_micros(info: FieldInfo) -> bool:
    """True for a field that holds a time, whose bounds are µs."""
    return any(isinstance(mark, AfterValidator) and mark.func is _Quantity for mark in _marks(info))


def _kind(info: FieldInfo) -> InputKind | None:
    return next((mark.kind for mark in _marks(info) if isinstance(mark, Reads)), None)


def _marks(info: FieldInfo) -> Iterator[object]:
    yield from info.metadata
    # Of an optional field they stand inside the union, of several files inside the tuple.
    for part in get_args(info.annotation):
        yield from getattr(part, "__metadata__", ())
