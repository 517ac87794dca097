"""How burnt-in subtitles look: fields that people set, and what they are in ASS."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from framemill.commands import ass

_PLACES = {
    "bottom-left": 1,
    "bottom": 2,
    "bottom-right": 3,
    "left": 4,
    "middle": 5,
    "right": 6,
    "top-left": 7,
    "top": 8,
    "top-right": 9,
}
Place = Literal[
    "bottom", "bottom-left", "bottom-right", "middle", "left", "right", "top", "top-left", "top-right"
]
_SIZE, _OUTLINE, _MARGIN = 6.5, 0.4, 4.5
_BOX_PADDING = 0.6


def _colour_in(value: str) -> str:
    if ass.colour(value) is None:
        raise ValueError("is no colour; write a name such as yellow, or #rrggbb")
    return value


Colour = Annotated[str, AfterValidator(_colour_in)]


class SubtitleStyle(BaseModel):
    """Sizes are percent of the picture's height, so that every resolution looks alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    font: str | None = Field(
        None,
        pattern=r"^[^\W_][\w .'-]{0,63}$",
        description="Name of a font on this machine.",
    )
    size: float | None = Field(None, ge=1, le=30, description="Height of a line.")
    color: Colour | None = Field(None, description="Of the letters.")
    outline: float | None = Field(None, ge=0, le=3, description="Thickness of the line around letters.")
    outline_color: Colour | None = Field(None, description="Its colour.")
    box: Colour | None = Field(None, description="A box of this colour behind the text, without outline.")
    bold: bool | None = Field(None, description="Heavy letters.")
    italic: bool | None = Field(None, description="Slanted letters.")
    position: Place | None = Field(None, description="Where text stands that says nothing itself.")
    margin: float | None = Field(None, ge=0, le=45, description="Distance from the picture's edge.")


def _style_in(value: object) -> object:
    """`size=7,color=yellow` as a mapping."""
    if not isinstance(value, str):
        return value
    parts = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(sign for _, sign, _ in parts):
        raise ValueError("is no style; write size=7,color=yellow,position=top")
    return {name.strip().replace("-", "_"): said.strip() for name, _, said in parts}


Style = Annotated[
    SubtitleStyle,
    BeforeValidator(_style_in),
    WithJsonSchema(
        {
            "anyOf": [SubtitleStyle.model_json_schema(), {"type": "string"}],
            "examples": ["size=7,color=yellow,position=top"],
        }
    ),
]


def own_style(style: SubtitleStyle, *, size: tuple[int, int]) -> dict[str, str]:
    """Columns of the style of text that has none, for a picture of this size."""
    share = _share(size)
    return {
        "fontsize": f"{_SIZE * share:.4g}%",
        "outline": f"{_OUTLINE * share:.4g}%",
        "marginv": f"{_MARGIN * share:.4g}%",
        **overrides(style, size=size),
    }


def overrides(style: SubtitleStyle, *, size: tuple[int, int]) -> dict[str, str]:
    """Columns for what the style says, and no others."""
    share = _share(size)
    said: Mapping[str, str | None] = {
        "fontname": style.font,
        "fontsize": _percent(style.size, share),
        "primarycolour": _colour(style.color),
        "outline": _percent(style.outline, share),
        "outlinecolour": _colour(style.outline_color),
        "bold": _flag(style.bold),
        "italic": _flag(style.italic),
        "alignment": str(_PLACES[style.position]) if style.position else None,
        "marginv": _percent(style.margin, 1.0),
    }
    # What ASS calls the outline is the box in this border style.
    box = {"borderstyle": "3", "outlinecolour": _colour(style.box), "outline": f"{_BOX_PADDING * share:.4g}%"}
    found = {**said, **(box if style.box else {})}
    return {name: value for name, value in found.items() if value is not None}


def _share(size: tuple[int, int]) -> float:
    """What an upright picture's sizes are of a lying one's: its lines are narrow, not its height small."""
    return min(1.0, size[0] * 0.75 / size[1])


def _percent(value: float | None, share: float) -> str | None:
    return None if value is None else f"{value * share:.4g}%"


def _colour(word: str | None) -> str | None:
    return ass.colour(word) if word else None


def _flag(value: bool | None) -> str | None:
    return None if value is None else ("-1" if value else "0")
