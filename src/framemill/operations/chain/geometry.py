"""Items that change the picture's size, place or direction."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from framemill.domain.profiles import Fit
from framemill.operations.chain.values import Colour, Item, Length


class Scale(Item):
    """Another size."""

    main: ClassVar = None
    filter: Literal["scale"] = "scale"
    width: Length | None = Field(
        None, description="Pixels, or a share of the picture. The other side follows."
    )
    height: Length | None = Field(
        None, description="Lines, or a share of the picture. The other side follows."
    )
    fit: Fit = Field(
        Fit.CONTAIN,
        description="Where both are given: contain (inside), pad (black bars), cover (cropped), stretch.",
    )

    @model_validator(mode="after")
    def _some(self) -> "Scale":
        if self.width is None and self.height is None:
            raise ValueError("give width, height or both")
        if self.fit is not Fit.CONTAIN and (self.width is None or self.height is None):
            raise ValueError(f"fit={self.fit} needs both width and height")
        return self


class Crop(Item):
    """A part of the picture."""

    main: ClassVar = None
    filter: Literal["crop"] = "crop"
    width: Length | None = Field(
        None, description="Pixels, or a share of the picture; all of it where unset."
    )
    height: Length | None = Field(
        None, description="Lines, or a share of the picture; all of it where unset."
    )
    x: Length | None = Field(None, description="How far from the left; centred where unset.")
    y: Length | None = Field(None, description="How far from the top; centred where unset.")

    @model_validator(mode="after")
    def _some(self) -> "Crop":
        if self.width is None and self.height is None:
            raise ValueError("give width, height or both")
        return self


class AutoCrop(Item):
    """Black bars cut off, where there surely are some."""

    main: ClassVar = None
    filter: Literal["auto_crop"] = "auto_crop"
    limit: int = Field(
        24, ge=17, le=100, description="How light a line may be on average, of 255, and still be black."
    )


class Pad(Item):
    """The picture on a larger ground."""

    main: ClassVar = None
    filter: Literal["pad"] = "pad"
    width: Length | None = Field(None, description="Of the ground: pixels, or a share of the picture (120%).")
    height: Length | None = Field(None, description="Of the ground, likewise.")
    aspect: str | None = Field(
        None,
        pattern=r"^[1-9]\d{0,4}:[1-9]\d{0,4}$",
        description="Shape of the ground instead, such as 16:9.",
    )
    x: Length | None = Field(None, description="How far from the left the picture lies; centred where unset.")
    y: Length | None = Field(None, description="How far from the top the picture lies; centred where unset.")
    colour: Colour = Field("#000000ff", description="Of the ground.")

    @model_validator(mode="after")
    def _one_way(self) -> "Pad":
        sized = self.width is not None or self.height is not None
        if sized == (self.aspect is not None):
            raise ValueError("give width and height, or aspect")
        return self


class Rotate(Item):
    """Turned clockwise."""

    main: ClassVar = "angle"
    filter: Literal["rotate"] = "rotate"
    angle: Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)] = Field(
        description="Degrees clockwise. 90, 180 and 270 are exact."
    )
    expand: bool = Field(False, description="For other angles: enlarge the picture so that no corner is cut.")
    colour: Colour = Field("#000000ff", description="Of what is left empty at other angles.")


class Flip(Item):
    """Mirrored."""

    main: ClassVar = "direction"
    filter: Literal["flip"] = "flip"
    direction: Literal["horizontal", "vertical", "both"] = Field(
        "horizontal", description="horizontal changes left and right, vertical top and bottom."
    )
