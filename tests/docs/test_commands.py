"""What the pages tell a reader to type exists: commands, their options, make targets."""

import re
import shlex
import subprocess
import sys
from functools import cache

import pytest

from tests.docs.pages import ROOT, inline_commands, page_id, pages, shell_lines

_COMMANDS = sorted(
    {
        (page_id(page), command)
        for page in pages()
        for text in [page.read_text(encoding="utf-8")]
        for command in [*shell_lines(text), *inline_commands(text)]
    }
)
_FRAMEMILL = [pair for pair in _COMMANDS if pair[1].startswith("framemill ")]
_MAKE = [pair for pair in _COMMANDS if pair[1].startswith("make ")]


@cache
def _help(*words: str) -> tuple[int, str]:
    """Exit code and text of `framemill WORDS --help`, as wide as it likes."""
    done = subprocess.run(
        [sys.executable, "-m", "framemill", *words, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb", "PATH": "", "HOME": str(ROOT)},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _subcommand(words: list[str]) -> list[str]:
    """The leading words that name a command: one, or two where the first is a group."""
    names = [w for w in words[:2] if re.fullmatch(r"[a-z][a-z0-9_-]*", w)]
    if len(names) == 2 and _help(*names)[0] != 0:
        names.pop()
    return names


def test_the_pages_show_commands() -> None:
    assert any(page == "README.md" for page, _ in _FRAMEMILL)
    assert ("README.md", "make demo") in _MAKE


@pytest.mark.parametrize(("page", "command"), _FRAMEMILL)
def test_every_framemill_command_shown_exists(page: str, command: str) -> None:
    words = shlex.split(command)[1:]
    names = _subcommand(words)

    code, text = _help(*names)

    assert code == 0, f"{page} shows {command!r}, but: {text}"
    assert names or words[0].startswith("-"), f"{page} shows {command!r}, which names no command"
    for option in (w.split("=")[0] for w in words if re.match(r"--?[a-z]", w)):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text), f"{page}: {command!r}: {option}"


@pytest.mark.parametrize(("page", "command"), _MAKE)
def test_every_make_target_shown_exists(page: str, command: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    shown = {w for w in shlex.split(command)[1:] if "=" not in w}

    assert shown <= targets, page
