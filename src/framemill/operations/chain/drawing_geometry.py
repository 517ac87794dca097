"""Sizes and places of items that change the picture's geometry, and their filters."""

from fractions import Fraction
from math import cos, radians, sin

from framemill.commands.filtering import geometry
from framemill.domain.cropping import Box
from framemill.domain.ladder import even
from framemill.domain.profiles import Fit
from framemill.operations.chain.canvas import Canvas
from framemill.operations.chain.geometry import AutoCrop, Crop, Flip, Pad, Rotate, Scale
from framemill.operations.chain.values import pixels

_BLACK = "#000000ff"


def scale(canvas: Canvas, item: Scale) -> Canvas:
    """To the size asked for; where one side is, the other follows the shape."""
    width = pixels(item.width, canvas.width) if item.width else None
    height = pixels(item.height, canvas.height) if item.height else None
    if width == 0 or height == 0:
        raise canvas.refused("a side would be 0", hint="give a larger size")
    if width is not None and height is not None and item.fit is not Fit.CONTAIN:
        width, canvas = canvas.even(width, "width")
        height, canvas = canvas.even(height, "height")
        return _fitted(canvas, item.fit, width, height)
    ratios = [Fraction(side, own) for side, own in ((width, canvas.width), (height, canvas.height)) if side]
    factor = min(ratios)
    asked = even(canvas.width * factor), even(canvas.height * factor)
    # A side that was asked for is kept exactly, but for its odd pixel.
    if width is not None and factor == Fraction(width, canvas.width):
        width, canvas = canvas.even(width, "width")
        asked = width, asked[1]
    if height is not None and factor == Fraction(height, canvas.height):
        height, canvas = canvas.even(height, "height")
        asked = asked[0], height
    if asked == (canvas.width, canvas.height):
        return canvas.said(f"the picture is {canvas.width}x{canvas.height} already")
    return canvas.sized(*asked, *geometry.scaled(*asked))


def crop(canvas: Canvas, item: Crop) -> Canvas:
    """A part, which must lie inside the picture."""
    width = pixels(item.width, canvas.width) if item.width else canvas.width
    height = pixels(item.height, canvas.height) if item.height else canvas.height
    shown = f"the picture, which is {canvas.width}x{canvas.height} there"
    if width > canvas.width or height > canvas.height:
        raise canvas.refused(
            f"{width}x{height} is larger than {shown}", hint="crop less, or scale or pad before it"
        )
    x = pixels(item.x, canvas.width) if item.x else None
    y = pixels(item.y, canvas.height) if item.y else None
    if (x or 0) + width > canvas.width or (y or 0) + height > canvas.height:
        raise canvas.refused(
            f"{width}x{height} at {x or 0},{y or 0} reaches beyond {shown}", hint="choose a smaller x or y"
        )
    width, canvas = canvas.even(width, "width")
    height, canvas = canvas.even(height, "height")
    # Centred in whole pairs of pixels.
    x = (canvas.width - width) // 4 * 2 if x is None else x
    y = (canvas.height - height) // 4 * 2 if y is None else y
    x, canvas = canvas.even(x, "x")
    y, canvas = canvas.even(y, "y")
    if (width, height) == (canvas.width, canvas.height):
        return canvas.said("the whole picture is kept")
    return canvas.sized(width, height, *geometry.cropped(Box(x=x, y=y, width=width, height=height)))


