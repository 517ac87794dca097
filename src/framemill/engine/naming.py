"""Under which names results are published, and which existing files those names may meet."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from framemill.domain.plan import Output

_NUMBER = re.compile(r"%0\d+d")


def published_name(output: Output, made: str) -> str:
    """Where below the destination `made`, a path below the step's `out/`, goes."""
    assert output.publish is not None
    if not output.numbered:
        return output.publish
    number = _matcher(Path(output.path).name).fullmatch(Path(made).name)
    assert number is not None, made
    return _pattern(output) % int(number[1])


def targets_of(output: Output, destination: Path) -> Iterator[tuple[Path, bool]]:
    """The paths that `output` will take (and whether it is a folder); of a numbered set those that exist.

    How many files a set will have is often known only when it is made.
    """
    if output.publish is None:
        return
    if not output.numbered:
        yield destination / output.publish, output.promise.kind == "package"
        return
    pattern = Path(_pattern(output))
    count = output.promise.files
    last = output.first + count - 1 if count is not None else None
    name, folder = _matcher(pattern.name), destination / pattern.parent
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        number = name.fullmatch(path.name)
        if number and output.first <= int(number[1]) and (last is None or int(number[1]) <= last):
            yield path, False


def in_order(files: Iterable[Path]) -> list[Path]:
    """The files of a numbered set by their numbers: 1000 after 999, which text would put after 100."""
    return sorted(files, key=lambda path: (len(path.name), path.name))


def _pattern(output: Output) -> str:
    assert output.publish is not None
    if _NUMBER.search(output.publish):
        return output.publish
    return f"{output.publish}/{Path(output.path).name}"  # a folder for the set


def _matcher(pattern: str) -> re.Pattern[str]:
    head, tail = _NUMBER.split(pattern, maxsplit=1)
    return re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
