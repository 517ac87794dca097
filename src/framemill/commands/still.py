"""One still picture: the filter chain and encoder options of each format.

Files of still pictures fix what their colours mean: JPEG and WebP are BT.601
(JPEG in full range), PNG is RGB. So colours are converted, not only tagged.
"""

from typing import Literal

from framemill.commands.picture import deinterlaced, planar_yuv
from framemill.commands.tonemapping import check_readable, tone_mapped
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import VideoStream

Format = Literal["jpg", "png", "webp", "avif"]

# Filters' names for what a format holds, and with transparency where it can.
_PIXELS = {
    "jpg": ("yuvj420p", None),
    "png": ("rgb24", "rgba"),
    "webp": ("yuv420p", "yuva420p"),
    "avif": ("yuv420p", None),
}
_COLOURS = {
    "jpg": "out_color_matrix=bt601:out_range=full",
    "png": "out_range=full",
    "webp": "out_color_matrix=bt601:out_range=limited",
    "avif": "out_color_matrix=bt709:out_range=limited",
}


def filters(
    video: VideoStream, *, size: tuple[int, int], capabilities: Capabilities, image: Format
) -> tuple[str, ...]:
    """From a decoded frame to an upright, square-pixelled picture of `size` in the format's colours."""
    check_readable(video)
    hdr = video.hdr is not None
    plain, transparent = _PIXELS[image]
    keep_alpha = video.has_alpha and transparent is not None
    return (
        *deinterlaced(video, capabilities),
        *(tone_mapped(video, capabilities) if hdr else ()),
        # What is see-through becomes black where the format has no transparency.
        *(("format=gbrap", "premultiply=inplace=1") if video.has_alpha and not keep_alpha else ()),
        _scale(video, size, hdr=hdr) + ":" + _COLOURS[image],
        "setsar=1",
        f"format={transparent if keep_alpha else plain}",
        *(("setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709",) if image == "avif" else ()),
    )


def encode(image: Format, *, capabilities: Capabilities) -> tuple[str, ...]:
    """Encoder and muxer options of a single picture."""
    once = ("-frames:v", "1")
    still = ("-f", "image2", "-update", "1")
    if image == "jpg":
        # 2 is best, 31 worst; 3 shows no blocks at a third less than 2.
        return (*once, *("-c:v", "mjpeg", "-q:v", "3"), *still)
    if image == "png":
        return (*once, *("-c:v", "png", "-pred", "mixed"), *still)
    if image == "webp":
        return (*once, *("-c:v", capabilities.need_encoder("libwebp"), "-quality", "82"), *still)
    encoder = capabilities.need_encoder("libaom-av1")
    return (*once, *("-c:v", encoder, "-still-picture", "1", "-crf", "28", "-cpu-used", "6"), "-f", "avif")


def sheets(image: Format, *, capabilities: Capabilities) -> tuple[str, ...]:
    """Encoder options of sheets of many small pictures, which nobody looks at closely."""
    if image == "webp":
        return ("-c:v", capabilities.need_encoder("libwebp"), "-quality", "75")
    return ("-c:v", "mjpeg", "-q:v", "5")


def _scale(video: VideoStream, size: tuple[int, int], *, hdr: bool) -> str:
    scale = f"scale=w={size[0]}:h={size[1]}:flags=bicubic+accurate_rnd+full_chroma_int"
    if hdr or video.color_space is not None or not planar_yuv(video):
        return scale
    # Where the source does not say its matrix, players go by size, and so do we.
    return f"{scale}:in_color_matrix={'bt709' if video.short_side >= 720 else 'smpte170m'}"
