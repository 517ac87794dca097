"""Colours as people write them: a few names, #RRGGBB and #RRGGBBAA."""

import re

from framemill.errors import InvalidSpec

NAMES: dict[str, str] = {
    "black": "000000",
    "blue": "0000ff",
    "brown": "a52a2a",
    "cyan": "00ffff",
    "gray": "808080",
    "green": "008000",
    "grey": "808080",
    "lime": "00ff00",
    "magenta": "ff00ff",
    "maroon": "800000",
    "navy": "000080",
    "olive": "808000",
    "orange": "ffa500",
    "pink": "ffc0cb",
    "purple": "800080",
    "red": "ff0000",
    "silver": "c0c0c0",
    "teal": "008080",
    "white": "ffffff",
    "yellow": "ffff00",
}
_HEX = re.compile(r"#([0-9a-f]{6})([0-9a-f]{2})?", re.ASCII)
_OPACITY = re.compile(r"(0(?:\.\d{1,3})?|1(?:\.0{1,3})?)", re.ASCII)


def parse_colour(text: object) -> str:
    """`#rrggbbaa` of `white`, `white@0.5`, `#RRGGBB` or `#RRGGBBAA`; InvalidSpec for anything else."""
    word, at, share = str(text).strip().lower().partition("@")
    opacity = 255
    if at:
        if not _OPACITY.fullmatch(share):
            raise _unknown(text)
        opacity = round(float(share) * 255)
    if word in NAMES:
        return f"#{NAMES[word]}{opacity:02x}"
    if (found := _HEX.fullmatch(word)) and not (at and found[2]):
        return f"#{found[1]}{found[2] or format(opacity, '02x')}"
    raise _unknown(text)


def darkened(colour: str, level: float) -> str:
    """`colour` with its red, green and blue times `level`, which is at most 1."""
    parts = (round(int(colour[at : at + 2], 16) * level) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts) + colour[7:9]


def _unknown(text: object) -> InvalidSpec:
    return InvalidSpec(
        f"{text!r} is not a colour", hint=f"write #RRGGBB, #RRGGBBAA, {', '.join(NAMES)}, or white@0.5"
    )
