"""Subtitle files that people bring along: read within bounds, for planning and for a step's own copy."""

from pathlib import Path

from framemill.commands import ass, charset, cues
from framemill.domain.subtitles import SubtitleFile, SubtitleText
from framemill.errors import InputUnreadable

# Fonts inside an ASS file are most of it; of text alone this is a hundred films.
_MOST_BYTES = 16 * 1024 * 1024
_HINT = "give an SRT, WebVTT or ASS file; `charset` says how it is written where that is guessed wrong"


def read_subtitles(
    path: Path, *, name: str, written_in: str | None = None
) -> tuple[SubtitleText, SubtitleFile]:
    """What a subtitle file says, and what planning knows of it.

    InputUnreadable where it is none, too large, or holds no cue.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise cues.Unreadable(f"it is larger than {_MOST_BYTES // 1024 // 1024} MiB")
        if not path.is_file():
            raise cues.Unreadable("it is not a regular file")
        text, found, guessed = charset.decoded(path.read_bytes(), written_in)
        # Binary files have zeros; what is left of them in a text is a trap or damage.
        if text.count("\0") > 8:
            raise cues.Unreadable("it is no text")
        said = ass.read(text) if ass.looks_like(text) else cues.read(text)
        if not said.cues:
            raise cues.Unreadable("it holds no cue")
    except OSError as error:
        raise _unreadable(name, error.strerror or "it cannot be opened") from error
    except cues.Unreadable as error:
        raise _unreadable(name, str(error)) from error
    except UnicodeError as error:
        raise _unreadable(name, f"it is not written in {written_in}") from error
    about = SubtitleFile(
        format=said.format,
        charset=found,
        guessed=guessed,
        end_us=max(cue.end_us for cue in said.cues),
        starts_us=tuple(cue.start_us for cue in said.cues),
    )
    return said, about


def written(text: SubtitleText, ending: str) -> str:
    """The text as a file with this ending, which an ASS file can only have as ASS."""
    if ending == "ass":
        return ass.write(text)
    return cues.write_srt(text.cues) if ending == "srt" else cues.write_webvtt(text.cues)


def _unreadable(name: str, reason: str) -> InputUnreadable:
    error = InputUnreadable(name, reason)
    error.hint = _HINT
    return error
