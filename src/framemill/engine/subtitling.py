"""Actions on subtitle text: a clean copy of what strangers wrote, and one to draw into pictures.

ffmpeg and libass get only what is written here: UTF-8, times and text, in
the format that is expected.
"""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from framemill.commands import ass, burning
from framemill.domain.subtitles import SubtitleText
from framemill.engine.fonts import default_faces, full_name
from framemill.engine.letters import named, needed
from framemill.engine.sidecars import read_subtitles, written
from framemill.engine.workbench import Workbench
from framemill.errors import InputUnreadable, NoSubtitleStream, NotSupported

_LACKING = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")


def text(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`subtitle_text FROM TO OPTIONS`: a clean copy in the format of TO's ending."""
    source, target, options = argv
    said = _read(bench, source, _options(bench, options))
    # A track of several may hold nothing; the file says so by being there.
    made = written(said, Path(target).suffix[1:]) or "\n"
    (bench.scratch / target).write_text(made, encoding="utf-8")


def burnable(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`subtitle_burnable FROM TO OPTIONS`: an ASS file to draw, with every letter it needs in some font.

    NotSupported where a font lacks letters.
    """
    source, target, options = argv
    wish = _options(bench, options)
    said = _read(bench, source, wish)
    own = said.format == "ass"
    drawn = said if own else ass.read(ass.write(said))
    fonts = bench.scratch / burning.FONTS
    fonts.mkdir(exist_ok=True)
    default_faces(fonts)
    changes = [(name, str(value)) for name, value in wish["own_styles" if own else "styles"].items()]
    if wish.get("font"):
        shutil.copyfile(bench.scratch / wish["font"], fonts / "given")
        changes.append(("fontname", full_name(fonts / "given", name="font")))
    lines = ass.play_height(drawn.header)
    # Sizes are shares of the height, which only the file says how it counts.
    changes = [(n, _in_lines(v, lines) if v.endswith("%") else v) for n, v in changes]
    drawn = replace(drawn, header=ass.restyled(drawn.header, changes))
    (bench.scratch / target).write_text(ass.dimmed(ass.write(drawn), wish["light"]), encoding="utf-8")
    _check_letters(bench, drawn)


def fonts_folder(bench: Workbench, _argv: tuple[str, ...]) -> None:
    """`subtitle_fonts`: makes the folder that attached fonts are written to."""
    (bench.scratch / burning.FONTS).mkdir()


def _options(bench: Workbench, path: str) -> dict[str, Any]:  # Any: JSON that planning wrote
    found: dict[str, Any] = json.loads((bench.scratch / path).read_text("utf-8"))
    return found


def _read(bench: Workbench, path: str, wish: dict[str, Any]) -> SubtitleText:
    name = wish["name"]
    file = bench.scratch / path
    try:
        said, _ = read_subtitles(file, name=name, written_in=wish.get("charset"))
    except InputUnreadable as error:
        if wish.get("may_be_empty"):
            return SubtitleText(format="srt", cues=())
        if wish["track"]:
            raise NoSubtitleStream(f"{name} holds no text", hint="choose another track") from error
        raise
    end = wish.get("end_us")
    if end is None:
        return said
    kept = tuple(replace(c, end_us=min(c.end_us, end)) for c in said.cues if c.start_us < end)
    return replace(said, cues=kept)


def _in_lines(share: str, lines: int) -> str:
    return f"{float(share[:-1]) * lines / 100:.3f}".rstrip("0").rstrip(".")


def _check_letters(bench: Workbench, drawn: SubtitleText) -> None:
    sample = bench.scratch / "out" / "letters.ass"
    sample.write_text(ass.one_of_each(drawn, wanted=needed), encoding="utf-8")
    done = bench.ffmpeg(burning.one_frame("out/letters.ass"))
    lacking = sorted({int(found, 16) for line in done.tail for found in _LACKING.findall(line)})
    if 0 in lacking:
        raise NotSupported(
            "there is no font on this machine to draw subtitles with",
            hint="install one (fonts-dejavu-core on Debian), or give a font file",
        )
    if lacking:
        raise NotSupported(
            f"no font here has the letters {named(map(chr, lacking))} that the subtitles need",
            hint="install a font that has them (fonts-noto on Debian), or give a font file",
        )
