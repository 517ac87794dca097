"""A private package in a browser: players on another site, with an address and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pydantic import SecretStr

from framemill.api.application import create_app
from framemill.app import App, open_app
from framemill.domain.states import JobState
from framemill.planner.pipelines import load_pipeline
from framemill.services.playback import Form, Playback
from framemill.settings import Settings
from framemill.storage.signing import Signer
from tests.e2e.browsers import chromium, player
from tests.e2e.playing import BLANK, START_DASH, START_HLS, play, reaches, seek
from tests.e2e.web_server import served
from tests.engines import Clock
from tests.media.pulses import make_pulses
from tests.serving import Serving
from tests.shelves import Shelves

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

_SECRET = "a secret of the tests"
_ENOUGH = 4  # HTMLMediaElement.HAVE_ENOUGH_DATA


@dataclass(frozen=True, kw_only=True)
class _Mill:
    """A served installation, with a video that is published and one that is not."""

    app: App
    url: str
    video: str
    other: str


@pytest.fixture(scope="module", name="mill")
def _mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Mill]:
    folder = tmp_path_factory.mktemp("private")
    serving = Serving()
    app = open_app(
        Settings(
            data_dir=folder / "data",
            cache_dir=folder / "cache",
            public_url=serving.url,
            secret_key=SecretStr(_SECRET),
        )
    )
    shelves = Shelves(database=app.database, clock=Clock(), blobs=app.blobs, folder=folder)
    clip = make_pulses(folder / "clip.mp4", seconds=20)
    video, other = shelves.a_video(clip.read_bytes()), shelves.a_video(b"another film")
    specs = load_pipeline("publish", {"qualities": ["360p", "240p"], "ladder.preset": "ultrafast"})
    job = app.run_job(app.video_jobs.submit(specs, video=video.id))
    assert job.job.state is JobState.COMPLETED, job
    with serving.serve(create_app(app)):
        yield _Mill(app=app, url=serving.url, video=video.id, other=other.id)
    app.close()


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(name="page")
def _page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page of another site."""
    (tmp_path / "player.html").write_text(BLANK)
    with served(tmp_path) as base, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{base}/player.html")
        yield page


def test_hls_js_plays_a_private_stream_seeks_and_changes_quality(mill: _Mill, page: Page) -> None:
    page.add_script_tag(path=player("hls.js"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    made = mill.app.playback.stream_url(mill.video)
    heights = page.evaluate(START_HLS, made.url)

    assert made.form is Form.HLS
    assert sorted(heights) == [240, 360]
    play(page)
    for level, height in enumerate(heights):
        page.evaluate("level => { hls.currentLevel = level }", level)
        reaches(page, f"document.getElementById('v').videoHeight === {height}")
    seek(page, 15)
    media = [url for url in asked if url.startswith(mill.url)]
    assert len(media) > 3
    assert all(url.startswith(made.url.removesuffix("master.m3u8")) for url in media)


def test_dash_js_plays_a_private_stream_seeks_and_changes_quality(mill: _Mill, page: Page) -> None:
    page.add_script_tag(path=player("dash.js"))

    made = mill.app.playback.stream_url(mill.video, form=Form.DASH)
    heights = page.evaluate(START_DASH, [made.url, False])

    assert sorted(heights) == [240, 360]
    play(page)
    for index, height in enumerate(heights):
        page.evaluate("index => dash.setRepresentationForTypeByIndex('video', index, true)", index)
        reaches(page, f"document.getElementById('v').videoHeight === {height}")
    seek(page, 15)


@pytest.mark.parametrize("form", [Form.FILE, Form.ORIGINAL])
def test_a_file_plays_by_ranges_and_its_end_can_be_reached(mill: _Mill, page: Page, form: Form) -> None:
    url = mill.app.playback.stream_url(mill.video, form=form).url

    page.evaluate("url => { document.getElementById('v').src = url }", url)

    play(page)
    seek(page, 19)
    reaches(page, "document.getElementById('v').ended")


def test_a_file_that_is_opened_by_itself_shows_in_its_sandbox(mill: _Mill, page: Page) -> None:
    page.goto(mill.app.playback.stream_url(mill.video, form=Form.FILE).url)

    # No script may run there, so none can wait in the page.
    for _ in range(600):
        if page.evaluate("document.querySelector('video').readyState") == _ENOUGH:
            return
        page.wait_for_timeout(100)
    pytest.fail("the film does not load")


@pytest.mark.parametrize(("kind", "status"), [("tampered", 403), ("foreign", 403), ("expired", 410)])
def test_hls_js_is_told_why_it_may_not_play(mill: _Mill, page: Page, kind: str, status: int) -> None:
    page.add_script_tag(path=player("hls.js"))

    told = page.evaluate(
        """url => new Promise(done => {
            const hls = new Hls();
            hls.on(Hls.Events.ERROR, (_, e) => done([e.details, e.response.code]));
            hls.attachMedia(document.getElementById('v'));
            hls.loadSource(url);
        })""",
        _bad(mill, kind),
    )

    assert told == ["manifestLoadError", status]


def _bad(mill: _Mill, kind: str) -> str:
    url = mill.app.playback.stream_url(mill.video).url
    token = url.split("/")[4]
    if kind == "tampered":
        return url.replace(token, token[:20] + ("A" if token[20] != "A" else "B") + token[21:])
    if kind == "foreign":
        return url.replace(token, mill.app.playback.stream_url(mill.other).url.split("/")[4])
    past = Signer([_SECRET], now=lambda: datetime.now(UTC) - timedelta(hours=2))
    return Playback(mill.app.database, past, public_url=mill.url).stream_url(mill.video).url
