"""Films come in from an address and are put in order together; pages outlive what a network does to them."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.clips import clip
from tests.e2e.web.site import Site, serving
from tests.servers.origin import Content, Film, Origin

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_SOON_MS = 60_000
# No step of it is one: a second try is not waited for.
_LOST_MS = 20_000


class _File(Content):
    """A file as it is."""

    def __init__(self, path: Path) -> None:
        self._bytes = path.read_bytes()
        super().__init__(len(self._bytes))

    def read(self, start: int, stop: int) -> bytes:
        return self._bytes[start:stop]


def _film(name: str, source: str) -> Path:
    return clip(name, "-f", "lavfi", "-i", f"{source}=duration=4:size=320x180:rate=10", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module", name="origin")
def _origin() -> Iterator[Origin]:
    """A server elsewhere that has a film."""
    with Origin({"/harbour.mp4": Film(content=_File(_film("harbour.mp4", "testsrc2")))}) as origin:
        yield origin


@pytest.fixture(scope="module", name="site")
def _site(origin: Origin, tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site"), {"FRAMEMILL_FETCH_ALLOW": origin.allow}) as site:
        yield site


def test_films_are_imported_moved_and_back_and_deleted_together_at_another_name_of_the_server(
    site: Site, origin: Origin, visit: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    page = visit(base_url=site.url.replace("127.0.0.1", "localhost"))
    page.goto(site.link().replace("127.0.0.1", "localhost"))
    page.goto("/upload")
    page.get_by_label("Import from an address").fill(origin.url("/harbour.mp4"))
    page.get_by_role("button", name="Import").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(_film("pier.mp4", "testsrc"))
    expect(page.get_by_role("region", name="Uploads").get_by_text("Ready", exact=True)).to_be_visible(
        timeout=_SOON_MS
    )
    page.get_by_role("link", name="Watch its job").click()
    expect(page.get_by_text("completed", exact=True).first).to_be_visible(timeout=_SOON_MS)

    page.get_by_role("button", name="Change Default").click()
    page.get_by_role("menuitem", name="New collection").click()
    page.get_by_label("Name").fill("films")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Default").click()
    cards = page.get_by_role("list", name="Videos").get_by_role("listitem")
    for card in (cards.filter(has_text="harbour"), cards.filter(has_text="pier")):
        expect(card.get_by_text("Ready")).to_be_visible(timeout=_SOON_MS)
        expect(card.locator("img").first).to_have_js_property("naturalWidth", 320)

    _select_both(page)
    page.get_by_role("button", name="Move to").click()
    page.get_by_role("menuitem", name="films").click()
    undo = page.get_by_role("alert").get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.get_by_role("link", name="films").click()
    expect(cards).to_have_count(2)
    axe(page)
    undo.click()
    expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()

    page.get_by_role("link", name="uploads").click()
    selected = _select_both(page)
    selected.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 2 videos?")
    dialog.get_by_label("Type how many they are").fill("2")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("2 videos deleted")).to_be_visible()
    expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()


def test_pages_are_live_without_sockets_and_come_back_after_the_network_was_away(
    site: Site, visit: Callable[..., Page], axe: Callable[[Page], None]
) -> None:
    video = site.framemill("upload", "--pipeline", "none", str(_film("quay.mp4", "smptebars"))).split()[0]
    page = visit(forgiven=("ERR_INTERNET_DISCONNECTED", "WebSocket connection"))
    page.route_web_socket("**/ws/jobs", lambda socket: socket.close())
    with page.expect_request(re.compile("/api/v1/events")):
        page.goto(site.link())
    values = json.dumps({"start": "1s", "end": "2s"})
    page.goto(f"/new-job?{urlencode({'video': video, 'operation': 'trim', 'values': values})}")
    with page.expect_request(re.compile("/api/v1/events")):
        page.get_by_text("Takes about").wait_for()
    with page.expect_request(re.compile("/api/v1/jobs/.*/events")):
        page.get_by_role("button", name="Run the job").click()
    expect(page.get_by_text("completed", exact=True).first).to_be_visible(timeout=_SOON_MS)
    expect(page.get_by_role("log")).to_contain_text("completed: 1 results")

    other = page.context.new_page()
    for one, missed in ((page, "yuvtestsrc"), (other, "rgbtestsrc")):
        one.goto("/jobs")
        expect(one.get_by_role("row", name=re.compile("Trim"))).to_be_visible()
        expect(one.get_by_role("status").filter(has_text="econnecting")).to_have_count(0)
        _goes_away_and_comes_back(one, partial(_add, site, missed), axe)


def _goes_away_and_comes_back(page: Page, meanwhile: Callable[[], None], axe: Callable[[Page], None]) -> None:
    status = page.get_by_role("status").filter(has_text="Offline, reconnecting")
    rows = page.get_by_role("table").get_by_role("row")
    before = rows.count()
    page.context.set_offline(True)
    expect(status).to_be_visible(timeout=_LOST_MS)
    expect(rows).to_have_count(before)
    axe(page)
    # Its code is not here yet.
    page.get_by_role("link", name="Admin").click()
    meanwhile()
    page.context.set_offline(False)
    expect(status).to_have_count(0, timeout=_LOST_MS)
    page.get_by_role("heading", name="Overview").wait_for()
    page.go_back()
    expect(rows).to_have_count(before + 1, timeout=_LOST_MS)


def _add(site: Site, source: str) -> None:
    site.framemill("upload", "--pipeline", "proxy", str(_film(f"{source}.mp4", source)))


def _select_both(page: Page) -> Locator:
    page.get_by_role("checkbox", name="Select harbour").check()
    page.get_by_role("button", name="All 2 listed").click()
    expect(page.get_by_text("2 selected")).to_be_visible()
    return page.get_by_role("region", name="Selected videos")
