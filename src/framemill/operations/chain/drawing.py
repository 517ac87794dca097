"""A chain drawn item by item: each checked against the picture as it is by then."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from framemill.commands.filtering import looks, sound
from framemill.domain.units import US, parse_frame_rate, seconds
from framemill.errors import NoAudioStream, NoVideoStream
from framemill.operations.chain.canvas import Canvas
from framemill.operations.chain.drawing_geometry import auto_crop, crop, flip, pad, rotate, scale
from framemill.operations.chain.drawing_overlays import blur, text, watermark
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
from framemill.operations.chain.overlays import Blur, Text, Watermark
from framemill.operations.chain.values import Item

_SOUND = (Volume, Loudness)
# Filters of ffmpeg that know no more than 8 bits.
_EIGHT_BITS = "works in 8 bits, so finer shades of the source are lost"


def changes_picture(items: Iterable[Item]) -> bool:
    """True where an item changes the picture, if there is one."""
    return any(
        item.of != "sound" if isinstance(item, Fade) else not isinstance(item, _SOUND) for item in items
    )


def titled(items: Iterable[Item]) -> str:
    """The chain in a few words, for people."""
    return ", ".join(dict.fromkeys(item.filter.replace("_", " ") for item in items))


def drawn(canvas: Canvas, items: Iterable[Item]) -> Canvas:
    """`canvas` after all items; InvalidSpec names the first that is impossible by its number."""
    for number, item in enumerate(items, start=1):
        at = canvas.at(number, item.filter)
        if canvas.stream is None and _needs_picture(item):
            raise NoVideoStream(f"item {number} ({item.filter}) needs a picture, and there is none")
        if not canvas.has_sound and isinstance(item, _SOUND):
            raise NoAudioStream(f"item {number} ({item.filter}) needs sound, and there is none")
        canvas = _DRAWERS[type(item)](at, item)
    return canvas


def _needs_picture(item: Item) -> bool:
    return item.of == "picture" if isinstance(item, Fade) else not isinstance(item, _SOUND)


def _fps(canvas: Canvas, item: Fps) -> Canvas:
    rate = parse_frame_rate(item.rate)
    if rate * canvas.end_us < US:
        raise canvas.refused(
            f"at {item.rate} frames a second there would be none in {seconds(canvas.end_us)} s",
            hint="choose a higher rate",
        )
    return replace(canvas.drawn(*looks.steady_rate(rate)), rate=rate, irregular=False)


def _deinterlace(canvas: Canvas, item: Deinterlace) -> Canvas:
    doubled = item.rate == "field"
    after = canvas.drawn(
        *looks.fields_joined(canvas.planning.capabilities, each_field=doubled, only_marked=item.only_marked)
    )
    if canvas.moved:
        after = after.warned("fields are mixed by then; put it first")
    return replace(after, rate=canvas.rate * 2) if doubled else after


def _denoise(canvas: Canvas, item: Denoise) -> Canvas:
    canvas.need(item.method)
    after = canvas.drawn(*looks.denoised(item.method, item.strength))
    return after.said(_EIGHT_BITS) if item.method == "nlmeans" and _finer(canvas) else after


def _finer(canvas: Canvas) -> bool:
    return canvas.stream is not None and canvas.stream.bit_depth > 8


def _sharpen(canvas: Canvas, item: Sharpen) -> Canvas:
    return canvas.drawn(*looks.sharpened(item.method, item.strength))


def _grade(canvas: Canvas, item: Grade) -> Canvas:
    filters = looks.coloured(
        brightness=item.brightness, contrast=item.contrast, saturation=item.saturation, gamma=item.gamma
    )
    return canvas.drawn(*filters) if filters else canvas.said("changes nothing")


def _fade(canvas: Canvas, item: Fade) -> Canvas:
    if item.of == "sound" and not canvas.has_sound:
        raise NoAudioStream(f"item {canvas.number} (fade) needs sound, and there is none")
    after = canvas
    pictured = canvas.stream is not None and item.of != "sound"
    if pictured:
        start, length = _faded(canvas, item, canvas.end_us)
        after = after.drawn(
            *looks.faded(item.direction, start_us=start, length_us=length, colour=item.colour)
        )
    heard = canvas.has_sound and item.of != "picture"
    if heard and not (pictured and (item.start or 0) >= canvas.sound_end_us):
        start, length = _faded(canvas, item, canvas.sound_end_us)
        fade = sound.faded(item.direction, start_us=start, length_us=length)
        after = replace(after, sound=(*after.sound, *fade))
    return after


def _faded(canvas: Canvas, item: Fade, end: int) -> tuple[int, int]:
    """When something that ends at `end` begins to fade, and for how long; InvalidSpec where it is over."""
    start = item.start
    if start is None:
        start = 0 if item.direction == "in" else max(0, end - item.duration)
    if start >= end:
        raise canvas.refused(
            f"it begins at {seconds(start)} s, when all is over ({seconds(end)} s)",
            hint="choose an earlier start",
        )
    return start, min(item.duration, end - start)


def _stabilise(canvas: Canvas, item: Stabilise) -> Canvas:
    if canvas.shaken is not None:
        raise canvas.refused("a chain can be stabilised once", hint="leave one of them out")
    capabilities = canvas.planning.capabilities
    if not (capabilities.has_filter("vidstabdetect") and capabilities.has_filter("vidstabtransform")):
        after = canvas.drawn(*looks.shake_lessened(capabilities))
        return after.said("in one pass with deshake, as this ffmpeg lacks vidstab: less even")
    log = f"out/{canvas.planning.name}.trf"
    after = canvas.drawn(*looks.shake_removed(log, smoothing=item.smoothing, zoomed=item.zoom))
    if _finer(canvas):
        after = after.said(_EIGHT_BITS)
    read = looks.shake_read(log, shakiness=item.shakiness)
    return replace(after, shaken=(*canvas.picture, *read), moved=True)


def _volume(canvas: Canvas, item: Volume) -> Canvas:
    return replace(canvas, sound=(*canvas.sound, *sound.louder(item.level)))


def _loudness(canvas: Canvas, item: Loudness) -> Canvas:
    even = sound.even_loudness(target=item.target, true_peak=item.true_peak, spread=item.spread)
    after = replace(canvas, sound=(*canvas.sound, *even))
    return after.said("steered in one pass; normalize_audio measures first and is exact")


# Any: each drawer takes its own kind of item.
_DRAWERS: dict[type[Item], Callable[[Canvas, Any], Canvas]] = {
    Scale: scale,
    Crop: crop,
    AutoCrop: auto_crop,
    Pad: pad,
    Rotate: rotate,
    Flip: flip,
    Fps: _fps,
    Deinterlace: _deinterlace,
    Denoise: _denoise,
    Sharpen: _sharpen,
    Grade: _grade,
    Fade: _fade,
    Stabilise: _stabilise,
    Watermark: watermark,
    Text: text,
    Blur: blur,
    Volume: _volume,
    Loudness: _loudness,
}
