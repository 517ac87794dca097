"""How a help page looks. Standard library only: the front page must be there at once."""

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TextIO

_WIDEST = 100
_LEFT = 30  # widest first column; a longer entry gets a line of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled two-column list."""

    title: str
    rows: tuple[tuple[str, str], ...]


def colourful(stream: TextIO | None = None) -> bool:
    """True where escape sequences do good: a terminal, and nobody objects (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    stream = sys.stdout if stream is None else stream
    return stream.isatty()


def page(
    *,
    usage: str,
    text: str,
    sections: Iterable[Section],
    examples: Sequence[str] = (),
    note: str = "",
    colour: bool = False,
    width: int | None = None,
) -> str:
    """A whole help page, ending in a newline."""
    width = width or min(_WIDEST, shutil.get_terminal_size().columns)
    lines = [f"{_bold('Usage:', colour)} {usage}", ""]
    for paragraph in text.strip().split("\n\n"):
        lines += [*wrap(" ".join(paragraph.split()), width), ""]
    filled = [section for section in sections if section.rows]
    left = min(_LEFT, max((len(row[0]) for section in filled for row in section.rows), default=0))
    for section in filled:
        lines.append(_bold(f"{section.title}:", colour))
        for row in section.rows:
            lines += _row(row, left=left, width=width, colour=colour)
        lines.append("")
    if examples:
        lines += [_bold("Examples:" if len(examples) > 1 else "Example:", colour)]
        lines += [*(f"  {example}" for example in examples), ""]
    if note:
        lines += [*wrap(note, width), ""]
    return "\n".join(lines)


def _row(row: tuple[str, str], *, left: int, width: int, colour: bool) -> list[str]:
    name, text = row
    indent = left + 4
    room = max(20, width - indent)
    wrapped = wrap(" ".join(text.split()), room) or [""]
    shown = _cyan(name, colour)
    if len(name) > left:
        return [f"  {shown}", *(" " * indent + line for line in wrapped)]
    first = f"  {shown}{' ' * (left - len(name))}  {wrapped[0]}".rstrip()
    return [first, *(" " * indent + line for line in wrapped[1:])]


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


def _cyan(text: str, colour: bool) -> str:
    return f"\x1b[36m{text}\x1b[0m" if colour else text
