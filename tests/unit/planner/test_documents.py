from pathlib import Path

import pytest

from framemill.errors import InputNotFound, InvalidSpec
from framemill.planner.documents import parse_document, read_document


def test_every_part_knows_its_line() -> None:
    text = "name: x\nsteps:\n  - op: cut\n    at:\n      - 1s\n      - 2s\n"

    document = parse_document(text, name="x")

    assert document.line(("steps",)) == 2
    assert document.line(("steps", 0, "at")) == 4
    assert document.line(("steps", 0, "at", 1)) == 6


def test_what_is_not_there_is_on_the_line_of_what_would_hold_it() -> None:
    document = parse_document("steps:\n  - op: cut\n", name="x")

    assert document.line(("steps", 0, "every")) == 2
    assert document.line(("inputs",)) == 1


def test_text_that_is_no_yaml_names_its_line() -> None:
    with pytest.raises(InvalidSpec, match="x, line 3: not YAML"):
        parse_document("steps:\n  - op: [\n", name="x")


def test_tags_that_would_make_objects_are_refused() -> None:
    with pytest.raises(InvalidSpec, match="line 1: not YAML"):
        parse_document("steps: !!python/object/apply:os.system ['true']", name="x")


def test_aliases_that_multiply_are_refused() -> None:
    layers = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))

    with pytest.raises(InvalidSpec, match="too many parts"):
        parse_document(f"l0: &l0 [a]\n{layers}\n", name="bomb")


@pytest.mark.parametrize("text", ["[" * 5000, "&a [*a]", "? [1, 2]\n: x"])
def test_strange_shapes_do_no_harm(text: str) -> None:
    with pytest.raises(InvalidSpec):
        parse_document(text, name="strange")


def test_a_file_is_read_within_limits(tmp_path: Path) -> None:
    (tmp_path / "huge.yaml").write_text("# " + "x" * 1_000_001)

    with pytest.raises(InvalidSpec, match="too large"):
        read_document(tmp_path / "huge.yaml")
    with pytest.raises(InputNotFound):
        read_document(tmp_path / "none.yaml")
