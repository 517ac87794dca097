import re

import pytest

from framemill.cli.exit_codes import BY_CODE, MEANINGS, exit_code
from framemill.errors import FramemillError
from tests.docs.pages import DOCS


def _codes(kind: type[FramemillError] = FramemillError) -> set[str]:
    return {kind.code} | {code for sub in kind.__subclasses__() for code in _codes(sub)}


def test_every_error_has_an_exit_code_and_only_those() -> None:
    assert set(BY_CODE) == _codes() | {"usage", "internal_error"}


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_the_page_says_the_exit_code_of_every_error(code: str) -> None:
    page = (DOCS / "exit-codes.md").read_text()

    row = next(line for line in page.splitlines() if line.startswith(f"| {exit_code(code)} |"))
    assert f"`{code}`" in row


def test_the_page_says_what_every_exit_code_means() -> None:
    page = (DOCS / "exit-codes.md").read_text()

    assert dict(re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)) == {
        str(number): meaning for number, meaning in MEANINGS.items()
    }


def test_an_error_that_nobody_placed_is_a_failure() -> None:
    assert exit_code("new_and_unknown") == 1
