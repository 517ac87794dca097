from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e.browsers import chromium, player

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture(scope="module", name="page")
def _page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


def test_hls_js_finds_what_it_needs_in_this_browser(page: Page) -> None:
    page.add_script_tag(path=player("hls.js"))

    assert page.evaluate("Hls.isSupported()") is True


def test_dash_js_finds_what_it_needs_in_this_browser(page: Page) -> None:
    page.add_script_tag(path=player("dash.js"))

    assert page.evaluate("dashjs.supportsMediaSource()") is True


def test_this_browser_plays_h264_with_aac(page: Page) -> None:
    asked = "MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.64001f,mp4a.40.2\"')"

    assert page.evaluate(asked) is True
