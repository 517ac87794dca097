"""What fields of chain items hold: lengths, colours, gains. Parsed once, kept in one notation."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from framemill.domain.colours import parse_colour
from framemill.errors import FramemillError
from framemill.operations.spec import Time

_LENGTH = re.compile(r"(\d{1,5})(?:px)?", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)%", re.ASCII)
_GAIN = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,3})?) ?db", re.ASCII | re.IGNORECASE)
_FACTOR = re.compile(r"\d{1,2}(?:\.\d{1,4})?", re.ASCII)
_LEAST_DB, _MOST_DB, _MOST_FACTOR = -100, 40, 16


class Item(BaseModel):
    """One filter of a chain."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filter: str


class Timed(Item):
    """An item that may hold for a part of the time only."""

    start: Time | None = Field(None, description="From when on; from the beginning where unset.")
    end: Time | None = Field(None, description="Until when; to the end where unset.")


def _length_in(value: object) -> str:
    word = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    if found := _LENGTH.fullmatch(word):
        return str(int(found[1]))
    if found := _SHARE.fullmatch(word):
        return f"{found[1]}%"
    raise ValueError(f"{value!r} is no length; write pixels such as 640, or a share such as 25%")


def _colour_in(value: object) -> str:
    try:
        return parse_colour(value)
    except FramemillError as error:
        raise ValueError(str(error)) from error


def _gain_in(value: object) -> str:
    word = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    if (found := _GAIN.fullmatch(word)) and _LEAST_DB <= float(found[1]) <= _MOST_DB:
        return f"{float(found[1]):g}dB"
    if _FACTOR.fullmatch(word) and float(word) <= _MOST_FACTOR:
        return f"{float(word):g}"
    raise ValueError(
        f"{value!r} is no volume; write a factor from 0 to {_MOST_FACTOR}, or {_LEAST_DB}dB to {_MOST_DB}dB"
    )


def _text_in(value: object) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError("is no text")
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    if any((ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 for c in text):
        raise ValueError("holds control characters, which nobody could read")
    if not text.strip():
        raise ValueError("is blank")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("is no text in Unicode") from error
    return text


def pixels(length: str, of: int) -> int:
    """A length in pixels; a share is of `of`."""
    return round(of * float(length[:-1]) / 100) if length.endswith("%") else int(length)


Length = Annotated[
    str,
    BeforeValidator(_length_in),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 99_999},
                {"type": "string", "pattern": r"^\d{1,5}(px)?$|^\d{1,3}(\.\d{1,3})?%$"},
            ],
            "examples": ["640", "25%"],
        }
    ),
]
Colour = Annotated[
    str,
    BeforeValidator(_colour_in),
    WithJsonSchema(
        {"type": "string", "format": "framemill-colour", "examples": ["white", "#ff8800", "black@0.5"]}
    ),
]
Gain = Annotated[
    str,
    BeforeValidator(_gain_in),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}], "examples": ["0.5", "-6dB"]}
    ),
]
Words = Annotated[str, BeforeValidator(_text_in), Field(max_length=2000)]


def in_order(start: int | None, end: int | None) -> None:
    """ValueError where a time ends before it begins."""
    if end is not None and end <= (start or 0):
        raise ValueError("its end does not come after its start")