def auto_crop(canvas: Canvas, item: AutoCrop) -> Canvas:
    """Without the bars that were found in the source; unchanged where none surely are."""
    if canvas.moved:
        raise canvas.refused(
            "bars are looked for in the source, whose geometry earlier items change", hint="put it first"
        )
    canvas.need("cropdetect")
    box = canvas.planning.crop(canvas.source, item.limit)
    if box is None:
        return canvas.said("no black bars that are surely some; nothing is cut off")
    # Preparation may have taken an odd line off.
    box = Box(
        x=box.x,
        y=box.y,
        width=min(box.width, (canvas.width - box.x) // 2 * 2),
        height=min(box.height, (canvas.height - box.y) // 2 * 2),
    )
    found = f"bars cut off: {box.width}x{box.height} from {box.x},{box.y} is kept"
    return canvas.sized(box.width, box.height, *geometry.cropped(box)).said(found)


def pad(canvas: Canvas, item: Pad) -> Canvas:
    """On a ground that is not smaller than the picture."""
    if item.aspect is not None:
        across, down = (int(part) for part in item.aspect.split(":"))
        # Up, not down: the ground must not be smaller than the picture.
        width = max(canvas.width, -(-canvas.height * across // down))
        height = max(canvas.height, -(-canvas.width * down // across))
        width, height = width + width % 2, height + height % 2
    else:
        width = pixels(item.width, canvas.width) if item.width else canvas.width
        height = pixels(item.height, canvas.height) if item.height else canvas.height
    if width < canvas.width or height < canvas.height:
        raise canvas.refused(
            f"a ground of {width}x{height} is smaller than the picture, "
            f"which is {canvas.width}x{canvas.height} there",
            hint="scale before it, or pad more",
        )
    width, canvas = canvas.even(width, "width")
    height, canvas = canvas.even(height, "height")
    x = pixels(item.x, width) if item.x else (width - canvas.width) // 4 * 2
    y = pixels(item.y, height) if item.y else (height - canvas.height) // 4 * 2
    x, canvas = canvas.even(x, "x")
    y, canvas = canvas.even(y, "y")
    if x + canvas.width > width or y + canvas.height > height:
        raise canvas.refused(
            f"the picture of {canvas.width}x{canvas.height} at {x},{y} reaches beyond {width}x{height}",
            hint="choose a smaller x or y",
        )
    if (width, height) == (canvas.width, canvas.height):
        return canvas.said("the picture has this size already")
    return canvas.sized(width, height, *geometry.padded(width, height, x=x, y=y, colour=item.colour))


def rotate(canvas: Canvas, item: Rotate) -> Canvas:
    """By quarters exactly, else on a ground."""
    if item.angle % 90 == 0:
        quarters = int(item.angle // 90) % 4
        size = (canvas.height, canvas.width) if quarters % 2 else (canvas.width, canvas.height)
        return canvas.sized(*size, *geometry.turned(quarters))
    width, height = canvas.width, canvas.height
    if item.expand:
        c, s = abs(cos(radians(item.angle))), abs(sin(radians(item.angle)))
        width, height = even(Fraction(width * c + height * s)), even(Fraction(width * s + height * c))
    return canvas.sized(
        width, height, *geometry.tilted(item.angle, width=width, height=height, colour=item.colour)
    )


def flip(canvas: Canvas, item: Flip) -> Canvas:
    """Mirrored; the size stays."""
    filters = geometry.flipped(across=item.direction != "vertical", over=item.direction != "horizontal")
    return canvas.sized(canvas.width, canvas.height, *filters)


def _fitted(canvas: Canvas, fit: Fit, width: int, height: int) -> Canvas:
    across, down = Fraction(width, canvas.width), Fraction(height, canvas.height)
    if fit is Fit.STRETCH:
        return canvas.sized(width, height, *geometry.scaled(width, height))
    factor = max(across, down) if fit is Fit.COVER else min(across, down)
    inner = even(canvas.width * factor), even(canvas.height * factor)
    if fit is Fit.COVER:
        inner = max(inner[0], width), max(inner[1], height)
        box = Box(x=(inner[0] - width) // 4 * 2, y=(inner[1] - height) // 4 * 2, width=width, height=height)
        after = geometry.cropped(box)
    else:
        inner = min(inner[0], width), min(inner[1], height)
        x, y = (width - inner[0]) // 4 * 2, (height - inner[1]) // 4 * 2
        after = geometry.padded(width, height, x=x, y=y, colour=_BLACK)
    return canvas.sized(width, height, *geometry.scaled(*inner), *(after if inner != (width, height) else ()))
