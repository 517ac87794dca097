"""Bringing films in and finding them again: once, a second time, and over a network that breaks."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.clips import clip
from tests.e2e.web.site import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
_SOON_MS = 60_000


def _film() -> Path:
    picture = ("-f", "lavfi", "-i", "testsrc2=duration=1:size=320x180:rate=10", "-pix_fmt", "yuv420p")
    return clip("harbour.mp4", *picture)


def _large_film() -> Path:
    # More than one part of the usual 10 MiB, and quick to make and to read.
    picture = ("-f", "lavfi", "-i", "testsrc2=duration=1:size=640x480:rate=25", "-pix_fmt", "yuv420p")
    return clip("pier.avi", *picture, "-c:v", "rawvideo")


def _choose(page: Page, button: str, film: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    chooser.value.set_files(film)


def test_a_chosen_file_becomes_a_video_once_and_can_be_found_and_deleted(
    site: Site, page: Page, axe: Callable[[Page], None]
) -> None:
    expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()
    page.get_by_role("link", name="Upload", exact=True).click()
    expect(page.get_by_role("combobox", name="Collection")).to_have_value("uploads")
    page.get_by_label("Notes").fill("seen from the pier")
    axe(page)
    _choose(page, "Choose files", _film())

    tray = page.get_by_role("region", name="Uploads")
    page.get_by_role("link", name="To the videos").click()
    expect(tray.get_by_text("Ready", exact=True)).to_be_visible(timeout=_SOON_MS)
    card = page.get_by_role("list", name="Videos").get_by_role("listitem")
    expect(card.get_by_text("Ready")).to_be_visible(timeout=_SOON_MS)
    expect(card.get_by_text("0:01")).to_be_visible()
    poster = card.locator("img").first
    expect(poster).to_have_js_property("naturalWidth", 320)
    axe(page)

    page.goto("/upload")
    _choose(page, "Choose files", _film())
    tray.get_by_role("link", name="Show the video that is here").click()
    expect(page).to_have_url(re.compile(r"/videos/[0-9a-f-]{36}$"))

    page.goto("/videos?view=table")
    page.get_by_label("Search videos").fill("nobody wrote this")
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/videos?view=table&text=nobody+wrote+this")
    page.get_by_label("Search videos").fill("FROM THE PIER")
    page.get_by_role("checkbox", name="Select harbour").check()
    axe(page)
    page.get_by_role("region", name="Selected videos").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this video?")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_label("Type its title").fill("harbour")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()


def test_an_upload_outlives_a_dropped_network_and_a_reload(site: Site, browser: Browser) -> None:
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(site.link())
    held: list[Route] = []
    sent: list[str] = []

    def gate(route: Route) -> None:
        if sent:
            held.append(route)
        else:
            sent.append(route.request.url)
            route.continue_()

    page.route("**/storage/parts/**", gate)
    page.get_by_role("link", name="Upload", exact=True).click()
    with page.expect_response("**/storage/parts/**"):
        _choose(page, "Choose files", _large_film())
    tray = page.get_by_role("region", name="Uploads")
    expect(tray.get_by_text("Uploading")).to_be_visible()
    page.wait_for_function("() => true")
    assert len(held) == 1

    context.set_offline(True)
    held.pop().abort("internetdisconnected")
    expect(tray.get_by_text("waiting for the network")).to_be_visible()
    with page.expect_request("**/storage/parts/**"):
        context.set_offline(False)

    page.reload()
    expect(tray.get_by_text("Choose the same file again to go on")).to_be_visible()
    page.unroute("**/storage/parts/**")
    again: list[str] = []
    page.on(
        "request", lambda request: again.append(request.url) if "/storage/parts/" in request.url else None
    )
    _choose(page, "Choose pier.avi again", _large_film())
    tray.get_by_role("link", name="Show the video").wait_for(timeout=_SOON_MS)
    context.close()

    assert len(again) == 1
