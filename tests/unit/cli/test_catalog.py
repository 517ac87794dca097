import shlex

import pytest

from framemill.cli.catalog import entries, find, nearest
from framemill.cli.examples import EXAMPLES
from framemill.cli.front_page import front_page
from framemill.cli.program import built
from framemill.operations.names import SUMMARIES
from framemill.planner.pipelines import PIPELINES


@pytest.mark.parametrize("name", sorted(set(SUMMARIES) - {"index"}))
def test_every_operation_is_a_command_under_both_spellings(name: str) -> None:
    assert find(name) is not None
    assert find(name.replace("_", "-")) is not None


@pytest.mark.parametrize("name", sorted(set(PIPELINES) - set(SUMMARIES)))
def test_every_pipeline_is_a_command_with_its_own_summary(name: str) -> None:
    entry = find(name.replace("_", "-"))

    assert entry is not None
    assert entry.summary == PIPELINES[name]


def test_the_front_page_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    shown = front_page().partition("Examples:")[0]

    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("trmi", "trim"), ("extract_audio_", "extract-audio"), ("Publish", "publish"), ("qqqq", None)],
)
def test_the_nearest_command_is_what_was_meant(typed: str, meant: str | None) -> None:
    assert nearest(typed) == meant


def test_every_operation_and_pipeline_has_examples_of_its_own() -> None:
    subjects = {entry.subject for entry in entries() if entry.section in {"Operations", "Pipelines"}}

    assert subjects - set(EXAMPLES) == set()


@pytest.mark.parametrize(
    ("name", "example"), [(name, line) for name, lines in EXAMPLES.items() for line in lines]
)
def test_every_example_can_be_typed(name: str, example: str) -> None:
    words = shlex.split(example)
    entry = find(words[1])
    assert entry is not None

    context = built(entry).make_context(words[1], words[2:])

    assert entry.subject == name
    assert context.params["files"]
