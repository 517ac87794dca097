"""Moving pictures that play like a still one: filters and encoders of GIF, animated WebP and APNG."""

from collections.abc import Sequence
from typing import Literal

from framemill.commands import still
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import VideoStream

Format = Literal["gif", "webp", "apng"]

# ffmpeg's own decoders of these leave transparency out.
_DECODERS = {"vp9": "libvpx-vp9", "vp8": "libvpx"}


def transparent_decoder(video: VideoStream, capabilities: Capabilities) -> tuple[str, ...]:
    """Input options that decode what is transparent, where that takes a decoder of its own."""
    decoder = _DECODERS.get(video.codec) if video.has_alpha else None
    # Built with one of libvpx's encoders, ffmpeg has the decoder of the same name.
    return ("-c:v", decoder) if decoder and decoder in capabilities.encoders else ()


def opaque(video: VideoStream, capabilities: Capabilities) -> bool:
    """True where the source is transparent and this ffmpeg cannot decode that."""
    lost = video.has_alpha and video.codec in _DECODERS
    return lost and not transparent_decoder(video, capabilities)


def graph(
    video: VideoStream,
    picked: Sequence[str],
    *,
    size: tuple[int, int],
    capabilities: Capabilities,
    image: Format,
) -> str:
    """A filter graph from the stream to `[made]`; `picked` are filters that choose the frames."""
    looks = still.filters(
        video, size=size, capabilities=capabilities, image="webp" if image == "webp" else "png"
    )
    # Fields are joined while neighbours are still there; all else is done only to what is shown.
    fields = 1 if video.interlaced else 0
    chain = ",".join((*looks[:fields], *picked, *looks[fields:]))
    if image != "gif":
        return f"[0:{video.index}]{chain}[made]"
    # One palette from what moves. Ordered dither stands still while the picture does: an eighth smaller
    # than error diffusion and nearer to the source (SSIM 0.95, 0.93), with skies still smooth at scale 4.
    return (
        f"[0:{video.index}]{chain},split[seen][shown];"
        "[seen]palettegen=stats_mode=diff[palette];"
        "[shown][palette]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[made]"
    )


def encode(image: Format, *, plays: int, capabilities: Capabilities, alone: bool = False) -> tuple[str, ...]:
    """Encoder and muxer options; `plays` of 0 is for ever.

    `alone` makes each frame of a WebP by itself: larger, but a picture in
    which nothing moves keeps its frames.
    """
    if image == "gif":
        # Its muxer counts repeats, and -1 is none.
        loop = 0 if plays == 0 else -1 if plays == 1 else plays - 1
        return ("-c:v", capabilities.need_encoder("gif"), "-loop", str(loop), "-f", "gif")
    if image == "apng":
        encoder = capabilities.need_encoder("apng")
        return ("-c:v", encoder, "-pred", "mixed", "-plays", str(plays), "-f", "apng")
    encoder = capabilities.need_encoder("libwebp" if alone else "libwebp_anim")
    # Level 6 takes twenty times as long as 4 for a twentieth less.
    quality = ("-quality", "75", "-compression_level", "4")
    return ("-c:v", encoder, *quality, "-loop", str(plays), "-f", "webp")
