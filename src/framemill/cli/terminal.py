"""The two output streams: safe for any file name, plain where nobody is watching."""

import io
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from framemill.cli.page import colourful

_SEQUENCES = {"red": "31", "yellow": "33", "green": "32", "cyan": "36", "bold": "1", "dim": "2"}


def set_up() -> None:
    """Make both streams take every file name: names are bytes and need not be text."""
    for stream, fallback in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            unicode = stream.encoding.lower().replace("-", "") == "utf8"
            stream.reconfigure(errors=fallback if unicode else "backslashreplace")


def out(text: str = "") -> None:
    """One line of result."""
    sys.stdout.write(f"{text}\n")


def err(text: str = "") -> None:
    """One line about what is going on."""
    sys.stdout.flush()  # the two may be one screen
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def out_json(data: object) -> None:
    """The one JSON document of a command."""
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        # A name that is not text, or a terminal that cannot show it: escapes are JSON everywhere.
        text = json.dumps(data, indent=2, default=str)
    out(text)


def painted(text: str, colour: str, stream: TextIO | None = None) -> str:
    """`text` in a colour where `stream` (stdout by default) shows colours."""
    return f"\x1b[{_SEQUENCES[colour]}m{text}\x1b[0m" if colourful(stream) else text


def harmless(text: str) -> str:
    """`text` without control characters: titles and names come from strangers, and terminals obey."""
    return "".join(
        c if c.isprintable() or "\ud800" <= c <= "\udfff" else c.encode("unicode_escape").decode()
        for c in text
    )


def shown_path(path: Path | str) -> str:
    """A path as a person at this prompt would type it: relative where that is shorter."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    try:
        relative = os.path.relpath(absolute)
    except (ValueError, OSError):
        return str(absolute)
    if sys.stdout.isatty():
        relative, absolute = harmless(relative), Path(harmless(str(absolute)))
    far = relative.startswith("../..") or len(relative) > len(str(absolute))
    return str(absolute) if far else relative


def silence_stdout() -> None:
    """Send what is left to nowhere: the reader has gone, and flushing at exit would complain again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
