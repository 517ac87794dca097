"""Amounts as people say them, in progress, plans and results."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from framemill.domain.units import US, format_size, format_time

if TYPE_CHECKING:
    from framemill.engine.unserved import Unserved


def about(ms: int) -> str:
    """`12 s`, `4 min`, `2 h 10 min`: as exact as an estimate can be."""
    seconds = ms / 1000
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def clock(ms: int) -> str:
    """`0:12`, `1:02:33`: time left."""
    seconds = max(0, round(ms / 1000))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def length(us: int) -> str:
    """`00:01:30.500`, or `3.200 s` where that says more."""
    return f"{us / US:.3f} s" if us < 60 * US else format_time(us)


def in_vain(found: "Unserved") -> str:
    """`2 tasks of 1 job wait in vain: they need a worker that takes gpu tasks`."""
    tasks = f"{found.tasks} {'task' if found.tasks == 1 else 'tasks'}"
    jobs = f"{found.jobs} {'job' if found.jobs == 1 else 'jobs'}"
    return f"{tasks} of {jobs} wait in vain: needed is {found.needs}"


def media_line(media: Mapping[str, object] | None) -> str:
    """Duration, dimensions and codecs of a stored probe."""
    if not media:
        return ""
    parts = []
    duration = media.get("duration_us")
    videos = [v for v in _rows(media.get("video")) if not v.get("is_cover")]
    sounds = _rows(media.get("audio"))
    if isinstance(duration, int) and duration > 0 and (sounds or _moves(videos)):
        parts.append(length(duration))
    if videos:
        parts.append(f"{videos[0].get('width')}×{videos[0].get('height')}")
    parts += [str(stream.get("codec")) for stream in (*videos[:1], *sounds[:1])]
    return "  ".join(parts)


def size(count: int) -> str:
    """`12.3 MB`."""
    return format_size(count)


def columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as aligned lines."""
    if not rows:
        return []
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def _rows(value: object) -> list[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def _moves(videos: list[Mapping[str, object]]) -> bool:
    # A picture is a video of one frame to ffprobe; its "duration" means nothing.
    return any(video.get("codec") not in {"mjpeg", "png", "webp", "bmp"} for video in videos)
