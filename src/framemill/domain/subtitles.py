"""What a subtitle file says: cues, and for ASS the header that they are styled by.

Values only. Reading and writing the formats is commands.cues' and commands.ass'.
"""

from dataclasses import dataclass
from typing import Literal

SubtitleFormat = Literal["srt", "vtt", "ass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A text and when it is shown, in µs from the film's start.

    The text of SRT and WebVTT is held as SRT writes it: lines, simple tags,
    `{\\an8}` for a place. The text of ASS is ASS.
    """

    start_us: int
    end_us: int
    text: str
    settings: str = ""  # of WebVTT, behind the times
    style: str = "Default"  # of ASS, as the rest
    layer: int = 0
    name: str = ""
    margins: tuple[int, int, int] = (0, 0, 0)
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleText:
    """A whole subtitle file."""

    format: SubtitleFormat
    cues: tuple[Cue, ...]  # by start
    header: str = ""  # of ASS: everything before the events


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleFile:
    """What planning knows of a subtitle file."""

    format: SubtitleFormat
    charset: str  # as Python calls it
    guessed: bool  # the charset is told by the letters only
    end_us: int  # of the last cue
    starts_us: tuple[int, ...]  # of every cue, in order
