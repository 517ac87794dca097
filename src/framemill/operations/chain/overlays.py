"""Items that lay something over the picture."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from framemill.operations.chain.values import Colour, Length, Timed, Words, in_order
from framemill.operations.spec import FontRef, PictureRef

Position = Literal[
    "top_left",
    "top",
    "top_right",
    "left",
    "centre",
    "right",
    "bottom_left",
    "bottom",
    "bottom_right",
]


class _Placed(Timed):
    """Something at a named place, or at a point."""

    margin: Length = Field("4%", description="Distance to the edges: pixels, or a share of the shorter side.")
    x: Length | None = Field(
        None, description="Distance from the left instead: pixels, or a share of the width."
    )
    y: Length | None = Field(None, description="Distance from the top instead, likewise.")

    @model_validator(mode="after")
    def _ordered(self) -> "_Placed":
        in_order(self.start, self.end)
        return self


class Watermark(_Placed):
    """A picture on top, such as a logo."""

    main: ClassVar = "image"
    filter: Literal["watermark"] = "watermark"
    image: PictureRef = Field(description="PNG, JPEG, WebP, AVIF or GIF; transparency is kept.")
    position: Position = Field("bottom_right", description="Where it lies.")
    width: Length | None = Field(
        None, description="Pixels, or a share of the picture's width; its own size where unset."
    )
    opacity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        1, description="1 hides what is below, 0 is invisible."
    )


class Text(_Placed):
    """Words on top, letter by letter as they are written."""

    main: ClassVar = "text"
    filter: Literal["text"] = "text"
    text: Words = Field(description="What is written. Lines are not broken for you.")
    position: Position = Field("bottom", description="Where it stands.")
    size: Length = Field(
        "6%", description="Height of the letters: pixels, or a share of the picture's height."
    )
    colour: Colour = Field("#ffffffff", description="Of the letters.")
    box: Colour | None = Field("#00000080", description="Of the box behind them; none for no box.")
    font: FontRef | None = Field(
        None, description="A TrueType or OpenType file. Open Sans, which comes along, where unset."
    )

    @model_validator(mode="before")
    @classmethod
    def _boxless(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("box"), str) and data["box"].strip() == "none":
            return {**data, "box": None}
        return data


class Blur(Timed):
    """A part of the picture made unrecognisable."""

    main: ClassVar = None
    filter: Literal["blur"] = "blur"
    x: Length = Field(description="Distance from the left: pixels, or a share of the width.")
    y: Length = Field(description="Distance from the top: pixels, or a share of the height.")
    width: Length = Field(description="Of the part: pixels, or a share of the width.")
    height: Length = Field(description="Of the part: pixels, or a share of the height.")
    strength: Literal["light", "medium", "strong"] = Field("medium", description="How much.")

    @model_validator(mode="after")
    def _ordered(self) -> "Blur":
        in_order(self.start, self.end)
        return self
