"""What `framemill` and `framemill --help` say."""

from itertools import groupby

from framemill.cli.catalog import entries
from framemill.cli.page import Section, colourful, page

_OPTIONS = Section(
    title="Options",
    rows=(
        ("-V, --version", "Show the version."),
        ("--server URL", "Before a command: have a Framemill server do it; FRAMEMILL_SERVER does the same."),
        ("--api-key-file FILE", "Before a command: a file with a key of that server."),
        ("-h, --help", "Show this page; after a command, its own page."),
        ("--install-completion", "Install completion for your shell."),
        ("--show-completion", "Show what that would install."),
    ),
)


def front_page() -> str:
    """The program's help page."""
    sections = [
        Section(title=title, rows=tuple((entry.name, entry.summary) for entry in group if not entry.hidden))
        for title, group in groupby(entries(), key=lambda entry: entry.section)
    ]
    return page(
        usage="framemill COMMAND [OPTIONS] INPUT...",
        text="A video mill: footage goes in; streams, clips and answers come out. Originals are never "
        "touched; every result is checked before it appears.",
        sections=[*_merged(sections), _OPTIONS],
        examples=(
            "framemill info movie.mp4",
            "framemill cut movie.mp4 --every 11m -o parts",
            "framemill trim movie.mp4 --start 00:41:12 --end 00:44:03 -o scene.mp4",
            "framemill publish movie.mp4 -o published",
            "framemill plan publish movie.mp4        what it would do, and how long that takes",
        ),
        note="`framemill COMMAND --help` explains a command. Exit codes: 0 done, 1 failed, 2 wrong request, "
        "3 input, 4 output, 5 missing program, 130 interrupted.",
        colour=colourful(),
    )


def _merged(sections: list[Section]) -> list[Section]:
    return [section for section in sections if section.rows]
