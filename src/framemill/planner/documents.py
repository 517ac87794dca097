"""YAML and JSON as data that remembers on which line each part stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framemill.errors import InputNotFound, InvalidSpec

if TYPE_CHECKING:
    import yaml

_MAX_BYTES = 1_000_000
# Aliases can make a small text a huge tree; no pipeline is as large as this.
_MAX_PARTS = 100_000

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a text says, and where."""

    name: str  # what messages call it
    data: Any  # as YAML gave it: anything
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of a part, counted from 1; of what holds it where it is not there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_document(path: Path) -> Document:
    """The file's content. Raises InputNotFound, and InvalidSpec with the line where it is no YAML."""
    if not path.is_file():
        raise InputNotFound(str(path))
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidSpec(f"{path.name} is too large for a pipeline", hint="1 MB is the limit")
    return parse_document(path.read_text("utf-8", errors="replace"), name=path.name)


def parse_document(text: str, *, name: str) -> Document:
    """`text` as data. JSON is YAML. Raises InvalidSpec with the line that is wrong."""
    import yaml  # slow to import, and most commands need none

    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Place, int] = {}
        _note(tree, (), lines)
        return Document(name=name, data=yaml.safe_load(text), lines=lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}" if mark else ""
        raise InvalidSpec(f"{name}{at}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidSpec(f"{name}: not YAML: {str(error).splitlines()[0]}") from error


def _note(node: "yaml.Node | None", place: Place, lines: dict[Place, int]) -> None:
    import yaml

    if node is None:
        return
    lines[place] = node.start_mark.line + 1
    if len(lines) > _MAX_PARTS:
        raise ValueError("it has too many parts")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _note(value, (*place, str(key.value)), lines)
            # A field stands where its name is, however long its value.
            lines[(*place, str(key.value))] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note(value, (*place, number), lines)
