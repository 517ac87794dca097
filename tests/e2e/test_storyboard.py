"""A storyboard in a real browser: its track parser reads the index, a real player shows the pictures."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page

import framemill
from tests.e2e.browsers import chromium, player
from tests.e2e.conftest import make_clip
from tests.e2e.web_server import served

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_PAGE = """<!doctype html><title>player</title>
<media-controller style="width:640px;height:360px">
  <video slot=media id=v muted preload=auto src=film.mp4>
    <track kind=metadata label=thumbnails src=storyboard/storyboard.vtt default>
  </video>
  <media-control-bar><media-time-range></media-time-range></media-control-bar>
</media-controller>"""

_CUES = """() => new Promise(done => {
    const track = document.querySelector('track');
    const read = () => done([...track.track.cues].map(c => [c.startTime, c.endTime, c.text]));
    track.readyState === 2 ? read() : track.addEventListener('load', read);
})"""

_SIZE = """url => new Promise((done, fail) => {
    const image = new Image();
    image.onload = () => done([image.naturalWidth, image.naturalHeight]);
    image.onerror = () => fail(new Error(url));
    image.src = url;
})"""


@pytest.fixture(scope="module", name="page")
def _page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("storyboard")
    film = make_clip(folder / "film.mp4", seconds=8)
    framemill.run(film, framemill.Storyboard(columns=3, rows=2), output=folder / "storyboard")
    (folder / "player.html").write_text(_PAGE)
    with served(folder) as base, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{base}/player.html")
        yield page


def test_every_cue_shows_a_part_of_a_sheet_that_loads(page: Page) -> None:
    cues = page.evaluate(_CUES)

    assert [(start, end) for start, end, _ in cues] == [(n, n + 1) for n in range(8)]
    base = page.url.replace("player.html", "storyboard/storyboard.vtt")
    for _, _, text in cues:
        name, _, place = text.partition("#xywh=")
        x, y, w, h = map(int, place.split(","))
        across, down = page.evaluate(_SIZE, urljoin(base, name))
        assert 0 <= x < x + w <= across
        assert 0 <= y < y + h <= down


def test_media_chrome_previews_the_moment_under_the_pointer(page: Page) -> None:
    page.add_script_tag(path=player("media-chrome"))
    page.wait_for_function("document.getElementById('v').duration > 7", timeout=60_000)
    page.evaluate(_CUES)
    bar = page.locator("media-time-range").bounding_box()
    assert bar is not None

    for share, picture in ((0.2, "sprite_001.jpg"), (0.95, "sprite_002.jpg")):
        page.mouse.move(bar["x"] + bar["width"] * share, bar["y"] + bar["height"] / 2)

        page.wait_for_function(
            """picture => document.querySelector('media-time-range').getAttribute('mediapreviewimage')
                ?.endsWith(`/storyboard/${picture}#xywh=160,0,160,90`)""",
            arg=picture,
            timeout=60_000,
        )
