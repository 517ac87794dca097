"""docs/cli.md says everything that the commands have in common."""

import pytest

from framemill.cli.asking import common
from framemill.cli.catalog import entries
from framemill.cli.program import built
from tests.docs.pages import DOCS

_PAGE = (DOCS / "cli.md").read_text()


@pytest.mark.parametrize("name", [entry.name for entry in entries() if not entry.hidden])
def test_the_page_names_every_command(name: str) -> None:
    assert f"`{name}`" in _PAGE


@pytest.mark.parametrize(
    "flag", sorted({f for p in common()[1:] for f in p.annotation.__metadata__[0].param_decls})
)
def test_the_page_names_every_common_option(flag: str) -> None:
    assert f"`{flag}" in _PAGE


@pytest.mark.parametrize("name", ["jobs", "profiles"])
def test_the_page_names_every_command_of_a_group(name: str) -> None:
    entry = next(entry for entry in entries() if entry.name == name)

    for member in built(entry).commands:
        assert f"`{member}`" in _PAGE or f"{name} {member}" in _PAGE
