"""Items that change how the picture looks or moves, and how the sound is heard."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from framemill.domain.units import US
from framemill.operations.chain.values import Colour, Gain, Item
from framemill.operations.spec import FrameRate, Time

_Strength = Literal["light", "medium", "strong"]


class Fps(Item):
    """An exact frame rate."""

    main: ClassVar = "rate"
    filter: Literal["fps"] = "fps"
    rate: FrameRate = Field(description="Frames a second, such as 30 or 30000/1001. Sound and speed stay.")


class Deinterlace(Item):
    """Fields made into frames. Marked sources are done anyway; this is for those that do not say so."""

    main: ClassVar = None
    filter: Literal["deinterlace"] = "deinterlace"
    rate: Literal["frame", "field"] = Field(
        "frame", description="`field` makes a frame of each field: twice the rate, smoother motion."
    )
    only_marked: bool = Field(False, description="Leave frames alone that do not say that they are fields.")


class Denoise(Item):
    """Less noise."""

    main: ClassVar = "strength"
    filter: Literal["denoise"] = "denoise"
    strength: _Strength = Field("medium", description="How much.")
    method: Literal["hqdn3d", "nlmeans"] = Field(
        "hqdn3d", description="hqdn3d is quick; nlmeans keeps more detail and is many times slower."
    )


class Sharpen(Item):
    """Crisper edges."""

    main: ClassVar = "strength"
    filter: Literal["sharpen"] = "sharpen"
    strength: _Strength = Field("medium", description="How much.")
    method: Literal["unsharp", "cas"] = Field(
        "unsharp", description="unsharp is the usual; cas spares edges that are sharp already."
    )


_Amount = Annotated[float, Field(allow_inf_nan=False)]


class Grade(Item):
    """Brightness, contrast, saturation and gamma."""

    main: ClassVar = None
    filter: Literal["colour"] = "colour"
    brightness: _Amount = Field(0, ge=-1, le=1, description="Added to every pixel: 0.1 is a tenth of white.")
    contrast: _Amount = Field(1, ge=0, le=4, description="Around middle grey; 1 changes nothing.")
    saturation: _Amount = Field(1, ge=0, le=4, description="0 is black and white; 1 changes nothing.")
    gamma: _Amount = Field(1, ge=0.1, le=10, description="Above 1 lifts the shadows; 1 changes nothing.")


class Fade(Item):
    """From black and silence at the start, or to them at the end."""

    main: ClassVar = "direction"
    filter: Literal["fade"] = "fade"
    direction: Literal["in", "out"] = Field(description="in or out.")
    duration: Time = Field(US, gt=0, description="How long it takes.")
    start: Time | None = Field(
        None, description="When it begins; unset, `in` begins at the start and `out` ends with the end."
    )
    of: Literal["both", "picture", "sound"] = Field("both", description="What fades.")
    colour: Colour = Field("#000000ff", description="From or to which colour.")


class Stabilise(Item):
    """A shaky camera held still. Reads the source twice."""

    main: ClassVar = None
    filter: Literal["stabilise"] = "stabilise"
    shakiness: int = Field(5, ge=1, le=10, description="How shaky it is: 1 a little, 10 very.")
    smoothing: int = Field(
        15, ge=1, le=200, description="Over how many frames before and after motion is evened out."
    )
    zoom: bool = Field(True, description="Enlarge a little, so that no moving edge is seen.")


class Volume(Item):
    """Louder or quieter."""

    main: ClassVar = "level"
    filter: Literal["volume"] = "volume"
    level: Gain = Field(description="A factor such as 0.5, or decibels such as -6dB.")


class Loudness(Item):
    """Even loudness in one pass. `normalize_audio` measures first and is exact."""

    main: ClassVar = "target"
    filter: Literal["loudness"] = "loudness"
    target: _Amount = Field(-23, ge=-70, le=-5, description="Loudness in LUFS. -23 is EBU R128.")
    true_peak: _Amount = Field(-1.5, ge=-9, le=0, description="Highest peak in dBTP.")
    spread: _Amount = Field(7, ge=1, le=50, description="Loudness range in LU.")
