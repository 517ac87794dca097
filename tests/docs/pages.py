"""The project's pages as the documentation tests see them: files, code blocks, headings."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Every Markdown page that a reader may meet."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def page_id(page: Path) -> str:
    """How a failing test names the page."""
    return page.relative_to(ROOT).as_posix()


def prose(text: str) -> str:
    """The text without its code blocks."""
    return _FENCE.sub("", text)


def shell_lines(text: str) -> Iterator[str]:
    """Each command of each shell block: continuations joined, comments and prompts removed."""
    for language, block in _FENCE.findall(text):
        if language in {"sh", "bash", "shell", "console"}:
            for line in block.replace("\\\n", " ").splitlines():
                command = line.strip().removeprefix("$ ").split(" #")[0].strip()
                if command and not command.startswith("#"):
                    yield command


def inline_commands(text: str) -> Iterator[str]:
    """Each `framemill ...` or `make ...` that the prose mentions."""
    for code in re.findall(r"`([^`\n]+)`", prose(text)):
        if code.startswith(("framemill ", "make ")):
            yield code


def anchors(text: str) -> set[str]:
    """The anchors that a Markdown renderer gives the headings."""
    headings = re.findall(r"^#+\s+(.+?)\s*$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
