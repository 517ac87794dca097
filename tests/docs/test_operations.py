import pytest

from framemill.operations.registry import NAMES
from tests.docs.pages import DOCS

PAGES = sorted(p.stem for p in (DOCS / "operations").glob("*.md") if p.stem != "index")


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_a_page(name: str) -> None:
    page = DOCS / "operations" / f"{name}.md"

    assert page.is_file()
    assert page.read_text().partition("\n")[0] in {f"# {name}", f"# `{name}`"}


@pytest.mark.parametrize("name", PAGES)
def test_every_operation_page_is_about_an_operation_that_exists(name: str) -> None:
    assert name in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_front_page_lists_every_operation(name: str) -> None:
    assert f"(operations/{name}.md)" in (DOCS / "index.md").read_text()
