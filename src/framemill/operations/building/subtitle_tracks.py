"""Choosing a subtitle track of a file, and what is told about subtitle files."""

import json
from typing import Any

from framemill.domain import languages
from framemill.domain.left_behind import describe
from framemill.domain.media import MediaInfo, SubtitleStream
from framemill.domain.plan import TextFile
from framemill.domain.units import format_time
from framemill.errors import InvalidSpec, NoSubtitleStream
from framemill.operations.planning import Planning

_BITMAPS = frozenset({"hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"})


def is_bitmap(track: SubtitleStream) -> bool:
    """True for tracks of pictures that can be laid over the film."""
    return track.codec in _BITMAPS


def chosen(planning: Planning, media: MediaInfo, label: str, wish: int | str | None) -> SubtitleStream:
    """The track of this number or language, by default the one that players show; NoSubtitleStream."""
    tracks = media.subtitles
    if not tracks:
        raise NoSubtitleStream(
            f"{label!r} has no subtitle stream, which {planning.name} needs",
            hint="give a subtitle file instead",
        )
    if isinstance(wish, int):
        if wish > len(tracks):
            raise NoSubtitleStream(
                f"there is no subtitle track {wish}: the file has {len(tracks)}",
                hint="tracks are counted from 1",
            )
        return tracks[wish - 1]
    if wish is not None:
        same = [t for t in tracks if t.language and languages.code(t.language) == languages.code(wish)]
        if not same:
            known = ", ".join(sorted({t.language for t in tracks if t.language})) or "none is named"
            raise NoSubtitleStream(f"no subtitle track is in {wish!r}", hint=f"languages here: {known}")
        return _preferred(same)
    return _preferred(list(tracks))


def _preferred(tracks: list[SubtitleStream]) -> SubtitleStream:
    """The default one, else the first with text, else the first; a forced one has only some lines."""
    whole = [t for t in tracks if "forced" not in t.dispositions] or tracks
    default = [t for t in whole if "default" in t.dispositions]
    texts = [t for t in whole if t.is_text]
    return (default or texts or whole)[0]


def options(name: str, about: str, *, track: bool, **more: object) -> TextFile:
    """What an action on subtitle text is told: `in/<name>`; `about` is what people call the text."""
    said: dict[str, Any] = {"name": about, "track": track, **more}  # Any: JSON
    return TextFile(name=name, content=json.dumps(said))


def read_as(planning: Planning, ref: str, charset: str | None) -> tuple[str, ...]:
    """A warning where nothing but the letters told how a file is written."""
    found = planning.subtitles(ref)
    if charset is not None or not found.guessed:
        return ()
    text = f"{planning.stem(ref)!r} was taken for {found.charset} by its letters; `charset` says otherwise"
    return (f"{planning.name}: {text}",)


def behind_the_end(planning: Planning, ref: str, media: MediaInfo) -> tuple[str, ...]:
    """A warning where cues of a file begin after the film is over."""
    starts = planning.subtitles(ref).starts_us
    late = sum(start >= media.duration_us for start in starts)
    if late == len(starts):
        raise InvalidSpec(
            f"every cue of {planning.stem(ref)!r} comes after the end of the video,"
            f" the first at {format_time(starts[0])}",
            hint="give the subtitles of this video",
        )
    if not late:
        return ()
    text = f"{late} of {len(starts)} cues of {planning.stem(ref)!r} come after the end and are left out"
    return (f"{planning.name}: {text}",)


def called(track: SubtitleStream) -> str:
    """A track in a message."""
    return f"subtitle track {describe(track)}"
