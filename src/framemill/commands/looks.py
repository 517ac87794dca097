"""Measuring how much there is to see in pictures spread over a video: brightness, contrast, edges."""

import math
from collections.abc import Iterable

from framemill.commands import scenes
from framemill.domain.capabilities import Capabilities
from framemill.domain.media import VideoStream
from framemill.domain.picks import Look
from framemill.domain.units import seconds

_Y = "lavfi.signalstats.Y"


def measuring(
    video: VideoStream, *, interval_us: int, light: str, edges: str, capabilities: Capabilities
) -> str:
    """Filters that write of one picture each `interval_us` its brightness and its edges into two files."""
    # Since ffmpeg 5.1; without it blurred pictures only lose to stronger edges.
    widths = ("blurdetect",) if capabilities.has_filter("blurdetect") else ()
    return ",".join(
        (
            f"select='isnan(prev_selected_t)+gte(t-prev_selected_t,{seconds(interval_us)})'",
            scenes.looking(video),
            *widths,
            "signalstats",
            f"metadata=mode=print:file={light}",
            "sobel=planes=1",
            "signalstats",
            f"metadata=mode=print:file={edges}",
        )
    )


def read(light: Iterable[str], edges: Iterable[str]) -> tuple[Look, ...]:
    """What was measured, in order of time."""
    strength = {find.at_us: float(find.words[f"{_Y}AVG"]) for find in scenes.read(edges)}
    return tuple(
        Look(
            at_us=find.at_us,
            low=float(find.words[f"{_Y}LOW"]),
            high=float(find.words[f"{_Y}HIGH"]),
            edges=strength[find.at_us],
            softness=_width(find.words.get("lavfi.blur")),
        )
        for find in scenes.read(light)
        if find.at_us in strength and find.at_us >= 0
    )


def _width(word: str | None) -> float | None:
    # A picture without edges has no number there.
    width = float(word) if word else math.nan
    return width if width > 0 and math.isfinite(width) else None
