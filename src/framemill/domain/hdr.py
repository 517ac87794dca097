"""What is kept of HDR, what a result must show of it, and what is left once it was tone-mapped."""

from dataclasses import replace

from framemill.domain.media import Hdr, VideoStream

# Of the transfer functions: PQ ends at 10 000 nits, HLG is shown at 1000 by definition (ITU-R BT.2100).
_PQ_PEAK, _HLG_PEAK = 10_000, 1000
_LEAST_PEAK = 250  # metadata below the brightness of paper is wrong


def peak_nits(video: VideoStream) -> int:
    """The brightest that the pictures may be: as measured, else as the mastering display, else the most."""
    if video.hdr is Hdr.HLG:
        return _HLG_PEAK
    light = video.light
    said = [light.max_content, light.display_max] if light else []
    known = next((nits for nits in said if nits), _PQ_PEAK)
    return min(max(known, _LEAST_PEAK), _PQ_PEAK)


def facts(video: VideoStream) -> tuple[str, ...]:
    """What makes a picture HDR, each as a word that can be compared and read; none for SDR."""
    if video.hdr is None:
        return ()
    light = video.light
    return (
        f"transfer {video.color_transfer}",
        f"primaries {video.color_primaries or 'bt2020'}",
        *((f"mastered to {light.display_max} nits",) if light and light.display_max else ()),
        *((f"MaxCLL {light.max_content}",) if light and light.max_content else ()),
        *((f"MaxFALL {light.max_average}",) if light and light.max_average else ()),
    )


def tone_mapped(video: VideoStream) -> VideoStream:
    """`video` as it is after tone-mapping; itself where it is SDR."""
    if video.hdr is None:
        return video
    return replace(
        video,
        color_transfer="bt709",
        color_primaries="bt709",
        color_space="bt709",
        color_range="tv",
        light=None,
        dolby_vision=False,
        dolby_vision_only=False,
    )
