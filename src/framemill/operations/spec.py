"""The base of every operation's spec, and field types that people's notations parse into."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from framemill.domain import units
from framemill.errors import FramemillError


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
