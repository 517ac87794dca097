"""What `publish` makes plays, seeks and switches quality in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import framemill
from framemill.planner.pipelines import load_pipeline
from tests.e2e.browsers import chromium, player
from tests.e2e.playing import BLANK, START_DASH, START_HLS, play, reaches, seek
from tests.e2e.web_server import served
from tests.media.pulses import make_pulses

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


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
    (folder / "player.html").write_text(BLANK)
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

    heights = page.evaluate(START_HLS, page.url.replace("player.html", "hls/master.m3u8"))

    assert sorted(heights) == [240, 360]
    play(page)
    for level, height in enumerate(heights):
        page.evaluate("level => { hls.currentLevel = level }", level)
        reaches(page, f"document.getElementById('v').videoHeight === {height}")
    seek(page, 15)


def test_an_encrypted_stream_plays_and_seeks_in_hls_js(locked: Path, browser: Browser) -> None:
    with _page_in(locked, browser) as page:
        page.add_script_tag(path=player("hls.js"))

        heights = page.evaluate(START_HLS, page.url.replace("player.html", "hls/master.m3u8"))

        assert heights == [240]
        play(page)
        seek(page, 9)


def test_dash_plays_seeks_and_changes_quality_in_dash_js(page: Page) -> None:
    page.add_script_tag(path=player("dash.js"))

    heights = page.evaluate(START_DASH, [page.url.replace("player.html", "dash/manifest.mpd"), False])

    assert sorted(heights) == [240, 360]
    play(page)
    for index, height in enumerate(heights):
        page.evaluate("index => dash.setRepresentationForTypeByIndex('video', index, true)", index)
        reaches(page, f"document.getElementById('v').videoHeight === {height}")
    seek(page, 15)


def test_hls_js_adapts_by_itself_to_a_good_connection(page: Page) -> None:
    page.add_script_tag(path=player("hls.js"))

    page.evaluate(START_HLS, page.url.replace("player.html", "hls/master.m3u8"))

    play(page)
    reaches(page, "document.getElementById('v').videoHeight === 360")


def test_dash_js_adapts_by_itself_to_a_good_connection(page: Page) -> None:
    page.add_script_tag(path=player("dash.js"))

    page.evaluate(START_DASH, [page.url.replace("player.html", "dash/manifest.mpd"), True])

    play(page)
    reaches(page, "document.getElementById('v').videoHeight === 360")


def test_the_progressive_file_plays_and_its_end_can_be_reached(page: Page) -> None:
    page.evaluate("document.getElementById('v').src = '360p.mp4'")

    play(page)
    seek(page, 19)

    reaches(page, "document.getElementById('v').ended")
