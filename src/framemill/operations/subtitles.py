"""Subtitles out of a file, into its picture, or into it as tracks of their own."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from framemill.commands import charset
from framemill.domain import languages
from framemill.domain.subtitles import SubtitleFormat
from framemill.domain.work import Work
from framemill.operations.building import subtitles_added, subtitles_burnt, subtitles_extracted
from framemill.operations.building.subtitle_style import Style
from framemill.operations.planning import Planning
from framemill.operations.spec import FontRef, Spec, SubtitlesRef


def _track_in(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("is neither a number nor a language")
    word = value.strip() if isinstance(value, str) else value
    if isinstance(word, int) or word.isdigit():
        if int(word) < 1:
            raise ValueError("tracks are counted from 1")
        return int(word)
    if word != "all" and languages.code(word) is None:
        raise ValueError("is neither a number nor a language; write 2, eng, de or all")
    return word


def _language_in(value: str) -> str:
    found = languages.code(value)
    if found is None:
        raise ValueError("is no language; write eng, de or pt-BR")
    return found


def _charset_in(value: str) -> str:
    if not charset.known(value):
        raise ValueError("is no character set that is known here; write windows-1251, latin-1 or shift_jis")
    return value


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Track = Annotated[
    int | str,
    BeforeValidator(_track_in),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "examples": ["2", "eng", "all"]}),
]
Language = Annotated[str, AfterValidator(_language_in)]
# A title may hold commas, so a command line does not split it.
Title = Annotated[str, Field(max_length=200), WithJsonSchema({"type": "string", "format": "framemill-text"})]

_FOR = {
    "track": ("extract", "burn"),
    "format": ("extract",),
    "file": ("burn", "add"),
    "charset": ("burn", "add"),
    "style": ("burn",),
    "font": ("burn",),
    "profile": ("burn",),
    "language": ("add",),
    "title": ("add",),
    "default": ("add",),
    "forced": ("add",),
}


class Subtitles(Spec):
    """Take subtitles out as files, burn them into the picture, or add files as tracks."""

    op: Literal["subtitles"] = "subtitles"
    version: Literal[1] = 1
    action: Literal["extract", "burn", "add"] = Field(
        description="`extract` writes text tracks as files; `burn` draws a track or a file into the picture, "
        "which is encoded; `add` puts files into the result as tracks, and copies everything.",
    )
    track: Track | None = Field(
        None,
        description="Number among the subtitle tracks, counted from 1, or a language; the default track "
        "where nothing is said. `all` extracts every text track.",
    )
    file: Annotated[tuple[SubtitlesRef, ...], BeforeValidator(_one_or_more)] = Field(
        (), max_length=50, description="SRT, WebVTT or ASS file to burn or add; several can be added."
    )
    format: SubtitleFormat | None = Field(
        None, description="Format to extract to. Unset: what the output's ending says, else the track's own."
    )
    style: Style | None = Field(
        None,
        description="How burnt text looks: font, size, color, outline, outline_color, box, bold, italic, "
        "position, margin; sizes in percent of the height. ASS keeps its own where nothing is said.",
    )
    font: FontRef | None = Field(None, description="Font file (TTF, OTF) to draw with.")
    charset: Annotated[str, AfterValidator(_charset_in)] | None = Field(
        None, description="How the file is written, where that is guessed wrong: windows-1251, latin-1."
    )
    language: Annotated[tuple[Language, ...], BeforeValidator(_one_or_more)] = Field(
        (), description="Language of each added track; by default as the file's name says (movie.de.srt)."
    )
    title: Annotated[tuple[Title, ...], BeforeValidator(_one_or_more)] = Field(
        (), description="Title of each added track."
    )
    default: bool = Field(False, description="Players show the first added track unasked.")
    forced: bool = Field(False, description="Added tracks hold only what has to be read, such as signs.")
    profile: str | None = Field(
        None, description="How to encode for burning; without one the source's codec and size are kept."
    )

    @model_validator(mode="after")
    def _fits(self) -> "Subtitles":
        for name, actions in _FOR.items():
            if getattr(self, name) not in (None, (), False) and self.action not in actions:
                raise ValueError(f"{name} is for action={' or '.join(actions)}")
        if self.action == "add" and not self.file:
            raise ValueError("give the file to add")
        if self.action == "burn" and len(self.file) > 1:
            raise ValueError("one file at a time can be burnt in")
        if self.action == "burn" and self.file and self.track is not None:
            raise ValueError("give file or track, not both")
        if self.action == "burn" and self.track == "all":
            raise ValueError("one track at a time can be burnt in")
        for name in ("language", "title"):
            if len(getattr(self, name)) > len(self.file):
                raise ValueError(f"there are more values of {name} than files")
        return self


def plan(spec: Subtitles, planning: Planning) -> Work:
    """One step. Raises NoSubtitleStream, NotSupported for pictures as text, CodecNotInContainer."""
    if spec.action == "extract":
        return subtitles_extracted.extracted(spec, planning, wish=spec.track, wanted=spec.format)
    if spec.action == "burn":
        return subtitles_burnt.burnt(
            spec,
            planning,
            file=spec.file[0] if spec.file else None,
            track=spec.track,
            style=spec.style,
            font=spec.font,
            charset=spec.charset,
            profile=spec.profile,
        )
    files = tuple(
        subtitles_added.AddedFile(
            ref=ref,
            language=spec.language[n] if n < len(spec.language) else None,
            title=spec.title[n] if n < len(spec.title) else None,
            default=spec.default and n == 0,
            forced=spec.forced,
        )
        for n, ref in enumerate(spec.file)
    )
    return subtitles_added.added(spec, planning, files, charset=spec.charset)
