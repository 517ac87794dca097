"""Films that go between the page and an S3 store: parts straight to it, playback straight from it."""

import secrets
from collections.abc import Callable, Iterator
from urllib.parse import SplitResult, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.clips import clip
from tests.e2e.web.playing import comes
from tests.e2e.web.site import Site, serving
from tests.servers import rgw as rgw_server
from tests.servers.keeping import Server

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_SOON_MS = 60_000
_FILM = (
    *("-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=4", "-c:v", "libx264", "-preset", "ultrafast"),
    *("-pix_fmt", "yuv420p", "-g", "10"),
)
# Whoever waits for a network tries again as soon as it is said to be back.
_HURRY = "setInterval(() => window.dispatchEvent(new Event('online')), 50)"


@pytest.fixture(scope="module", name="site")
def _site(rgw: Server, tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Site]:
    """One that keeps its files in a bucket of its own."""
    bucket = f"t-{secrets.token_hex(6)}"
    rgw_server.client(rgw).create_bucket(Bucket=bucket)
    settings = {
        "FRAMEMILL_STORAGE": "s3",
        "FRAMEMILL_S3_BUCKET": bucket,
        "FRAMEMILL_S3_ENDPOINT": rgw_server.url(rgw),
        "FRAMEMILL_S3_ADDRESSING": "path",
        "FRAMEMILL_S3_ACCESS_KEY": rgw_server.ACCESS_KEY,
        "FRAMEMILL_S3_SECRET_KEY": rgw.password,
    }
    with serving(tmp_path_factory.mktemp("site"), settings) as site:
        site.framemill("workspaces", "edit", "default", "--pipeline", "publish")
        yield site


def test_parts_go_to_the_store_once_it_lets_pages_in_and_films_play_from_it(
    site: Site, rgw: Server, visit: Callable[..., Page]
) -> None:
    store = rgw_server.url(rgw)
    page = visit(forgiven=(store,))
    page.goto(site.link())
    page.goto("/upload")
    tray = page.get_by_role("region", name="Uploads")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    hurry = page.evaluate(_HURRY)
    chooser.value.set_files(clip("quay.mp4", *_FILM))
    expect(tray).to_contain_text(f"framemill storage origins {site.url}", timeout=_SOON_MS)
    page.evaluate("clearInterval", hurry)

    site.framemill("storage", "origins", site.url)
    sent: list[tuple[str, SplitResult]] = []
    page.on("request", lambda request: sent.append((request.method, urlsplit(request.url))))
    tray.get_by_role("button", name="Resume quay.mp4").click()
    expect(tray.get_by_text("Ready", exact=True)).to_be_visible(timeout=_SOON_MS)
    parts = {place.netloc for method, place in sent if method == "PUT"}

    sent.clear()
    tray.get_by_role("link", name="Show the video").click()
    page.get_by_role("button", name="Play the video").click()
    comes(page, "past", 1)
    segments = {place.netloc for _, place in sent if place.path.endswith((".m4s", ".mp4"))}

    assert parts == {urlsplit(store).netloc}
    assert urlsplit(store).netloc in segments
