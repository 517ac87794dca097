import re

import pytest

from framemill.errors import FramemillError
from tests.docs.pages import DOCS


def _subclasses(cls: type[FramemillError]) -> set[type[FramemillError]]:
    return {sub for direct in cls.__subclasses__() for sub in {direct, *_subclasses(direct)}}


CODES = sorted({cls.code for cls in _subclasses(FramemillError)})
PAGES = sorted(p.stem for p in (DOCS / "errors").glob("*.md") if p.stem != "index")


def test_error_codes_are_found() -> None:
    assert "input_not_found" in CODES


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_has_a_page(code: str) -> None:
    assert (DOCS / "errors" / f"{code}.md").is_file()


@pytest.mark.parametrize("code", PAGES)
def test_every_error_page_is_about_a_code_that_exists(code: str) -> None:
    assert code in CODES


@pytest.mark.parametrize("code", PAGES)
def test_every_error_page_says_what_why_and_what_to_do(code: str) -> None:
    headings = re.findall(r"^#+ .*$", (DOCS / "errors" / f"{code}.md").read_text(), re.MULTILINE)

    assert headings == [f"# `{code}`", "## What happened", "## Why", "## What to do"]


@pytest.mark.parametrize("code", PAGES)
def test_the_error_index_lists_every_page(code: str) -> None:
    assert f"({code}.md)" in (DOCS / "errors" / "index.md").read_text()
