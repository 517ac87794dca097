"""The filter chain that brings a picture to a size, rate, depth and colour; upright and square-pixelled.

ffmpeg turns rotated pictures upright before the first filter (autorotate), so
sizes here are always those of the shown picture.
"""

from fractions import Fraction

from framemill.commands.tonemapping import check_readable, named_colours, tone_mapped
from framemill.domain.capabilities import Capabilities
from framemill.domain.ladder import even
from framemill.domain.media import VideoStream
from framemill.domain.profiles import Fit

# The kernel that the default scaler uses too. Scaled to 360 lines and encoded at crf 23, VMAF was 68.3
# with it, 67.9 with the default scaler, 67.2 with zscale's own bicubic, 60.1 with its default, bilinear.
_CUBIC = "f=bicubic:param_a=0:param_b=0.6"


def filters_for(
    video: VideoStream,
    *,
    size: tuple[int, int],
    capabilities: Capabilities,
    fit: Fit = Fit.CONTAIN,
    bit_depth: int = 8,
    keep_hdr: bool = False,
    rate: Fraction | None = None,
    from_zero: bool = True,
) -> tuple[str, ...]:
    """Filters in order. What outputs of one source share comes first, so that it can run once.

    `size` is the picture inside the result as `placed` gives it; `rate` makes
    the rate constant; `from_zero` shows the first frame from time zero.
    """
    check_readable(video)
    tone_map = video.hdr is not None and not keep_hdr
    return (
        *deinterlaced(video, capabilities),
        *(tone_mapped(video, capabilities) if tone_map else named_colours(video)),
        *((f"fps={rate.numerator}/{rate.denominator}",) if rate else ()),
        *(SHOW_FIRST_FROM_ZERO if from_zero else ()),
        *_scaled(video, size, fit, capabilities, tone_map=tone_map),
        "setsar=1",
        *_tagged(video, tone_map=tone_map),
        f"format={'yuv420p10le' if bit_depth == 10 else 'yuv420p'}",
    )


def natural_size(video: VideoStream) -> tuple[int, int]:
    """The shown size made even, as 4:2:0 needs."""
    return even(video.display_width), even(video.display_height)


def contained(
    video: VideoStream, width: int | None, height: int | None, *, upscale: bool = False
) -> tuple[int, int]:
    """The largest even size inside `width`×`height` of the video's shape; its own size unless `upscale`."""
    w, h = video.display_width, video.display_height
    ratios = [Fraction(limit, own) for limit, own in ((width, w), (height, h)) if limit is not None]
    scale = min(ratios, default=Fraction(1))
    if not upscale:
        scale = min(scale, Fraction(1))
    # One even step may be lost to rounding; it must never exceed the limit.
    return _under(even(w * scale), width), _under(even(h * scale), height)


def placed(
    video: VideoStream, *, width: int | None, height: int | None, fit: Fit, upscale: bool = False
) -> tuple[int, int]:
    """The result's width and height under `fit`."""
    if fit is Fit.CONTAIN or width is None or height is None:
        return contained(video, width, height, upscale=upscale)
    return width, height


# A picture that starts after the sound would leave a hole at the start of segments, and some players
# begin at the hole's end, out of sync: the first frame is shown from zero instead. No frame is added.
SHOW_FIRST_FROM_ZERO = ("setpts='if(eq(N,0),0,PTS)'",)


def _under(value: int, limit: int | None) -> int:
    return value if limit is None or value <= limit else value - 2


def deinterlaced(video: VideoStream, capabilities: Capabilities) -> tuple[str, ...]:
    """Filters that join the fields of an interlaced picture into frames."""
    if not video.interlaced:
        return ()
    # send_frame keeps one frame per frame; only frames marked interlaced are touched.
    name = "bwdif" if capabilities.has_filter("bwdif") else "yadif"
    return (f"{name}=mode=send_frame:parity=auto:deint=interlaced",)


def _scaled(
    video: VideoStream, size: tuple[int, int], fit: Fit, capabilities: Capabilities, *, tone_map: bool
) -> tuple[str, ...]:
    width, height = size
    shown = (video.display_width, video.display_height)
    full_range = video.color_range in {"pc", "full"} or video.pixel_format.startswith("yuvj")
    square = video.sar == 1
    rgb = is_rgb(video)
    if size == shown and square and not (full_range and not tone_map) and not rgb:
        return ()
    inner = size
    after: tuple[str, ...] = ()
    if fit is Fit.PAD:
        inner = contained(video, width, height, upscale=True)
        after = (f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2",) if inner != size else ()
    elif fit is Fit.COVER:
        inner = _covering(shown, size)
        after = (f"crop={width}:{height}",) if inner != size else ()
    # zscale does the ladder's scales in 14 CPU-s where the default scaler takes 18 (60 s of 1080p),
    # but wants planar YUV.
    if capabilities.has_filter("zscale") and (tone_map or (planar_yuv(video) and not odd_sided(video))):
        scale = f"zscale=w={inner[0]}:h={inner[1]}:{_CUBIC}:r=limited"
    else:
        # RGB has no matrix to keep: it becomes what players expect of video.
        matrix = ":out_color_matrix=bt709" if rgb else ""
        scale = f"scale=w={inner[0]}:h={inner[1]}:flags=bicubic{matrix}:out_range=limited"
    return (scale, *after)


def _covering(shown: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    scale = max(Fraction(size[0], shown[0]), Fraction(size[1], shown[1]))
    return max(size[0], even(shown[0] * scale)), max(size[1], even(shown[1] * scale))


def planar_yuv(video: VideoStream) -> bool:
    """True for the pixel formats that zscale takes."""
    return video.pixel_format.startswith(("yuv4", "yuvj4"))


def guessed_space(video: VideoStream) -> str:
    """What players take the colours of a picture for that does not say: they go by its size."""
    return "bt709" if video.short_side >= 720 else "smpte170m"


def is_rgb(video: VideoStream) -> bool:
    """True for pixels of red, green and blue, as screen recorders and GIFs have."""
    return video.pixel_format.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2", "pal8"))


def odd_sided(video: VideoStream) -> bool:
    """True for a picture whose chroma has half a sample over, which zscale refuses."""
    return bool(video.width % 2 or video.height % 2)


def _tagged(video: VideoStream, *, tone_map: bool) -> tuple[str, ...]:
    """Say the colours where the source does not: players guess by size, and our sizes differ from its."""
    if tone_map or is_rgb(video):
        return ("setparams=range=limited:colorspace=bt709:color_primaries=bt709:color_trc=bt709",)
    if video.color_space is not None or video.hdr is not None or not planar_yuv(video):
        return ()
    guess = guessed_space(video)
    return (f"setparams=colorspace={guess}:color_primaries={guess}:color_trc={guess}",)
