"""Any item, told apart by its `filter`, and a whole chain as people write it."""

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from framemill.operations.chain.geometry import AutoCrop, Crop, Flip, Pad, Rotate, Scale
from framemill.operations.chain.looks import (
    Deinterlace,
    Denoise,
    Fade,
    Fps,
    Grade,
    Loudness,
    Sharpen,
    Stabilise,
    Volume,
)
from framemill.operations.chain.notation import canonical, parse
from framemill.operations.chain.overlays import Blur, Text, Watermark
from framemill.operations.chain.values import Item

AnyItem = Annotated[
    Scale
    | Crop
    | AutoCrop
    | Pad
    | Rotate
    | Flip
    | Fps
    | Deinterlace
    | Denoise
    | Sharpen
    | Grade
    | Fade
    | Stabilise
    | Watermark
    | Text
    | Blur
    | Volume
    | Loudness,
    Field(discriminator="filter"),
]

ITEMS: dict[str, type[Item]] = {
    str(made.model_fields["filter"].default): made
    for made in (
        *(Scale, Crop, AutoCrop, Pad, Rotate, Flip),
        *(Fps, Deinterlace, Denoise, Sharpen, Grade, Fade, Stabilise),
        *(Watermark, Text, Blur),
        *(Volume, Loudness),
    )
}
_MAIN: dict[str, str | None] = {name: getattr(made, "main", None) for name, made in ITEMS.items()}


def _chain_in(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError("is not a list of filters")
    return tuple(_item(number, one) for number, one in enumerate(value, start=1))


def _item(number: int, value: object) -> Item:
    """One item; ValueError names it by its number, counted from 1, as messages of planning do."""
    if isinstance(value, Item):
        return value
    try:
        data: Any = parse(value, _MAIN) if isinstance(value, str) else value  # Any: not checked yet
    except ValueError as error:
        raise ValueError(f"item {number}: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("filter"), str):
        raise ValueError(f"item {number}: is no filter; it needs `filter`, its name")
    name = canonical(data["filter"])
    if name not in ITEMS:
        near = get_close_matches(name, ITEMS, n=1)
        meant = f"did you mean {near[0]}" if near else f"known: {', '.join(ITEMS)}"
        raise ValueError(f"item {number}: there is no filter {data['filter']!r}; {meant}")
    try:
        return ITEMS[name].model_validate({**data, "filter": name})
    except ValidationError as error:
        raise ValueError(f"item {number} ({name}): {_fault(ITEMS[name], error)}") from error


def _fault(made: type[Item], error: ValidationError) -> str:
    issue = error.errors(include_url=False, include_context=False)[0]
    field = str(issue["loc"][0]) if issue["loc"] else ""
    if issue["type"] == "extra_forbidden":
        known = ", ".join(name for name in made.model_fields if name != "filter")
        return f"there is no field {field!r}; known: {known}"
    said = str(issue["msg"]).removeprefix("Value error, ")
    return f"{field}: {said[:1].lower()}{said[1:]}" if field else said


Chain = Annotated[tuple[AnyItem, ...], BeforeValidator(_chain_in)]
