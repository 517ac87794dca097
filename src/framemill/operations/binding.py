"""Paths that a person wrote where a spec names an input: each becomes an input of the job.

Only for doors through which the caller's own files are given (command line,
library): a request from elsewhere names inputs, never paths.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from framemill.domain.sources import Source, Url, is_url
from framemill.errors import InputNotFound
from framemill.operations.spec import Spec, references, renamed

Find = Callable[[str], Source]  # what a person means by a name


def bound(
    specs: Sequence[Spec], inputs: Mapping[str, Source], *, find: Find | None = None
) -> tuple[tuple[Spec, ...], dict[str, Source]]:
    """The specs and inputs with each path and address among the references made an input named by its field.

    A reference that is the name of an input or of an earlier operation stays.
    Raises what `find` raises for what is neither; left away, that is
    `source_of` and InputNotFound.
    """
    found = dict(inputs)
    known = {*inputs, *(spec.name or spec.op for spec in specs)}
    done: list[Spec] = []
    for spec in specs:
        names: dict[str, str] = {}
        for field, ref, _kind in references(spec):
            if ref in names or ref in known or ref.partition(".")[0] in known:
                continue
            source = (find or source_of)(ref)
            same = next((name for name, other in found.items() if other == source), None)
            names[ref] = same if same and same not in inputs else _free(field, {*found, *known})
            found[names[ref]] = source
        done.append(renamed(spec, names))
    return tuple(done), found


def source_of(name: str | Path) -> Source:
    """The address, or the absolute path of what is there; InputNotFound."""
    return Url(name) if isinstance(name, str) and is_url(name) else existing(name)


def path_of(name: str | Path) -> Path:
    """The absolute path that a person means; a name that begins with `~` and no user's name is a name."""
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError:
        return Path(name).absolute()


def existing(name: str | Path) -> Path:
    """The absolute path of what is there; InputNotFound."""
    path = path_of(name)
    try:
        found = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        raise InputNotFound(str(name))
    return path


def _free(field: str, taken: set[str]) -> str:
    if field not in taken:
        return field
    return next(f"{field}_{n}" for n in range(2, len(taken) + 3) if f"{field}_{n}" not in taken)
