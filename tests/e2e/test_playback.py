"""What `publish` makes plays, seeks and switches quality in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import framemill
from framemill.planner.pipelines import load_pipeline
from tests.e2e.browsers import chromium, player
from tests.e2e.web_server import served
from tests.media.pulses import make_pulses

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_BLANK = "<!doctype html><title>player</title><video id=v muted width=640></video>"

_START_HLS = """url => new Promise((done, fail) => {
    window.hls = new Hls({startLevel: 0});
    hls.on(Hls.Events.ERROR, (_, e) => e.fatal && fail(new Error(e.details)));
    hls.on(Hls.Events.MANIFEST_PARSED, () => done(hls.levels.map(l => l.height)));
    hls.attachMedia(document.getElementById('v'));
    hls.loadSource(url);
})"""

_START_DASH = """([url, auto]) => new Promise((done, fail) => {
    window.dash = dashjs.MediaPlayer().create();
    dash.updateSettings({streaming: {abr: {autoSwitchBitrate: {video: auto}, initialBitrate: {video: 1}}}});
    dash.on('error', e => fail(new Error(JSON.stringify(e.error))));
    dash.on('streamInitialized', () => done(dash.getRepresentationsByType('video').map(r => r.height)));
    dash.initialize(document.getElementById('v'), url, false);
})"""


@pytest.fixture(scope="module", name="published")
def _published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    clip = make_pulses(folder / "clip.mp4", seconds=20)
    specs = load_pipeline("publish", {"qualities": ["360p", "240p"], "ladder.preset": "ultrafast"})
    framemill.run(clip, *specs, output=folder / "out")
    return folder / "out"


@pytest.fixture(scope="module", name="locked")
def _locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locked")
    clip = make_pulses(folder / "clip.mp4", seconds=12)
    ladder = framemill.Ladder(qualities=("240p",), preset="ultrafast")
    package = framemill.Package(sources=("ladder",), dash=False, encryption="aes-128")
    framemill.run(clip, ladder, package, output=folder / "out")
    return folder / "out"


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def _page_in(folder: Path, browser: Browser) -> Iterator[Page]:
    (folder / "player.html").write_text(_BLANK)
    with served(folder) as base, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{base}/player.html")
        yield page


@pytest.fixture(name="page")
def _page(published: Path, browser: Browser) -> Iterator[Page]:
    with _page_in(published, browser) as page:
        yield page


def test_hls_plays_seeks_and_changes_quality_in_hls_js(page: Page) -> None:
    page.add_script_tag(path=player("hls.js"))

    heights = page.evaluate(_START_HLS, page.url.replace("player.html", "hls/master.m3u8"))

    assert sorted(heights) == [240, 360]
    _play(page)
    for level, height in enumerate(heights):
        page.evaluate("level => { hls.currentLevel = level }", level)
        _reaches(page, f"document.getElementById('v').videoHeight === {height}")
    _seek(page, 15)


def test_an_encrypted_stream_plays_and_seeks_in_hls_js(locked: Path, browser: Browser) -> None:
    with _page_in(locked, browser) as page:
        page.add_script_tag(path=player("hls.js"))

        heights = page.evaluate(_START_HLS, page.url.replace("player.html", "hls/master.m3u8"))

        assert heights == [240]
        _play(page)
        _seek(page, 9)


def test_dash_plays_seeks_and_changes_quality_in_dash_js(page: Page) -> None:
    page.add_script_tag(path=player("dash.js"))

    heights = page.evaluate(_START_DASH, [page.url.replace("player.html", "dash/manifest.mpd"), False])

    assert sorted(heights) == [240, 360]
    _play(page)
    for index, height in enumerate(heights):
        page.evaluate("index => dash.setRepresentationForTypeByIndex('video', index, true)", index)
        _reaches(page, f"document.getElementById('v').videoHeight === {height}")
    _seek(page, 15)


def test_hls_js_adapts_by_itself_to_a_good_connection(page: Page) -> None:
    page.add_script_tag(path=player("hls.js"))

    page.evaluate(_START_HLS, page.url.replace("player.html", "hls/master.m3u8"))

    _play(page)
    _reaches(page, "document.getElementById('v').videoHeight === 360")


def test_dash_js_adapts_by_itself_to_a_good_connection(page: Page) -> None:
    page.add_script_tag(path=player("dash.js"))

    page.evaluate(_START_DASH, [page.url.replace("player.html", "dash/manifest.mpd"), True])

    _play(page)
    _reaches(page, "document.getElementById('v').videoHeight === 360")


def test_the_progressive_file_plays_and_its_end_can_be_reached(page: Page) -> None:
    page.evaluate("document.getElementById('v').src = '360p.mp4'")

    _play(page)
    _seek(page, 19)

    _reaches(page, "document.getElementById('v').ended")


def _play(page: Page) -> None:
    page.evaluate("document.getElementById('v').play()")
    _reaches(page, "document.getElementById('v').currentTime > 0.5")


def _seek(page: Page, seconds: int) -> None:
    page.evaluate(f"document.getElementById('v').currentTime = {seconds}")
    _reaches(page, f"document.getElementById('v').currentTime > {seconds}.3")


def _reaches(page: Page, condition: str) -> None:
    page.wait_for_function(condition, timeout=60_000)
