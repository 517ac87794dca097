"""People, keys and members are made, and the trail says so; a worker is drained; others see none of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.web.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_PASSWORD = "a long sentence of hers"
_PLACES = {
    "/admin": "Overview",
    "/admin/queue": "Queue",
    "/admin/statistics?last=24h": "Statistics",
    "/admin/storage": "Storage",
    "/admin/settings?find=worker": "Settings",
    "/admin/workspaces": "Workspaces",
    "/workspaces/default": "Settings of default",
    "/workspaces/default/webhooks": "Webhooks of default",
    "/account": "Your account",
}


def test_a_user_becomes_a_member_and_the_trail_says_so(
    site: Site, page: Page, visit: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    _create_user(page, axe)
    _add_member(page, axe)
    secret = _create_key(page, axe)

    page.goto("/admin/audit?action=member.put")
    table = page.get_by_role("table", name="Audit")
    expect(table.get_by_role("row")).to_have_count(3, timeout=30_000)
    expect(table).to_contain_text("operator")
    axe(page)

    page.goto("/admin/audit?action=key.created")
    expect(table).to_contain_text("key.created")
    expect(table).not_to_contain_text(secret)
    _sees_only_her_own(visit(viewport={"width": 390, "height": 844}), axe)


def test_each_page_is_reached_by_its_address(page: Page, axe: Callable[[Page], None]) -> None:
    for address, heading in _PLACES.items():
        page.goto(address)
        expect(page.get_by_role("heading", name=heading, level=1, exact=True)).to_be_visible(timeout=30_000)
        expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=30_000)
        expect(page.get_by_role("alert")).to_have_count(0)
        axe(page)


def test_a_webhook_is_made_edited_and_gets_another_secret(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/workspaces/default/webhooks")
    page.get_by_role("button", name="New webhook").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Address").fill("https://1.1.1.1/hook")
    dialog.get_by_role("button", name="Create").click()
    first = _secret_in(dialog)
    table = page.get_by_role("table", name="Webhooks")

    _ask_of_the_webhook(page, "Edit")
    dialog.get_by_role("checkbox", name="job.started").check()
    dialog.get_by_role("textbox", name="Address").fill("https://1.1.1.1/other")
    axe(page)
    dialog.get_by_role("button", name="Save").click()
    expect(table).to_contain_text("https://1.1.1.1/other")
    expect(table).to_contain_text("job.started")

    _ask_of_the_webhook(page, "New secret")
    dialog.get_by_role("button", name="Make a new one").click()
    assert _secret_in(dialog) != first


def test_a_worker_is_drained(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/admin/workers")
    drain = page.get_by_role("table", name="Workers").get_by_role("button")
    expect(drain).to_have_text("Drain", timeout=30_000)
    axe(page)

    drain.click()
    page.get_by_role("dialog", name="Drain the only worker?").get_by_role("button", name="Drain").click()

    # The last test: jobs would wait from here on.
    expect(page.get_by_text("The worker finishes what it is at and ends.")).to_be_visible()
    expect(drain).to_have_text("Undrain")


def _ask_of_the_webhook(page: Page, what: str) -> None:
    page.get_by_role("button", name="Change https://").click()
    page.get_by_role("menuitem", name=what).click()


def _secret_in(dialog: Locator) -> str:
    field = dialog.get_by_role("textbox", name="Secret")
    expect(field).to_have_value(re.compile("^whsec_"))
    secret = field.input_value()
    dialog.get_by_role("button", name="I have it").click()
    expect(dialog).to_have_count(0)
    return secret


def _create_user(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/admin/users")
    page.get_by_role("button", name="New user").click()
    dialog = page.get_by_role("dialog", name="New user")
    dialog.get_by_label("Name", exact=False).first.fill("ann")
    dialog.get_by_role("textbox", name="Password").fill(_PASSWORD)
    axe(page)
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("table", name="Users").get_by_text("ann", exact=True)).to_be_visible()


def _add_member(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/workspaces/default/members")
    page.get_by_role("combobox", name="User").fill("ann")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add", exact=True).click()
    role = page.get_by_label("Role of ann")
    expect(role).to_have_value("viewer")
    axe(page)
    role.select_option("operator")
    expect(page.get_by_text("ann is an operator now.")).to_be_visible()
    page.reload()
    expect(role).to_have_value("operator")


def _create_key(page: Page, axe: Callable[[Page], None]) -> str:
    page.goto("/account/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=False).first.fill("nightly-upload")
    dialog.get_by_label("Scope").select_option("read")
    dialog.get_by_role("button", name="Create").click()
    secret = dialog.get_by_role("textbox", name="Key").input_value()
    axe(page)
    dialog.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("table", name="API keys")).to_contain_text("nightly-upload")
    expect(page.get_by_text(secret)).to_have_count(0)
    return secret


def _sees_only_her_own(page: Page, axe: Callable[[Page], None]) -> None:
    page.goto("/admin/users")
    page.get_by_role("textbox", name="Name").fill("ann")
    page.get_by_role("textbox", name="Password").fill(_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="This is for others")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_role("table", name="Sessions")).to_contain_text("This one")
    page.goto("/workspaces/default/members")
    expect(page.get_by_role("heading", name="This is for others")).to_be_visible()
