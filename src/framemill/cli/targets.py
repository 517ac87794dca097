"""From inputs and `-o` to where results go: a file's folder and name, or a folder, for each job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from framemill.domain.containers import container_named
from framemill.domain.sources import Source
from framemill.errors import InvalidSpec
from framemill.operations.binding import path_of

_OTHERS = frozenset({"jpg", "jpeg", "png", "webp", "avif", "gif", "json", "srt", "vtt", "ass", "ssa"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The destination folder of a job, and the name of its one result where the user chose it."""

    folder: Path
    name: str | None = None


def targets(
    output: str | None, *, operation: str, inputs: Sequence[Source], several: bool, joined: bool
) -> Iterator[tuple[tuple[Source, ...], Target]]:
    """The inputs of each job and where its results go: one job for all if they are `joined`, else one each.

    InvalidSpec where several jobs would write one file or folder.
    """
    if joined or len(inputs) == 1:
        yield tuple(inputs), target(output, operation=operation, first=inputs[0], several=several)
        return
    if output is not None and target(output, operation=operation, first=inputs[0], several=several).name:
        raise InvalidSpec(
            f"{len(inputs)} inputs cannot all become {output!r}", hint="give a folder: -o results/"
        )
    called = [path.stem if several else path.name for path in inputs]
    if twice := next((name for name in called if called.count(name) > 1), None):
        raise InvalidSpec(
            f"two inputs are called {twice!r}, and so would their results be",
            hint="give them one at a time, each with a folder of its own",
        )
    for path in inputs:
        if output is not None and several:
            yield (path,), Target(folder=path_of(output) / path.stem)
        else:
            yield (path,), target(output, operation=operation, first=path, several=several)


def target(output: str | None, *, operation: str, first: Source, several: bool) -> Target:
    """Where the results of one job go.

    Unsaid, one file goes into the current folder under a name that the
    operation gives, and several go into a folder `<stem>-<operation>`.
    """
    if output is None:
        here = Path.cwd()
        return Target(folder=here / f"{first.stem}-{operation.replace('_', '-')}" if several else here)
    path = path_of(output)
    if several or _is_folder(path) or output.endswith("/") or not _names_a_file(path):
        return Target(folder=path)
    return Target(folder=path.parent, name=path.name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no file can have: the spec says so
        return False


def _names_a_file(path: Path) -> bool:
    ending = path.suffix.lstrip(".").lower()
    return bool(ending) and (container_named(ending) is not None or ending in _OTHERS)
