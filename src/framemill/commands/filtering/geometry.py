"""Filters that change the picture's size, place or direction."""

from math import radians

from framemill.domain.cropping import Box


def scaled(width: int, height: int) -> tuple[str, ...]:
    """To this size, whatever the shape."""
    return (f"scale=w={width}:h={height}:flags=bicubic",)


def cropped(box: Box) -> tuple[str, ...]:
    """Only this part."""
    return (f"crop=w={box.width}:h={box.height}:x={box.x}:y={box.y}",)


def padded(width: int, height: int, *, x: int, y: int, colour: str) -> tuple[str, ...]:
    """On a ground of this size and colour (`#rrggbbaa`)."""
    return (f"pad=w={width}:h={height}:x={x}:y={y}:color={drawn(colour)}",)


def turned(quarters: int) -> tuple[str, ...]:
    """By 90 degrees clockwise, `quarters` times; no pixel is computed anew."""
    return {
        0: (),
        1: ("transpose=dir=clock",),
        2: ("hflip", "vflip"),
        3: ("transpose=dir=cclock",),
    }[quarters % 4]


def tilted(degrees: float, *, width: int, height: int, colour: str) -> tuple[str, ...]:
    """Clockwise by any angle, on a ground of this size and colour."""
    return (f"rotate=angle={radians(degrees):.7f}:ow={width}:oh={height}:fillcolor={drawn(colour)}",)


def flipped(*, across: bool, over: bool) -> tuple[str, ...]:
    """Left and right changed, top and bottom changed."""
    return (*(("hflip",) if across else ()), *(("vflip",) if over else ()))


def drawn(colour: str) -> str:
    """`#rrggbbaa` as filters take it."""
    return f"0x{colour[1:]}"
