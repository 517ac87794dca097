"""The WebVTT index of a storyboard: each cue names a rectangle of a sheet, as players want it."""

from framemill.domain.storyboard import Layout
from framemill.domain.units import format_time


def cue_list(layout: Layout, *, sheet_name: str) -> str:
    """The whole file; `sheet_name` holds `%03d` and is relative to it.

    See https://www.w3.org/TR/webvtt1/ and https://www.w3.org/TR/media-frags/#naming-space.
    """
    cues = (
        f"{format_time(cue.start_us)} --> {format_time(cue.end_us)}\n"
        f"{sheet_name % cue.sheet}#xywh={cue.x},{cue.y},{layout.width},{layout.height}\n"
        for cue in layout.cues()
    )
    return "\n".join(("WEBVTT\n", *cues))
