"""From HDR to BT.709 so that skin and sky stay what they are, and pictures that cannot be read at all."""

from framemill.domain.capabilities import Capabilities
from framemill.domain.hdr import peak_nits
from framemill.domain.media import Hdr, VideoStream
from framemill.errors import NotSupported

# HDR reference white in nits (ITU-R BT.2408).
_REFERENCE_WHITE = 203
# Below this share of white nothing is changed. With 0.3 white becomes 85 % and what is brighter still has
# room; hable, which has no such share, showed white at 72 % and middle grey (46 %) at 33 %.
_UNTOUCHED = 0.3
# Above this many times 100 nits colours fade to white, as on film. Lower took the blue out of skies.
_FADES_ABOVE = 4
# zscale applies HLG's system gamma to each primary alone, which makes colours stronger by an eighth.
_HLG_SATURATION = 0.88
_FORGET_LIGHT = (
    "sidedata=mode=delete:type=MASTERING_DISPLAY_METADATA",
    "sidedata=mode=delete:type=CONTENT_LIGHT_LEVEL",
)


def tone_mapped(video: VideoStream, capabilities: Capabilities) -> tuple[str, ...]:
    """Filters from HDR to BT.709; NotSupported where ffmpeg lacks them."""
    if not (capabilities.has_filter("zscale") and capabilities.has_filter("tonemap")):
        raise NotSupported(
            "HDR cannot be tone-mapped without ffmpeg's zscale and tonemap filters",
            hint="use the bundled ffmpeg, or keep HDR with an HEVC or AV1 10-bit profile",
        )
    odd = video.width % 2 or video.height % 2
    # ffmpeg would guess the peak in units of 100 nits, ours are of reference white: said, it is right.
    peak = peak_nits(video) / _REFERENCE_WHITE
    weaker = video.hdr is Hdr.HLG and capabilities.has_filter("hue")
    return (
        *(("scale=w=trunc((iw+1)/2)*2:h=trunc((ih+1)/2)*2",) if odd else ()),
        *named_colours(video),
        # Linear light, BT.709 primaries, then the curve.
        f"zscale=t=linear:npl={_REFERENCE_WHITE}",
        "format=gbrpf32le",
        "zscale=p=bt709",
        f"tonemap=tonemap=mobius:param={_UNTOUCHED}:desat={_FADES_ABOVE}:peak={peak:.4g}",
        "zscale=t=bt709:m=bt709:r=limited",
        "format=yuv420p",
        *((f"hue=s={_HLG_SATURATION}",) if weaker else ()),
        # Encoders would write it into the SDR result, which players then take for HDR.
        *(_FORGET_LIGHT if capabilities.has_filter("sidedata") else ()),
    )


def named_colours(video: VideoStream) -> tuple[str, ...]:
    """A filter that names the colours which an HDR source leaves out; without them nothing converts them."""
    missing = [
        *(("color_primaries=bt2020",) if video.color_primaries is None else ()),
        *(("colorspace=bt2020nc",) if video.color_space is None else ()),
    ]
    return (f"setparams={':'.join(missing)}",) if video.hdr is not None and missing else ()


def check_readable(video: VideoStream) -> None:
    """NotSupported for pictures whose colours only a Dolby Vision decoder understands."""
    if video.dolby_vision_only:
        raise NotSupported(
            "the colours of this Dolby Vision picture (profile 5) cannot be decoded: it has no HDR10 or HLG"
            " base, and would turn out green and purple",
            hint="copy it as it is, for example with trim or cut, or start from a version that has a base",
        )
