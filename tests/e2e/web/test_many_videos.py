"""A thousand videos: the page stays at hand while they are loaded, scrolled, filtered and selected."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.web.busy import busiest
from tests.e2e.web.shelf import fill
from tests.e2e.web.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_COUNT = 1000
_MOST_MS = 200
_SCROLLED_MS = 120_000


def test_no_step_holds_the_page_up(
    site: Site, browser: Browser, page: Page, axe: Callable[[Page], None]
) -> None:
    fill(site, _COUNT)
    newest = page.get_by_role("link", name=f"film {_COUNT:04}")

    def press(name: str) -> None:
        page.get_by_role("button", name=name).click()

    def load() -> None:
        page.reload()
        newest.wait_for()

    def to_the_end() -> None:
        page.evaluate(_SCROLL, ["film 0001", _SCROLLED_MS])

    def show(view: str, role: str) -> None:
        press(view)
        page.get_by_role(role, name="Videos", exact=True).wait_for()  # type: ignore[arg-type]  # one of its roles

    def select_all() -> None:
        page.get_by_role("checkbox").last.check()
        press(f"All {_COUNT} listed")
        page.get_by_text(f"{_COUNT} selected").wait_for()

    def search() -> None:
        page.get_by_label("Search videos").fill("film 0500")
        expect(page.get_by_role("link", name="film")).to_have_count(1)

    def all_again() -> None:
        page.get_by_role("link", name="Videos", exact=True).click()
        newest.wait_for()

    took = busiest(
        browser,
        page,
        {
            "loading": load,
            "scrolling": to_the_end,
            "as a table": lambda: show("Table", "table"),
            "scrolling the table": to_the_end,
            "selecting all": select_all,
            "as a grid": lambda: show("Grid", "list"),
            "selecting none": lambda: press("Select nothing"),
            "filtering": search,
            "all again": all_again,
        },
    )

    assert {step: ms for step, ms in took.items() if ms > _MOST_MS} == {}
    assert max(took.values()) > 0, "nothing was measured"
    to_the_end()
    axe(page)
    page.go_back()
    expect(page.get_by_role("link", name="film 0500")).to_be_in_viewport()
    page.go_forward()
    expect(page.get_by_role("link", name="film 0001")).to_be_in_viewport()


# The page's policy lets nobody wait by a condition that is written as text.
_SCROLL = """([title, most]) => new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error(`${title} was not reached`)), most);
    const on = () => {
        scrollTo(0, document.body.scrollHeight);
        const there = document.querySelector(`main [title="${title}"]`) !== null;
        if (there) { clearTimeout(late); done(); } else { requestAnimationFrame(on); }
    };
    on();
})"""
