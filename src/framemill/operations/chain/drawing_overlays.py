"""Places of items that lie over the picture, and their filters and files."""

from dataclasses import replace

from framemill.commands.filtering import overlays
from framemill.domain.capabilities import Capabilities
from framemill.domain.colours import darkened
from framemill.domain.cropping import Box
from framemill.domain.plan import TextFile
from framemill.domain.units import seconds
from framemill.operations.chain.canvas import Canvas, Font, Overlay
from framemill.operations.chain.overlays import Blur, Position, Text, Watermark
from framemill.operations.chain.values import Timed, pixels

# Standard deviations of the blur, as shares of the part's shorter side: a large part needs a wide one.
_SIGMA = {"light": 0.06, "medium": 0.12, "strong": 0.25}
# Of the letters' height.
_BOX_BORDER = 0.3


def blur(canvas: Canvas, item: Blur) -> Canvas:
    """A part that must lie inside the picture; never less than was asked for."""
    x, y = pixels(item.x, canvas.width), pixels(item.y, canvas.height)
    right = x + pixels(item.width, canvas.width)
    bottom = y + pixels(item.height, canvas.height)
    if right > canvas.width or bottom > canvas.height or right - x < 2 or bottom - y < 2:
        raise canvas.refused(
            f"{right - x}x{bottom - y} at {x},{y} is no part of the picture, "
            f"which is {canvas.width}x{canvas.height} there",
            hint="choose a part inside it, of 2x2 or more",
        )
    # Colours are stored for two pixels at a time: outwards to whole pairs.
    x, y, right, bottom = x - x % 2, y - y % 2, right + right % 2, bottom + bottom % 2
    box = Box(x=x, y=y, width=right - x, height=bottom - y)
    sigma = max(1.0, _SIGMA[item.strength] * min(box.width, box.height))
    return canvas.drawn(
        *overlays.blurred(box, sigma=sigma, bits=canvas.bits, label=canvas.label, when=_when(canvas, item))
    )


def watermark(canvas: Canvas, item: Watermark) -> Canvas:
    """A picture scaled to its place, which must lie inside the picture."""
    found = canvas.planning.picture(item.image)
    if found.demuxer is None:
        raise canvas.refused("the image moves in a way that cannot be decoded", hint="use a still picture")
    width = pixels(item.width, canvas.width) if item.width else found.width
    height = max(1, round(found.height * width / found.width)) if width else 0
    if not 0 < width <= canvas.width or height > canvas.height:
        raise canvas.refused(
            f"the image would be {width}x{height}, and the picture is {canvas.width}x{canvas.height} there",
            hint="set width, such as width=20%",
        )
    margin = pixels(item.margin, canvas.short_side)
    free = canvas.width - width, canvas.height - height
    x, y = _corner(item.position, free, margin)
    x = pixels(item.x, canvas.width) if item.x else x
    y = pixels(item.y, canvas.height) if item.y else y
    if x > free[0] or y > free[1]:
        raise canvas.refused(
            f"the image of {width}x{height} at {x},{y} reaches beyond the picture, "
            f"which is {canvas.width}x{canvas.height} there",
            hint="choose a smaller x or y",
        )
    known = next((n for n, o in enumerate(canvas.overlays, start=1) if o.ref == item.image), None)
    number = len(canvas.overlays) + 1
    overlay = Overlay(name=f"picture{number}", ref=item.image, demuxer=found.demuxer)
    after = canvas if known else replace(canvas, overlays=(*canvas.overlays, overlay))
    return after.drawn(
        *overlays.watermarked(
            known or number,
            Box(x=x, y=y, width=width, height=height),
            opacity=item.opacity,
            level=canvas.paper_white,
            matrix=canvas.matrix,
            bits=canvas.bits,
            label=canvas.label,
            when=_when(canvas, item),
        )
    )


def text(canvas: Canvas, item: Text) -> Canvas:
    """Words whose size only ffmpeg knows: its corner is a formula."""
    canvas.need("drawtext")
    size = pixels(item.size, canvas.height)
    if not 1 <= size <= canvas.height:
        raise canvas.refused(
            f"letters of {size} lines do not fit into {canvas.height}", hint="choose another size"
        )
    border = round(size * _BOX_BORDER) if item.box else 0
    margin = pixels(item.margin, canvas.short_side) + border
    across, down = _corner_formula(item.position, margin)
    if item.x:
        across = str(pixels(item.x, canvas.width))
    if item.y:
        down = str(pixels(item.y, canvas.height))
    several = "\n" in item.text.strip("\n")
    words = TextFile(name=f"text{canvas.number}.txt", content=item.text)
    known = next((font for font in canvas.fonts if font.ref == item.font), None)
    font = known or Font(name=f"font{canvas.number}", ref=item.font)
    font = replace(font, texts=(*font.texts, words.name))
    level = canvas.paper_white
    after = canvas.drawn(
        *overlays.written(
            text_file=f"in/{words.name}",
            font_file=f"in/{font.name}",
            size=size,
            colour=darkened(item.colour, level),
            box=darkened(item.box, level) if item.box else None,
            border=border,
            across=across,
            down=down,
            align=_side(item.position) if several and _aligns(canvas.planning.capabilities) else None,
            when=_when(canvas, item),
        )
    )
    others = tuple(other for other in after.fonts if other is not known)
    return replace(after, texts=(*after.texts, words), fonts=(*others, font))


def _when(canvas: Canvas, item: Timed) -> str:
    if item.start is not None and item.start >= canvas.end_us:
        raise canvas.refused(
            f"it begins at {seconds(item.start)} s, when all is over ({seconds(canvas.end_us)} s)",
            hint="choose an earlier start",
        )
    return overlays.shown_between(item.start, item.end)


def _side(position: Position) -> str:
    return next((side for side in ("left", "right") if side in position), "centre")


def _corner(position: Position, free: tuple[int, int], margin: int) -> tuple[int, int]:
    """The upper left corner of something that leaves `free` pixels; margins give way where there are few."""
    x = {"left": min(margin, free[0]), "right": max(0, free[0] - margin)}.get(_side(position), free[0] // 2)
    y = free[1] // 2
    if "top" in position:
        y = min(margin, free[1])
    elif "bottom" in position:
        y = max(0, free[1] - margin)
    return x, y


def _corner_formula(position: Position, margin: int) -> tuple[str, str]:
    x = {"left": f"{margin}", "right": f"w-text_w-{margin}"}.get(_side(position), "(w-text_w)/2")
    y = "(h-text_h)/2"
    if "top" in position:
        y = f"{margin}"
    elif "bottom" in position:
        y = f"h-text_h-{margin}"
    return x, y


def _aligns(capabilities: Capabilities) -> bool:
    """True for ffmpeg 6.1 and later, whose drawtext has text_align."""
    words = capabilities.ffmpeg_version.split(".")[:2]
    numbers = tuple(int("".join(c for c in word[:3] if c.isdigit()) or 0) for word in words)
    return numbers >= (6, 1)
