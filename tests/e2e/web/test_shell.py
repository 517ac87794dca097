"""The first minutes: in by the link, around the shell, out again, and in by a password."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.web.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def test_who_opens_the_link_is_in_and_can_leave(site: Site, page: Page, axe: Callable[[Page], None]) -> None:
    expect(page).to_have_url(f"{site.url}/videos")
    expect(page.get_by_role("heading", name="Videos", level=1)).to_be_visible()
    axe(page)

    page.get_by_role("button", name="Colours").click()
    page.get_by_role("menuitem", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    expect(page.get_by_role("menu")).to_have_count(0)
    axe(page)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="admin").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Framemill")).to_be_visible()
    axe(page)


def test_who_is_not_signed_in_comes_back_to_where_they_wanted_to_go(
    site: Site, visit: Callable[..., Page]
) -> None:
    page = visit(viewport={"width": 390, "height": 800})
    page.goto("/jobs")

    expect(page).to_have_url(f"{site.url}/login?to=%2Fjobs")
    page.goto(site.link())
    page.get_by_role("button", name="Navigation").click()
    page.get_by_role("link", name="Jobs", exact=True).click()

    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
